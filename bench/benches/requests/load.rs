//! A load of equal requests on a few connections that stay open.
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

/// How many connections there are: each has one request under way.
const CONNECTIONS: usize = 16;
/// A clock tick of Linux in `/proc`, in microseconds.
const TICK: f64 = 10_000.0;

/// Requests to a server, and the process that answers them.
pub(crate) struct Load {
    address: String,
    request: Vec<u8>,
    process: u32,
}

/// What a request costs.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// How many are answered in a second.
    pub(crate) per_second: f64,
    /// The processor time of the server for each, in microseconds.
    pub(crate) microseconds: f64,
}

impl Load {
    pub(crate) fn new(address: &str, key: &str, method: &str, path: &str, body: &str, process: u32) -> Self {
        let key = if key.is_empty() { String::new() } else { format!("Coder-Session-Token: {key}\r\n") };
        let length = body.len();
        let content = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
        let content = if body.is_empty() { "\r\n".to_owned() } else { content };
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{key}{content}").into_bytes();
        Self { address: address.to_owned(), request, process }
    }

    /// Sends as many as are answered in this time.
    pub(crate) fn run(&self, time: Duration) -> Cost {
        let connect = |_| {
            let stream = TcpStream::connect(&self.address).unwrap();
            stream.set_nodelay(true).unwrap();
            stream
        };
        let mut connections: Vec<TcpStream> = (0..CONNECTIONS).map(connect).collect();
        let mut buffer = vec![0; 64 * 1024];
        let length = self.answer(&mut connections[0], &mut buffer).len();
        let (begun, used) = (Instant::now(), self.processor_time());
        let mut answered = 0_u32;
        while begun.elapsed() < time {
            for connection in &mut connections {
                connection.write_all(&self.request).unwrap();
            }
            for connection in &mut connections {
                connection.read_exact(&mut buffer[..length]).unwrap();
                assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..length]));
                answered += 1;
            }
        }
        let seconds = begun.elapsed().as_secs_f64();
        let answered = f64::from(answered);
        Cost { per_second: answered / seconds, microseconds: (self.processor_time() - used) / answered }
    }

    /// The whole answer to one request, with its head. Answers to equal requests are equally long.
    fn answer<'a>(&self, connection: &mut TcpStream, buffer: &'a mut [u8]) -> &'a [u8] {
        connection.write_all(&self.request).unwrap();
        let mut filled = 0;
        loop {
            let read = connection.read(&mut buffer[filled..]).unwrap();
            assert_ne!(read, 0, "the server hung up");
            filled += read;
            let text = String::from_utf8_lossy(&buffer[..filled]).to_ascii_lowercase();
            let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.split_once("content-length: ").map(|(_, rest)| rest.lines().next().unwrap_or_default());
            // An answer without a body (204) has none.
            let length: usize = length.map_or(0, |length| length.trim().parse().expect("a length"));
            if filled >= head.len() + 4 + length {
                return &buffer[..filled];
            }
        }
    }

    /// The processor time of the server so far, in microseconds.
    fn processor_time(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/stat", self.process)).unwrap();
        let (_, fields) = status.rsplit_once(')').unwrap();
        let ticks = |place: usize| fields.split_whitespace().nth(place).unwrap().parse::<f64>().unwrap();
        (ticks(11) + ticks(12)) * TICK
    }
}

/// A client that sends one request after the other, on one connection.
pub(crate) struct Client {
    address: String,
    key: String,
    connection: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) fn new(address: &str, key: &str) -> Self {
        let connection = TcpStream::connect(address).unwrap();
        connection.set_nodelay(true).unwrap();
        Self { address: address.to_owned(), key: key.to_owned(), connection, buffer: vec![0; 64 * 1024] }
    }

    /// Sends a request, which must be successful; gives the body of the answer.
    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) -> String {
        let load = Load::new(&self.address, &self.key, method, path, body, 0);
        let answer = String::from_utf8_lossy(load.answer(&mut self.connection, &mut self.buffer));
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

/// The body of the answer to one request.
pub(crate) fn once(load: &Load) -> String {
    let mut buffer = vec![0; 64 * 1024];
    let mut connection = TcpStream::connect(&load.address).unwrap();
    let answer = String::from_utf8(load.answer(&mut connection, &mut buffer).to_vec()).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}
