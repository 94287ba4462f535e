//! A replica: requests with keys, decided by what it remembers as long as that counts, else by the database.
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use jiff::Timestamp;
use keyfob_rbac::{AllowList, Catalogue, Id, Scope, Subject};
use keyfob_store::{ApiKey, KeyId, KeyLoginType, Origin, Reached, SecretHash, StoreError, UserId};
use keyfob_testkit::history::Outcome;
use serde::{Deserialize, Serialize};
use tokio::io::BufReader;
use turmoil::net::{TcpListener, TcpStream};
use uuid::Uuid;

use super::{
    LEASE,
    database::{Database, Question, Reply, receive, send},
};
use crate::{
    Random,
    caller::{KeyCache, KeyRights, KeyTexts, Lease, Origins, Owner, PresentedKey, Seen, Shown, amy},
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
                self.keys.keep(began, &Arc::new(presented(id)));
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

/// A key that may do all that its owner may, who may do nothing.
fn presented(id: KeyId) -> PresentedKey {
    let (user_id, at) = (UserId(Uuid::from_u128(7)), Timestamp::UNIX_EPOCH);
    let key = ApiKey {
        id,
        secret_hash: SecretHash([0; 32]),
        user_id,
        parent_id: None,
        login_type: KeyLoginType::Token,
        token_name: String::new(),
        scopes: Arc::default(),
        allow_list: Arc::default(),
        narrow_depth: 0,
        lifetime_seconds: 60,
        created_at: at,
        last_used: at,
        expires_at: Timestamp::MAX,
        absolute_end: None,
        is_revoked: false,
        live_descendants: 0,
        origin: Origin { ip_address: [127, 0, 0, 1].into(), user_agent: String::new() },
    };
    let user = amy(user_id);
    let seen = Seen::of(&user);
    let catalogue = Catalogue::built_in();
    let subject = Subject::compile(&catalogue, Id::from(user_id.0), &[], &[], &Scope::everything());
    let texts = KeyTexts::of(&key);
    PresentedKey {
        key,
        owner: Arc::new(Owner::of(user, Vec::new())),
        rights: Arc::new(KeyRights {
            texts,
            scopes: Vec::new(),
            allow_list: AllowList::everything(),
            subject: Arc::new(subject),
            shown: Shown::default(),
        }),
        origins: Origins::default(),
        seen,
        shown: Shown::default(),
        bytes: 1_000,
    }
}
