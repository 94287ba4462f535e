//! A server that gives one prepared answer and keeps the requests.
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use keyfob_client::Client;

/// The key that clients of these tests use.
pub(crate) const KEY: &str = "aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb";

/// A running server; every request gets the same answer.
pub(crate) struct Canned {
    pub(crate) url: String,
    requests: Receiver<String>,
}

impl Canned {
    /// Answers with this status line and these headers, and with this body.
    pub(crate) fn new(head: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                answer(stream.unwrap(), head, body, &seen);
            }
        });
        Self { url, requests }
    }

    /// Answers with this JSON.
    pub(crate) fn json(body: &'static str) -> Self {
        Self::new("200 OK\r\nContent-Type: application/json; charset=utf-8", body)
    }

    pub(crate) fn client(&self) -> Client {
        Client::builder(&self.url).session_token(keyfob_client::api::secret::SecretText::new(KEY)).build().unwrap()
    }

    /// The oldest request that no test has taken yet: its head and its body.
    pub(crate) fn request(&self) -> String {
        self.requests.try_recv().unwrap()
    }
}

fn answer(mut stream: TcpStream, head: &str, body: &str, seen: &Sender<String>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut request, mut length) = (String::new(), 0);
    while !request.ends_with("\r\n\r\n") {
        let start = request.len();
        reader.read_line(&mut request).unwrap();
        if let Some(value) = request[start..].to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.take(length).read_to_string(&mut request).unwrap();
    // The request is kept before it is answered, so that a test that has the answer finds it.
    seen.send(request).unwrap();
    let length = body.len();
    write!(stream, "HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
}
