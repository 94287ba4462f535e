//! Clients that mint, use and revoke tokens, and note what they were answered.
use std::{
    io,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use keyfob_testkit::history::{Event, History, Outcome};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::http::Message;

/// How long a server may take until it works again: only one that does not reaches it.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(20);

/// A request that a client sends.
pub(super) fn request(method: &str, path: &str, key: &str, body: Option<&Value>) -> Message {
    let request = Message::request(method, path).with_header("Coder-Session-Token", key);
    match body {
        Some(body) => request.with_json(body),
        None => request,
    }
}

/// The status and body of an answer; an error where there is none.
pub(super) fn send(address: &str, request: &Message) -> io::Result<(u64, Value)> {
    let answer = request.send(address)?;
    if answer.word(1).parse::<u64>().is_err() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok((answer.status(), answer.json().unwrap_or(Value::Null)))
}

/// A token and what its history calls it.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) id: String,
    text: String,
}

/// Servers under load, and what happened to the tokens.
pub(super) struct Load {
    pub(super) addresses: Vec<String>,
    session: String,
    begin: Instant,
    tokens: Mutex<Vec<Token>>,
    pub(super) history: Mutex<History>,
    is_over: AtomicBool,
}

impl Load {
    pub(super) fn new(addresses: Vec<String>, session: &str) -> Self {
        Self {
            addresses,
            session: session.to_owned(),
            begin: Instant::now(),
            tokens: Mutex::default(),
            history: Mutex::default(),
            is_over: AtomicBool::new(false),
        }
    }

    /// Ends the work of all clients.
    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    /// Works until the end: mints, uses and revokes, as the seed says.
    pub(super) fn work(&self, seed: u64) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        while !self.is_over() {
            let replica = random.random_range(0..self.addresses.len());
            let token = self.pick(&mut random);
            match (random.random_range(0..10_u8), token) {
                (0 | 1, _) | (_, None) => self.mint(replica),
                (2, Some(token)) => self.revoke(replica, &token, random.random_bool(0.3)),
                (_, Some(token)) => drop(self.try_token(replica, &token)),
            }
        }
    }

    /// Uses tokens at one replica until the end: what it remembers shows even while nobody changes anything there.
    pub(super) fn use_at(&self, replica: usize, seed: u64) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        while !self.is_over() {
            match self.pick(&mut random) {
                Some(token) => drop(self.try_token(replica, &token)),
                None => super::pass(PAUSE),
            }
        }
    }

    /// One of the newest tokens: those are the ones that something happens to.
    fn pick(&self, random: &mut ChaCha8Rng) -> Option<Token> {
        let tokens = self.tokens.lock().unwrap();
        let newest = tokens.len().saturating_sub(20)..tokens.len();
        (!newest.is_empty()).then(|| tokens[random.random_range(newest)].clone())
    }

    fn mint(&self, replica: usize) {
        let body = json!({});
        let request = request("POST", "/api/v2/users/me/keys/tokens", &self.session, Some(&body));
        let Ok((201, answer)) = send(&self.addresses[replica], &request) else { return };
        let acknowledged = self.begin.elapsed();
        let text = answer["key"].as_str().unwrap().to_owned();
        let id = text.split('-').next().unwrap().to_owned();
        self.history.lock().unwrap().add(&id, Event::Minted { acknowledged });
        self.tokens.lock().unwrap().push(Token { id, text });
    }

    fn revoke(&self, replica: usize, token: &Token, waits: bool) {
        let wait = if waits { "?wait=true" } else { "" };
        let path = format!("/api/v2/users/me/keys/{}/expire{wait}", token.id);
        let invoked = self.begin.elapsed();
        // Before it is sent: others may see its effect before its answer is here.
        let asked = Event::Revoked { replica, invoked, acknowledged: None, everywhere: false };
        self.history.lock().unwrap().add(&token.id, asked);
        let answer = send(&self.addresses[replica], &request("PUT", &path, &self.session, None));
        let status = answer.map_or(0, |(status, _)| status);
        if matches!(status, 202 | 204) {
            let acknowledged = Some(self.begin.elapsed());
            let everywhere = waits && status == 204;
            let done = Event::Revoked { replica, invoked, acknowledged, everywhere };
            self.history.lock().unwrap().add(&token.id, done);
        }
    }

    /// Uses a token at a replica.
    pub(super) fn try_token(&self, replica: usize, token: &Token) -> Outcome {
        let invoked = self.begin.elapsed();
        let answer = send(&self.addresses[replica], &request("GET", "/api/v2/users/me", &token.text, None));
        let outcome = match answer {
            Ok((200, _)) => Outcome::Accepted,
            Ok((401, _)) => Outcome::Refused,
            Ok((503, _)) | Err(_) => Outcome::Unanswered,
            Ok((status, body)) => panic!("{status}: {body}"),
        };
        self.history.lock().unwrap().add(&token.id, Event::Used { replica, invoked, outcome });
        outcome
    }

    /// Uses every token at a replica.
    pub(super) fn try_all(&self, replica: usize) {
        let tokens = self.tokens.lock().unwrap().clone();
        for token in &tokens {
            let outcome = self.try_token(replica, token);
            assert_ne!(outcome, Outcome::Unanswered, "the server works again");
        }
    }

    /// Waits until a replica answers, and uses every token there.
    pub(super) fn await_all(&self, replica: usize) {
        let begin = Instant::now();
        let request = request("GET", "/readyz", "", None);
        while !matches!(send(&self.addresses[replica], &request), Ok((200, _))) {
            assert!(begin.elapsed() < PATIENCE, "replica {replica} does not work again");
            super::pass(PAUSE);
        }
        self.try_all(replica);
    }

    /// How many tokens there are.
    pub(super) fn tokens(&self) -> usize {
        self.tokens.lock().unwrap().len()
    }
}

impl Load {
    /// The servers have started again, elsewhere.
    pub(super) fn restarted(&mut self, addresses: Vec<String>) {
        self.addresses = addresses;
        self.is_over.store(false, Ordering::SeqCst);
    }
}
