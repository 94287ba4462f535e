//! A mail server that stores the mails it gets (the parts of RFC 5321 that senders use).
use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use mailparse::{MailHeaderMap as _, ParsedMail};

use crate::tls::{Encrypted, ServerTls};

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
    /// The recipients of all mails that were handed over, whether they were accepted or not.
    tries: Mutex<Vec<String>>,
    /// The recipient whose mails alone are refused, and the answer.
    refused_recipient: Mutex<Option<(String, String)>>,
}

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailEncryption {
    /// From its first byte on.
    Wrapper,
    /// When the sender asks for it with STARTTLS.
    StartTls,
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
        Self::start_as(address, None)
    }

    /// Starts a server that encrypts its connections.
    pub fn start_encrypted(when: MailEncryption, tls: &ServerTls) -> Self {
        Self::start_as("127.0.0.1:0".parse().unwrap(), Some((when, tls.clone())))
    }

    fn start_as(address: SocketAddr, tls: Option<(MailEncryption, ServerTls)>) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let inbox = Arc::<Inbox>::default();
        let taken = Arc::clone(&inbox);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (taken, tls) = (Arc::clone(&taken), tls.clone());
                std::thread::spawn(move || serve(stream, &taken, tls.as_ref()));
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

    /// Refuses mails to this address alone, with this answer.
    pub fn refuse_to(&self, address: &str, answer: &str) {
        *self.inbox.refused_recipient.lock().unwrap() = Some((address.to_owned(), answer.to_owned()));
    }

    /// How many mails to this address were handed over so far, whether they were accepted or not.
    pub fn tries_to(&self, address: &str) -> usize {
        self.inbox.tries.lock().unwrap().iter().filter(|to| *to == address).count()
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
fn serve(stream: TcpStream, inbox: &Inbox, tls: Option<&(MailEncryption, ServerTls)>) -> Option<()> {
    match tls {
        None => {
            Conversation::greet(stream, inbox)?.go_on(false)?;
        }
        Some((MailEncryption::Wrapper, tls)) => {
            Conversation::greet(tls.accept(stream), inbox)?.go_on(false)?;
        }
        Some((MailEncryption::StartTls, tls)) => {
            let stream = Conversation::greet(stream, inbox)?.go_on(true)?;
            let encrypted: Encrypted = tls.accept(stream);
            Conversation { reader: BufReader::new(encrypted), inbox }.go_on(false)?;
        }
    }
    Some(())
}

struct Conversation<'a, S> {
    reader: BufReader<S>,
    inbox: &'a Inbox,
}

impl<'a, S: Read + Write> Conversation<'a, S> {
    fn greet(stream: S, inbox: &'a Inbox) -> Option<Self> {
        let mut conversation = Self { reader: BufReader::new(stream), inbox };
        conversation.say("220 mail")?;
        Some(conversation)
    }

    fn say(&mut self, text: &str) -> Option<()> {
        let stream = self.reader.get_mut();
        stream.write_all(format!("{text}\r\n").as_bytes()).ok()?;
        stream.flush().ok()
    }

    /// Converses until the sender leaves. A connection that is to be encrypted is returned.
    fn go_on(mut self, offers_tls: bool) -> Option<S> {
        let mut to = String::new();
        loop {
            let line = self.line()?;
            match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
                "RCPT" => {
                    line.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
                    self.say("250 ok")?;
                }
                "DATA" => self.take(&to)?,
                "AUTH" => {
                    self.inbox.logins.lock().unwrap().push(line.trim_end().to_owned());
                    self.say("235 welcome")?;
                }
                "EHLO" => {
                    self.say("250-mail")?;
                    if offers_tls {
                        self.say("250-STARTTLS")?;
                    }
                    self.say("250 AUTH PLAIN")?;
                }
                "STAR" if offers_tls => {
                    self.say("220 go on")?;
                    return Some(self.reader.into_inner());
                }
                "QUIT" => {
                    self.say("221 bye")?;
                    return None;
                }
                _ => self.say("250 ok")?,
            }
        }
    }

    fn take(&mut self, to: &str) -> Option<()> {
        self.say("354 go on")?;
        let raw = self.content()?;
        let inbox = self.inbox;
        inbox.tries.lock().unwrap().push(to.to_owned());
        let refused_recipient = inbox.refused_recipient.lock().unwrap().clone();
        let refusal = refused_recipient.filter(|(address, _)| address == to).map(|(_, answer)| answer);
        let refusal = refusal.or_else(|| inbox.refusal.lock().unwrap().clone());
        if refusal.is_none() {
            inbox.mails.lock().unwrap().push_back(read(to.to_owned(), raw));
            inbox.came.notify_all();
        }
        let unanswered = std::mem::take(&mut *inbox.unanswered.lock().unwrap());
        if unanswered > 0 {
            *inbox.unanswered.lock().unwrap() = unanswered - 1;
            return None;
        }
        self.say(refusal.as_deref().unwrap_or("250 taken"))
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line),
        }
    }

    /// Reads up to the line with only a dot.
    fn content(&mut self) -> Option<String> {
        let mut raw = String::new();
        loop {
            let line = self.line()?;
            if line == ".\r\n" {
                return Some(raw);
            }
            raw.push_str(line.strip_prefix('.').unwrap_or(&line));
        }
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
