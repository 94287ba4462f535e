//! HTTP/1.1 without a library: paths are sent as written, answers are returned unchanged.
use std::{
    io::{self, BufRead as _, BufReader, Read, Write as _},
    net::TcpStream,
};

use serde_json::Value;

/// A message's head and body, either way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    /// `GET /path HTTP/1.1` or `HTTP/1.1 200 OK`.
    pub(crate) start: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// A request to be sent.
    pub(crate) fn request(method: &str, path: &str) -> Self {
        Self { start: format!("{method} {path} HTTP/1.1"), ..Self::default() }
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn with_json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        if self.header("Content-Type").is_none() { self.with_header("Content-Type", "application/json") } else { self }
    }

    /// The n-th word of the first line.
    pub(crate) fn word(&self, n: usize) -> &str {
        self.start.split(' ').nth(n).unwrap_or_default()
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> u64 {
        self.word(1).parse().unwrap()
    }

    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.all_headers(name).next()
    }

    pub(crate) fn all_headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Sends a request to `host:port` and reads the answer.
    pub(crate) fn send(&self, address: &str) -> io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        let hop_by_hop = ["host", "connection", "content-length"];
        let mut head = format!("{}\r\nHost: {address}\r\nConnection: close\r\n", self.start);
        for (name, value) in self.headers.iter().filter(|(name, _)| !hop_by_hop.contains(&name.to_lowercase().as_str()))
        {
            head += &format!("{name}: {value}\r\n");
        }
        if !self.body.is_empty() || ["POST", "PUT", "PATCH"].contains(&self.word(0)) {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        stream.write_all(&self.body)?;
        Self::read(&mut BufReader::new(stream), true)
    }

    /// Writes an answer after which the connection is closed.
    pub(crate) fn write_answer(&self, stream: &mut TcpStream) -> io::Result<()> {
        let framing = ["connection", "content-length", "transfer-encoding"];
        let mut head = format!("{}\r\nConnection: close\r\nContent-Length: {}\r\n", self.start, self.body.len());
        for (name, value) in self.headers.iter().filter(|(name, _)| !framing.contains(&name.to_lowercase().as_str())) {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes())?;
        stream.write_all(&self.body)
    }

    /// Reads a message; the body of an answer without a length goes to the end of the connection.
    pub(crate) fn read(reader: &mut BufReader<TcpStream>, is_answer: bool) -> io::Result<Self> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let mut lines = lines.into_iter();
        let start = lines.next().ok_or(io::ErrorKind::UnexpectedEof)?;
        let headers =
            lines.filter_map(|line| Some(line.split_once(':')?).map(|(n, v)| (n.to_owned(), v.trim().to_owned())));
        let mut message = Self { start, headers: headers.collect(), body: Vec::new() };
        let length = message.header("Content-Length").and_then(|length| length.parse().ok());
        assert!(message.header("Transfer-Encoding").is_none(), "chunked bodies are not read here");
        match length {
            Some(length) => reader.take(length).read_to_end(&mut message.body)?,
            None if is_answer && !["204", "304"].contains(&message.word(1)) => reader.read_to_end(&mut message.body)?,
            None => 0,
        };
        Ok(message)
    }
}
