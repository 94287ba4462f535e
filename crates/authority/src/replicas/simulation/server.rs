//! A replica: requests with keys, decided by what it remembers as long as that counts, else by the database.
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use keyfob_store::{KeyId, Reached, StoreError};
use keyfob_testkit::history::Outcome;
use serde::{Deserialize, Serialize};
use tokio::io::BufReader;
use turmoil::net::{TcpListener, TcpStream};

use super::{
    LEASE,
    database::{Database, Question, Reply, receive, send},
};
use crate::{
    Random,
    caller::{KeyCache, Lease, presented_by_amy},
    replicas::{PAUSE, Replica},
};

pub(super) const PORT: u16 = 3000;

/// What a client asks a replica.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Request {
    Mint(String),
    Use(String),
    /// Revokes a key, and waits for the others if that is wanted.
    Revoke(String, bool),
}

/// What a client is answered.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Answer {
    Done,
    /// Done, and all others have confirmed it.
    Everywhere,
    Accepted,
    Refused,
    /// It is not known what became of it.
    Unavailable,
}

impl Answer {
    /// What a use came to.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Accepted => Outcome::Accepted,
            Self::Refused => Outcome::Refused,
            Self::Done | Self::Everywhere | Self::Unavailable => Outcome::Unanswered,
        }
    }
}

/// A replica that may be started again and again.
pub(super) struct ReplicaProcess {
    name: &'static str,
    starts: AtomicU64,
}

impl ReplicaProcess {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, starts: AtomicU64::new(0) }
    }

    /// Runs it until it is killed. Nothing is remembered from before.
    pub(super) fn run(&self) -> impl Future<Output = turmoil::Result> + use<> {
        let random = Random::seeded(self.starts.fetch_add(1, Ordering::SeqCst));
        let running =
            Arc::new(Running { replica: Replica::new(self.name, LEASE, &random), keys: KeyCache::new(Lease::ended()) });
        async move {
            while running.replica.read_changes(&Database, &running.keys).await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
            let following = Arc::clone(&running);
            tokio::spawn(async move { following.replica.follow_changes(&Database, &following.keys).await });
            let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
            loop {
                let (stream, _) = listener.accept().await?;
                tokio::spawn(Arc::clone(&running).serve(stream));
            }
        }
    }
}

struct Running {
    replica: Replica,
    keys: KeyCache,
}

impl Running {
    async fn serve(self: Arc<Self>, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        let answer = match receive(&mut stream).await? {
            Request::Mint(key) => match Database.ask(Question::Mint(key)).await {
                Ok(_) => Answer::Done,
                Err(_) => Answer::Unavailable,
            },
            Request::Use(key) => self.use_key(&key).await.unwrap_or(Answer::Unavailable),
            // As in the program, a client that hangs up does not end it.
            Request::Revoke(key, waits) => tokio::spawn(Arc::clone(&self).revoke(key, waits)).await.ok()?,
        };
        send(&mut stream, &answer).await
    }

    async fn use_key(&self, key: &str) -> Result<Answer, StoreError> {
        let id = KeyId::parse(key).unwrap();
        if self.keys.find(&id).is_some() {
            return Ok(Answer::Accepted);
        }
        let began = self.keys.begin();
        match Database.ask(Question::IsLive(key.to_owned())).await? {
            Reply::IsLive(true) => {
                self.keys.keep(began, &Arc::new(presented_by_amy(id)));
                Ok(Answer::Accepted)
            }
            _ => Ok(Answer::Refused),
        }
    }

    async fn revoke(self: Arc<Self>, key: String, waits: bool) -> Answer {
        let reached = Reached { keys: [KeyId::parse(&key).unwrap()].into(), ..Reached::default() };
        let revoked = Database.ask(Question::Revoke(key)).await;
        // Also when it failed: it may have been done.
        self.keys.announce(&reached);
        if revoked.is_err() {
            return Answer::Unavailable;
        }
        if !waits {
            return Answer::Done;
        }
        let left = self.replica.wait_for_others(&Database).await;
        if left.is_ok_and(|left| left.is_empty()) { Answer::Everywhere } else { Answer::Done }
    }
}
