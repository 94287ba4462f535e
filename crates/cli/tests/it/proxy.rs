//! A proxy that records requests and their answers.
use std::{
    io::{BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use crate::http::Message;

/// A request and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) request: Message,
    pub(crate) answer: Message,
}

impl Exchange {
    pub(crate) fn method(&self) -> &str {
        self.request.word(0)
    }

    pub(crate) fn path(&self) -> &str {
        self.request.word(1)
    }
}

const TOO_MANY: &str = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nConnection: close\r\n\
    Content-Length: 31\r\n\r\n{\"message\":\"You are too fast.\"}";

const TOO_LONG: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n\
    Content-Length: 50\r\n\r\n{\"message\":\"The list is too long for one answer.\"}";

/// What a proxy passes on; it refuses the others.
#[derive(Clone, Copy)]
enum Passes {
    /// The first requests, so many of them.
    First(usize),
    /// Lists only in pages.
    Pages,
}

/// Listens for as long as the test runs.
pub(crate) struct Proxy {
    /// `127.0.0.1:<port>`.
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<Exchange>>>,
}

impl Proxy {
    /// Passes everything on to the server at this address.
    pub(crate) fn start(server: &str) -> Self {
        Self::start_with(server, Passes::First(usize::MAX))
    }

    /// Passes this many requests on; the others are too many.
    pub(crate) fn limited(server: &str, most: usize) -> Self {
        Self::start_with(server, Passes::First(most))
    }

    /// Refuses lists of users and of tokens for which no limit is asked, as if they were too long for one answer.
    pub(crate) fn of_long_lists(server: &str) -> Self {
        Self::start_with(server, Passes::Pages)
    }

    fn start_with(server: &str, passes: Passes) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (server, log) = (server.to_owned(), Arc::clone(&seen));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (server, log) = (server.clone(), Arc::clone(&log));
                thread::spawn(move || pass_on(stream, &server, &log, passes));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The exchanges since the last call.
    pub(crate) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

/// The exchange is recorded before the answer is sent: a client that has the answer finds it here.
fn pass_on(mut stream: TcpStream, server: &str, log: &Mutex<Vec<Exchange>>, passes: Passes) {
    let Ok(request) = Message::read(&mut BufReader::new(stream.try_clone().unwrap()), false) else { return };
    let path = request.word(1);
    let is_whole_list = ["/users?", "/keys/tokens?"].iter().any(|list| path.contains(list)) && !path.contains("limit=");
    let refusal = match passes {
        Passes::First(most) if log.lock().unwrap().len() >= most => Some(TOO_MANY),
        Passes::Pages if is_whole_list => Some(TOO_LONG),
        Passes::First(_) | Passes::Pages => None,
    };
    if let Some(refusal) = refusal {
        let _gone = stream.write_all(refusal.as_bytes());
        return;
    }
    let answer = request.send(server).unwrap();
    log.lock().unwrap().push(Exchange { request, answer: answer.clone() });
    let _gone = answer.write_answer(&mut stream);
}
