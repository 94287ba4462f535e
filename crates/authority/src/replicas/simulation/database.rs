//! A model of the database: keys, the log of changes in the order of commits, and the replicas that read it.
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use keyfob_store::{KeyId, LogPosition, Reached, ReplicaId, RightsChanges, RightsVersion, StoreError, UnconfirmedBy};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    sync::watch,
    time::timeout,
};
use turmoil::net::{TcpListener, TcpStream};

use super::{
    DATABASE,
    rows::{Row, Use, Written},
};
use crate::replicas::log;

pub(super) const PORT: u16 = 5432;
/// How long a statement may take.
const STATEMENT: Duration = Duration::from_secs(1);

/// What is durable.
#[derive(Debug, Default)]
pub(super) struct Model {
    version: i64,
    pub(super) keys: Written,
    log: Vec<(i64, String)>,
    /// Up to which version each has read, and until when it may decide by that.
    replicas: BTreeMap<String, (i64, Duration)>,
}

/// A statement, or what a statement answers.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Question {
    Version,
    ChangesSince(i64),
    Renew {
        replica: String,
        seen: i64,
        lease: Duration,
    },
    Unconfirmed {
        version: i64,
        but: String,
    },
    Find(String),
    Mint(Row),
    Revoke {
        key: String,
        /// As the replica has it.
        now: Timestamp,
        outlives: bool,
    },
    WriteUses(Vec<Use>),
    /// That a replica does not decide any more.
    Leave(String),
    /// Rings from now on.
    Listen,
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Reply {
    Version(i64),
    Changes {
        version: i64,
        keys: Vec<String>,
        is_whole: bool,
    },
    Replicas(Vec<String>),
    Key(Option<Row>),
    /// Whether there was something to do, and the version before.
    Revoked {
        is_changed: bool,
        found: i64,
    },
    /// The keys that were changed meanwhile, and whose uses are not written.
    NotWritten(Vec<String>),
    Done,
}

impl Model {
    fn answer(&mut self, question: Question) -> Reply {
        let now = turmoil::sim_elapsed().unwrap();
        match question {
            Question::Version => Reply::Version(self.version),
            Question::ChangesSince(seen) => {
                let since = self.log.iter().filter(|(version, _)| *version > seen);
                let keys: Vec<String> = since.map(|(_, key)| key.clone()).collect();
                let is_whole = i64::try_from(keys.len()) == Ok(self.version - seen);
                Reply::Changes { version: self.version, keys, is_whole }
            }
            Question::Renew { replica, seen, lease } => {
                self.replicas.insert(replica, (seen, now + lease));
                Reply::Done
            }
            Question::Unconfirmed { version, but } => {
                let may_not_know =
                    |(id, (seen, until)): &(&String, &(i64, Duration))| **id != but && *seen < version && *until > now;
                Reply::Replicas(self.replicas.iter().filter(may_not_know).map(|(id, _)| id.clone()).collect())
            }
            Question::Find(key) => Reply::Key(self.keys.get(&key).cloned()),
            Question::Mint(row) => {
                self.keys.put(now, row);
                Reply::Done
            }
            Question::Revoke { key, now: by_replica, outlives } => {
                let found = self.version;
                let is_changed = self.change(&key, |row| row.revoke(by_replica, outlives));
                if is_changed {
                    self.announce(key);
                }
                Reply::Revoked { is_changed, found }
            }
            Question::WriteUses(uses) => {
                let is_written = |used: &Use| self.change(&used.id, |row| row.write(used));
                let (_, not): (Vec<_>, Vec<_>) = uses.into_iter().partition(is_written);
                let not: Vec<String> = not.into_iter().map(|used| used.id).collect();
                for key in &not {
                    self.announce(key.clone());
                }
                Reply::NotWritten(not)
            }
            Question::Leave(replica) => {
                self.replicas.remove(&replica);
                Reply::Done
            }
            Question::Listen => Reply::Done,
        }
    }

    /// Changes the row of a key; says whether it did.
    fn change(&mut self, key: &str, change: impl FnOnce(&mut Row) -> bool) -> bool {
        let Some(mut row) = self.keys.get(key).cloned() else { return false };
        let is_changed = change(&mut row);
        if is_changed {
            self.keys.put(turmoil::sim_elapsed().unwrap(), row);
        }
        is_changed
    }

    /// Logs that the rights of a key changed.
    fn announce(&mut self, key: String) {
        self.version += 1;
        self.log.push((self.version, key));
    }
}

