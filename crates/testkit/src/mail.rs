//! A mail server that keeps what it is sent (RFC 5321, as much of it as senders of mails use).
use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use mailparse::{MailHeaderMap as _, ParsedMail};

/// Longer than a mail ever takes; only one that does not come gets here.
const PATIENCE: Duration = Duration::from_mins(1);

/// A mail server on this machine. It takes everything, unless told otherwise.
#[derive(Debug)]
pub struct MailServer {
    /// Where it listens.
    pub address: SocketAddr,
    inbox: Arc<Inbox>,
}

#[derive(Debug, Default)]
struct Inbox {
    mails: Mutex<VecDeque<Mail>>,
    came: Condvar,
    /// What is answered in place of taking a mail.
    refusal: Mutex<Option<String>>,
    /// How many mails are taken without saying so.
    unheard: Mutex<usize>,
    /// The lines by which senders signed in.
    logins: Mutex<Vec<String>>,
}

/// A mail as it came.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Whom the sender named to the server.
    pub to: String,
    /// The mail's own name.
    pub message_id: String,
    /// Who it says that it comes from.
    pub from: String,
    /// What it is about.
    pub subject: String,
    /// The part that is plain text.
    pub text: String,
    /// The part that is HTML.
    pub html: String,
    /// All of it, as it was sent.
    pub raw: String,
}

impl MailServer {
    /// A server on a free port.
    pub fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap())
    }

    /// A server where senders already look for one.
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

    /// From now on this is answered when a mail was sent, and the mail is not taken; none takes it.
    pub fn refuse(&self, answer: Option<&str>) {
        *self.inbox.refusal.lock().unwrap() = answer.map(str::to_owned);
    }

    /// The connection is lost after each of the next so many mails, when it was taken and nothing was said yet.
    pub fn lose(&self, times: usize) {
        *self.inbox.unheard.lock().unwrap() = times;
    }

    /// The lines by which senders signed in, the oldest first.
    pub fn logins(&self) -> Vec<String> {
        self.inbox.logins.lock().unwrap().clone()
    }

    /// All mails that came and were not looked at, the oldest first.
    pub fn take(&self) -> Vec<Mail> {
        self.inbox.mails.lock().unwrap().drain(..).collect()
    }

    /// The next mail to this address; waits for it.
    pub fn next_to(&self, address: &str) -> Option<Mail> {
        let is_theirs = |mail: &Mail| mail.to.eq_ignore_ascii_case(address);
        let mails = self.inbox.mails.lock().unwrap();
        let lacks = |mails: &mut VecDeque<Mail>| !mails.iter().any(is_theirs);
        let (mut mails, _) = self.inbox.came.wait_timeout_while(mails, PATIENCE, lacks).unwrap();
        let place = mails.iter().position(is_theirs)?;
        mails.remove(place)
    }
}

/// One connection; whatever goes wrong with it ends it.
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
                let unheard = std::mem::take(&mut *inbox.unheard.lock().unwrap());
                if unheard > 0 {
                    *inbox.unheard.lock().unwrap() = unheard - 1;
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

/// Everything up to the line with nothing but a dot.
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
