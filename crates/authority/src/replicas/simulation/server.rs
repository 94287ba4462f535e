//! A replica: requests with keys, decided by what it remembers as long as that counts, else by the database.
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use keyfob_store::{KeyId, Reached, RightsVersion, StoreError, Uses};
use keyfob_testkit::history::Outcome;
use serde::{Deserialize, Serialize};
use tokio::{io::BufReader, sync::Notify, task::JoinSet};
use turmoil::net::{TcpListener, TcpStream};

use super::{
    LEASE,
    database::{Database, Question, Reply, receive, send},
    rows::Row,
    uses::{Book, Skew},
};
use crate::{
    Random,
    caller::{KeyCache, Lease, PresentedKey, UseBook as _, noted_use, presented_by_amy},
    replicas::{PAUSE, Replica},
};

pub(super) const PORT: u16 = 3000;

/// What a client asks a replica.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Request {
    /// Mints a key, a session or not.
    Mint(String, bool),
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
    /// The key has ended by itself.
    Ended,
    /// It is not known what became of it.
    Unavailable,
}

impl Answer {
    /// What a use came to.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Accepted => Outcome::Accepted,
            Self::Refused => Outcome::Refused,
            Self::Done | Self::Everywhere | Self::Ended | Self::Unavailable => Outcome::Unanswered,
        }
    }
}

/// A replica that may be started again and again.
pub(super) struct ReplicaProcess {
    name: &'static str,
    starts: AtomicU64,
    skew: Skew,
    stop: Arc<Notify>,
}

impl ReplicaProcess {
    pub(super) fn new(name: &'static str, skew: Skew, stop: Arc<Notify>) -> Self {
        Self { name, starts: AtomicU64::new(0), skew, stop }
    }

    /// Runs it until it is killed or told to stop. Nothing is remembered from before.
    pub(super) fn run(&self) -> impl Future<Output = turmoil::Result> + use<> {
        let random = Random::seeded(self.starts.fetch_add(1, Ordering::SeqCst));
        let keys = Arc::new(KeyCache::new(Lease::ended()));
        let (name, skew, stop) = (self.name, Arc::clone(&self.skew), Arc::clone(&self.stop));
        let replica = Replica::new(name, LEASE, &random);
        async move {
            let address = turmoil::lookup(name);
            let book = Book { uses: Uses::default(), keys: Arc::clone(&keys), skew, address };
            let running = Arc::new(Running { replica, keys, book });
            while running.replica.read_changes(&Database, &running.keys).await.is_err() {
                tokio::time::sleep(PAUSE).await;
            }
            let mut jobs = JoinSet::new();
            let (following, writing) = (Arc::clone(&running), Arc::clone(&running));
            jobs.spawn(async move { following.replica.follow_changes(&Database, &following.keys).await });
            jobs.spawn(async move { writing.book.write_on().await });
            let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
            loop {
                tokio::select! {
                    accepted = listener.accept() => drop(tokio::spawn(Arc::clone(&running).serve(accepted?.0))),
                    () = stop.notified() => break,
                }
            }
            jobs.shutdown().await;
            running.close().await;
            Ok(())
        }
    }
}

struct Running {
    replica: Replica,
    keys: Arc<KeyCache>,
    book: Book,
}

impl Running {
    async fn serve(self: Arc<Self>, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        let answer = match receive(&mut stream).await? {
            Request::Mint(key, slides) => {
                match Database.ask(Question::Mint(Row::new(key, slides, self.book.now()))).await {
                    Ok(_) => Answer::Done,
                    Err(_) => Answer::Unavailable,
                }
            }
            Request::Use(key) => self.use_key(&key).await.unwrap_or(Answer::Unavailable),
            // As in the program, a client that hangs up does not end it.
            Request::Revoke(key, waits) => tokio::spawn(Arc::clone(&self).revoke(key, waits)).await.ok()?,
        };
        send(&mut stream, &answer).await
    }

    async fn use_key(&self, key: &str) -> Result<Answer, StoreError> {
        let id = KeyId::parse(key).unwrap();
        if let Some((known, epoch)) = self.keys.find(&id)
            && known.key.is_live(self.book.now())
        {
            if let Some(used) = self.noted(&known).await {
                self.keys.replace(epoch, &used);
            }
            return Ok(Answer::Accepted);
        }
        let began = self.keys.begin();
        let Reply::Key(Some(row)) = Database.ask(Question::Find(key.to_owned())).await? else {
            return Ok(Answer::Refused);
        };
        let mut key = row.key();
        self.book.uses.apply_to_key(&mut key);
        if !key.is_live(self.book.now()) {
            return Ok(if key.is_revoked { Answer::Refused } else { Answer::Ended });
        }
        let known = Arc::new(PresentedKey { key, ..presented_by_amy(id) });
        let known = self.noted(&known).await.unwrap_or(known);
        self.keys.keep(began, &known);
        Ok(Answer::Accepted)
    }

    /// The key with this use; none if that is not noted.
    async fn noted(&self, known: &PresentedKey) -> Option<Arc<PresentedKey>> {
        noted_use(known, &self.book, &self.book.context())?.keep(&self.book).await
    }

    /// As the program ends.
    async fn close(&self) {
        // What cannot be written is lost, as if the process were killed.
        let _ = self.book.write_all().await;
        self.keys.end_lease();
        let _ = Database.ask(Question::Leave(self.replica.id().0.clone())).await;
    }

    async fn revoke(self: Arc<Self>, key: String, waits: bool) -> Answer {
        let id = KeyId::parse(&key).unwrap();
        let now = self.book.now();
        let outlives = self.book.uses.outliving(now).contains(&id);
        let reached = Reached { keys: [id].into(), ..Reached::default() };
        let revoked = Database.ask(Question::Revoke { key, now, outlives }).await;
        if let Ok(Reply::Revoked { is_changed: false, found }) = revoked {
            self.replica.catch_up(RightsVersion(found), &Database, &self.keys).await;
        } else {
            // Also when it failed: it may have been done.
            self.keys.announce(&reached);
        }
        if revoked.is_err() {
            return Answer::Unavailable;
        }
        if !waits {
            return Answer::Done;
        }
        let left = self.replica.wait_for_all(&Database, &self.keys).await;
        if left.is_ok_and(|left| left.is_empty()) { Answer::Everywhere } else { Answer::Done }
    }
}