/// The database, until it is killed.
pub(super) async fn run(model: Arc<Mutex<Model>>) -> turmoil::Result {
    let (ring, bell) = watch::channel(0);
    let ring = Arc::new(ring);
    let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream, Arc::clone(&model), Arc::clone(&ring), bell.clone()));
    }
}

async fn serve(
    stream: TcpStream,
    model: Arc<Mutex<Model>>,
    ring: Arc<watch::Sender<i64>>,
    mut bell: watch::Receiver<i64>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let question: Question = receive(&mut stream).await?;
    let listens = matches!(question, Question::Listen);
    let (reply, version) = {
        let mut model = model.lock().unwrap();
        (model.answer(question), model.version)
    };
    ring.send_if_modified(|rung| std::mem::replace(rung, version) != version);
    bell.mark_unchanged();
    send(&mut stream, &reply).await?;
    if !listens {
        return Some(());
    }
    loop {
        bell.changed().await.ok()?;
        send(&mut stream, &Reply::Done).await?;
    }
}

pub(super) async fn send(stream: &mut BufReader<TcpStream>, message: &impl Serialize) -> Option<()> {
    let line = serde_json::to_string(message).ok()? + "\n";
    stream.write_all(line.as_bytes()).await.ok()
}

pub(super) async fn receive<T: serde::de::DeserializeOwned>(stream: &mut BufReader<TcpStream>) -> Option<T> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    serde_json::from_str(&line).ok()
}

/// The database, as a replica reaches it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Database;

impl Database {
    pub(super) async fn ask(self, question: Question) -> Result<Reply, StoreError> {
        let asked = async {
            let mut stream = BufReader::new(TcpStream::connect((DATABASE, PORT)).await.ok()?);
            send(&mut stream, &question).await?;
            receive(&mut stream).await
        };
        timeout(STATEMENT, asked).await.ok().flatten().ok_or(StoreError::Interrupted)
    }
}

fn position(version: i64) -> LogPosition {
    LogPosition { version: RightsVersion(version), server_start: 0 }
}

impl log::ChangeLog for Database {
    type Bell = Bell;

    async fn position(&self) -> Result<LogPosition, StoreError> {
        match self.ask(Question::Version).await? {
            Reply::Version(version) => Ok(position(version)),
            _ => Err(StoreError::Interrupted),
        }
    }

    async fn changes_since(&self, seen: LogPosition) -> Result<RightsChanges, StoreError> {
        match self.ask(Question::ChangesSince(seen.version.0)).await? {
            Reply::Changes { version, keys, is_whole } => {
                let keys = keys.iter().map(|key| KeyId::parse(key).unwrap()).collect();
                let reached = Reached { keys, everybody: !is_whole, ..Reached::default() };
                Ok(RightsChanges { position: position(version), reached })
            }
            _ => Err(StoreError::Interrupted),
        }
    }

    async fn renew(&self, replica: &ReplicaId, seen: RightsVersion, lease: Duration) -> Result<(), StoreError> {
        self.ask(Question::Renew { replica: replica.0.clone(), seen: seen.0, lease }).await.map(drop)
    }

    async fn unconfirmed(&self, version: RightsVersion, but: &ReplicaId) -> Result<Vec<UnconfirmedBy>, StoreError> {
        match self.ask(Question::Unconfirmed { version: version.0, but: but.0.clone() }).await? {
            Reply::Replicas(ids) => {
                let until = jiff::Timestamp::UNIX_EPOCH;
                Ok(ids.into_iter().map(|id| UnconfirmedBy { replica: ReplicaId(id), until }).collect())
            }
            _ => Err(StoreError::Interrupted),
        }
    }

    async fn bell(&self) -> Result<Option<Bell>, StoreError> {
        let listening = async {
            let mut stream = BufReader::new(TcpStream::connect((DATABASE, PORT)).await.ok()?);
            send(&mut stream, &Question::Listen).await?;
            receive::<Reply>(&mut stream).await?;
            Some(Bell(stream))
        };
        let bell = timeout(STATEMENT, listening).await.ok().flatten();
        bell.map(Some).ok_or(StoreError::Interrupted)
    }
}

pub(super) struct Bell(BufReader<TcpStream>);

impl log::Bell for Bell {
    async fn rung(&mut self) -> Result<(), StoreError> {
        receive::<Reply>(&mut self.0).await.map(drop).ok_or(StoreError::Interrupted)
    }
}
