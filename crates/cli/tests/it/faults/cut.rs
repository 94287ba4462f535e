//! A network to a PostgreSQL server that can be cut, fall silent, or lead to another.
use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

/// What the network does.
const WORKS: u8 = 0;
const IS_CUT: u8 = 1;
const IS_SILENT: u8 = 2;

/// How often a silent connection looks whether it works again.
const PAUSE: Duration = Duration::from_millis(5);

/// A listener that passes everything on to a server.
pub(super) struct Network {
    url: String,
    state: Arc<State>,
}

struct State {
    mode: AtomicU8,
    /// Where it leads to.
    server: Mutex<String>,
    open: Mutex<Vec<TcpStream>>,
}

impl Network {
    /// A network to this database.
    pub(super) fn to(database: &str) -> Self {
        let (scheme, rest) = database.split_once("://").unwrap();
        let (authority, path) = rest.split_once('/').unwrap();
        let (user, server) = authority.rsplit_once('@').map_or(("", authority), |(user, at)| (user, at));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let user = if user.is_empty() { String::new() } else { format!("{user}@") };
        let server = Mutex::new(server.to_owned());
        let state = Arc::new(State { mode: AtomicU8::new(WORKS), server, open: Mutex::default() });
        let of = Arc::clone(&state);
        thread::spawn(move || serve(&listener, &of));
        Self { url: format!("{scheme}://{user}{address}/{path}"), state }
    }

    /// The address of the database through it.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Ends all connections, and takes no others.
    pub(super) fn cut(&self) {
        self.state.mode.store(IS_CUT, Ordering::SeqCst);
        for stream in self.state.open.lock().unwrap().drain(..) {
            let _ended = stream.shutdown(Shutdown::Both);
        }
    }

    /// Ends all connections, and leads to this server from now on.
    pub(super) fn lead_to(&self, server: &str) {
        self.cut();
        server.clone_into(&mut self.state.server.lock().unwrap());
        self.mend();
    }

    /// Lets nothing through, and ends nothing.
    pub(super) fn silence(&self) {
        self.state.mode.store(IS_SILENT, Ordering::SeqCst);
    }

    /// Works again.
    pub(super) fn mend(&self) {
        self.state.mode.store(WORKS, Ordering::SeqCst);
    }
}

fn serve(listener: &TcpListener, state: &Arc<State>) {
    for client in listener.incoming().map_while(Result::ok) {
        if state.mode.load(Ordering::SeqCst) == IS_CUT {
            continue;
        }
        let to = state.server.lock().unwrap().clone();
        let Ok(server) = TcpStream::connect(to) else { continue };
        for (from, to) in [(&client, &server), (&server, &client)] {
            state.open.lock().unwrap().push(from.try_clone().unwrap());
            let (from, to, state) = (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(state));
            thread::spawn(move || pass(from, to, &state));
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, state: &State) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        while state.mode.load(Ordering::SeqCst) == IS_SILENT {
            super::pass(PAUSE);
        }
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ended = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
