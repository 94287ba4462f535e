//! A mail server that stores the mails it gets (the parts of RFC 5321 that senders use).
use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use mailparse::{MailHeaderMap as _, ParsedMail};

/// How long to wait for a mail. Only a missing mail takes this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A mail server on this host. It accepts all mails, unless a test sets something else.
#[derive(Debug)]
pub struct MailServer {
    /// The address that it listens on.
    pub address: SocketAddr,
    inbox: Arc<Inbox>,
}

#[derive(Debug, Default)]
struct Inbox {
    mails: Mutex<VecDeque<Mail>>,
    came: Condvar,
    /// The answer with which mails are refused.
    refusal: Mutex<Option<String>>,
    /// After how many more mails the connection is closed without an answer.
    unanswered: Mutex<usize>,
    /// The commands by which senders authenticated.
    logins: Mutex<Vec<String>>,
}

/// A received mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The recipient of the envelope.
    pub to: String,
    /// The header `Message-ID`.
    pub message_id: String,
    /// The header `From`.
    pub from: String,
    /// The subject.
    pub subject: String,
    /// The part in plain text.
    pub text: String,
    /// The part in HTML.
    pub html: String,
    /// The raw mail.
    pub raw: String,
}

impl MailServer {
    /// Starts a server on a free port.
    pub fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap())
    }

    /// Starts a server at an address that senders know already.
    pub fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let inbox = Arc::<Inbox>::default();
        let taken = Arc::clone(&inbox);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = Arc::clone(&taken);
                std::thread::spawn(move || converse(&stream, &taken));
            }
        });
        Self { address, inbox }
    }

    /// Sets the answer with which mails are refused; `None` accepts them.
    pub fn refuse(&self, answer: Option<&str>) {
        *self.inbox.refusal.lock().unwrap() = answer.map(str::to_owned);
    }

    /// Accepts so many mails, but closes the connection after each of them without an answer.
    pub fn close_after_mails(&self, times: usize) {
        *self.inbox.unanswered.lock().unwrap() = times;
    }

    /// The commands by which senders authenticated, oldest first.
    pub fn logins(&self) -> Vec<String> {
        self.inbox.logins.lock().unwrap().clone()
    }

    /// Takes all new mails, oldest first.
    pub fn take(&self) -> Vec<Mail> {
        self.inbox.mails.lock().unwrap().drain(..).collect()
    }

    /// Waits for the next mail to this address.
    pub fn next_to(&self, address: &str) -> Option<Mail> {
        let is_theirs = |mail: &Mail| mail.to.eq_ignore_ascii_case(address);
        let mails = self.inbox.mails.lock().unwrap();
        let lacks = |mails: &mut VecDeque<Mail>| !mails.iter().any(is_theirs);
        let (mut mails, _) = self.inbox.came.wait_timeout_while(mails, PATIENCE, lacks).unwrap();
        let place = mails.iter().position(is_theirs)?;
        mails.remove(place)
    }
}

/// Serves one connection; any error ends it.
fn converse(stream: &TcpStream, inbox: &Inbox) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let say = |text: &str| (&*stream).write_all(format!("{text}\r\n").as_bytes()).ok();
    say("220 mail")?;
    let mut to = String::new();
    loop {
        let line = line(&mut reader)?;
        match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
            "RCPT" => {
                line.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
                say("250 ok")?;
            }
            "DATA" => {
                say("354 go on")?;
                let raw = content(&mut reader)?;
                let refusal = inbox.refusal.lock().unwrap().clone();
                if refusal.is_none() {
                    inbox.mails.lock().unwrap().push_back(read(to.clone(), raw));
                    inbox.came.notify_all();
                }
                let unanswered = std::mem::take(&mut *inbox.unanswered.lock().unwrap());
                if unanswered > 0 {
                    *inbox.unanswered.lock().unwrap() = unanswered - 1;
                    return None;
                }
                say(refusal.as_deref().unwrap_or("250 taken"))?;
            }
            "AUTH" => {
                inbox.logins.lock().unwrap().push(line.trim_end().to_owned());
                say("235 welcome")?;
            }
            "EHLO" => {
                say("250-mail")?;
                say("250 AUTH PLAIN")?;
            }
            "QUIT" => return say("221 bye"),
            _ => say("250 ok")?,
        }
    }
}

fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    match reader.read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line),
    }
}

/// Reads up to the line with only a dot.
fn content(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut raw = String::new();
    loop {
        let line = line(reader)?;
        if line == ".\r\n" {
            return Some(raw);
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

fn read(to: String, raw: String) -> Mail {
    let parsed = mailparse::parse_mail(raw.as_bytes()).unwrap();
    let header = |name: &str| parsed.headers.get_first_value(name).unwrap_or_default();
    let part = |of: &str| part(&parsed, of).unwrap_or_default();
    Mail {
        to,
        message_id: header("Message-ID"),
        from: header("From"),
        subject: header("Subject"),
        text: part("text/plain"),
        html: part("text/html"),
        raw,
    }
}

fn part(mail: &ParsedMail<'_>, mime_type: &str) -> Option<String> {
    if mail.ctype.mimetype == mime_type {
        return mail.get_body().ok();
    }
    mail.subparts.iter().find_map(|inner| part(inner, mime_type))
}
