//! The writer: units of work run one after the other, and those that arrive together are made durable together.
//!
//! A unit that finds others waiting leaves its transaction open for them, each in a savepoint of its own, and all are
//! committed at once; each unit's commit is answered after that. So a hundred units that wait for the disk wait once. A
//! lone unit is committed at once.
//!
//! INVARIANT: while a unit waits for the commit of its transaction, a task that will make it is in the queue for the lock,
//! behind those who waited when the unit was done.
use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Mutex, OwnedMutexGuard, oneshot},
    time::Instant,
};

use super::{
    dialect::Dialect,
    driver::{Bound, Pools, Transaction},
};
use crate::{StoreError, beginning::Beginning};

/// The most units in a transaction: those who come early wait for those who come late.
const MOST_UNITS: usize = 64;

/// How long a unit waits for its turn. If each before it waits in vain for the database, it need not wait for all of them.
const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// The one writer of a database. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    pools: Pools,
    batch: Arc<Mutex<Batch>>,
    /// How many wait for the batch.
    waiting: Arc<AtomicUsize>,
    watch: Arc<OnceLock<Watch>>,
    /// Whether the database may have been changed by other means since the last unit.
    is_doubtful: Arc<AtomicBool>,
}

/// What is told of each commit: how many units were made durable together, and how long the first of them waited for it.
struct Watch(Box<dyn Fn(usize, Duration) + Send + Sync>);

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// Units of work in one transaction.
#[derive(Debug, Default)]
struct Batch {
    /// None before the first.
    transaction: Option<Transaction>,
    /// What the next unit knows from the beginning: what the one before it left. None where that is not known.
    beginning: Option<Beginning>,
    /// Whether it holds part of a unit that was given up. As long as that is not taken back, nothing of it is committed.
    is_spoiled: bool,
    /// The units that are done and wait for the commit, and since when.
    done: Vec<(Instant, oneshot::Sender<Result<(), Failure>>)>,
}

/// Why a transaction was not committed, for each of its units.
#[derive(Clone, Debug)]
enum Failure {
    Conflict(String),
    Full(String),
    Unavailable(String),
    Interrupted,
    Other(String),
}

impl From<&StoreError> for Failure {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Conflict(with) => Self::Conflict(with.clone()),
            StoreError::Full(cause) => Self::Full(cause.to_string()),
            StoreError::Unavailable(cause) => Self::Unavailable(cause.to_string()),
            StoreError::Interrupted => Self::Interrupted,
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Conflict(with) => Self::Conflict(with),
            Failure::Full(cause) => Self::Full(sqlx::Error::Protocol(cause)),
            Failure::Unavailable(cause) => Self::Unavailable(sqlx::Error::Protocol(cause)),
            Failure::Interrupted => Self::Interrupted,
            Failure::Other(cause) => Self::Driver(sqlx::Error::Protocol(cause)),
        }
    }
}

impl Writer {
    pub(super) fn new(pools: Pools) -> Self {
        Self {
            pools,
            batch: Arc::default(),
            waiting: Arc::default(),
            watch: Arc::default(),
            is_doubtful: Arc::default(),
        }
    }

    /// Tells of each commit from now on. The first who asks for it is told.
    pub(super) fn watch(&self, watch: Box<dyn Fn(usize, Duration) + Send + Sync>) {
        let _told_already = self.watch.set(Watch(watch));
    }

    /// Forgets what the last unit left: the database may have been changed by other means.
    pub(super) fn forget(&self) {
        self.is_doubtful.store(true, Ordering::SeqCst);
    }

    /// Begins a unit of work, once no other is under way.
    pub(super) async fn begin(&self) -> sqlx::Result<Unit> {
        if self.pools.dialect() == Dialect::Sqlite {
            return self.clone().begin_now().await;
        }
        // A client that goes away meanwhile must not leave half a savepoint.
        let beginning = tokio::spawn(self.clone().begin_now());
        beginning.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    /// Waits until those units are durable, or taken back, that were done before.
    pub(super) async fn settle(&self) -> Result<(), StoreError> {
        let writer = self.clone();
        let settling = tokio::spawn(async move {
            writer.turn().await?.commit(&writer.watch).await;
            Ok(())
        });
        settling.await.unwrap_or(Err(StoreError::Interrupted))
    }

    /// Reads what a unit knows from the beginning.
    async fn read_beginning(&self, transaction: &mut Transaction) -> sqlx::Result<Beginning> {
        let query = self.pools.dialect().statement(&Beginning::query());
        Ok(Beginning::of(&transaction.fetch_all(query, Bound::NONE).await?))
    }

    async fn turn(&self) -> sqlx::Result<OwnedMutexGuard<Batch>> {
        let turn = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.batch).lock_owned()).await;
        turn.map_err(|_| sqlx::Error::PoolTimedOut)
    }

    async fn begin_now(self) -> sqlx::Result<Unit> {
        let waits = Waits::new(&self.waiting);
        let turn = self.turn().await;
        drop(waits);
        let mut batch = turn?;
        batch.end_if_spoiled();
        let is_first = batch.transaction.is_none();
        if is_first {
            let mut transaction = self.pools.begin().await?;
            let is_alone = self.pools.dialect() == Dialect::Sqlite && !self.is_doubtful.swap(false, Ordering::SeqCst);
            let left = batch.beginning.take().filter(|_| is_alone);
            let beginning = match left {
                Some(beginning) => beginning,
                None => self.read_beginning(&mut transaction).await?,
            };
            (batch.transaction, batch.beginning) = (Some(transaction), Some(beginning));
        }
        let beginning = batch.beginning.unwrap_or_default();
        let mut unit = Unit { batch: Some(batch), writer: self.clone(), is_first, beginning };
        if !is_first {
            unit.transaction()?.save().await?;
        }
        Ok(unit)
    }

    /// Commits the batch once those have had their turn who wait for it now.
    fn commit_later(&self) {
        let (batch, watch) = (Arc::clone(&self.batch), Arc::clone(&self.watch));
        tokio::spawn(async move { batch.lock().await.commit(&watch).await });
    }
}

impl Batch {
    /// Rolls all of it back if it holds part of a unit that was given up. Those who wait for its commit are not told that
    /// it was made.
    fn end_if_spoiled(&mut self) {
        if std::mem::take(&mut self.is_spoiled) {
            self.transaction = None;
            self.beginning = None;
            let reason = "the transaction was rolled back with a change that could not be taken back alone";
            for (_, unit) in self.done.drain(..) {
                let _gone = unit.send(Err(Failure::Unavailable(reason.to_owned())));
            }
        }
    }

    async fn commit(&mut self, watch: &OnceLock<Watch>) {
        self.end_if_spoiled();
        let Some(transaction) = self.transaction.take() else { return };
        let committed = transaction.commit().await;
        let committed = committed.map_err(|error| Failure::from(&error));
        if committed.is_err() {
            self.beginning = None;
        }
        if let (Some(Watch(watch)), Some((first, _))) = (watch.get(), self.done.first()) {
            watch(self.done.len(), first.elapsed());
        }
        for (_, unit) in self.done.drain(..) {
            // A client that went away need not know.
            let _gone = unit.send(committed.clone());
        }
    }
}

/// Counts a unit that waits.
struct Waits<'a>(&'a AtomicUsize);

impl<'a> Waits<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A unit of work in a transaction. Dropped before it is committed, it takes back what it did, and nothing else.
#[derive(Debug)]
pub(super) struct Unit {
    /// None once it has ended.
    batch: Option<OwnedMutexGuard<Batch>>,
    writer: Writer,
    /// Whether the transaction was begun for it: then it needs no savepoint.
    is_first: bool,
    /// What was known when it began, with what it has changed of that.
    beginning: Beginning,
}

impl Unit {
    pub(super) fn dialect(&self) -> Dialect {
        self.writer.pools.dialect()
    }

    /// The transaction that it is in.
    pub(super) fn transaction(&mut self) -> sqlx::Result<&mut Transaction> {
        let batch = self.batch.as_mut().and_then(|batch| batch.transaction.as_mut());
        batch.ok_or_else(|| sqlx::Error::Protocol("the transaction has ended".to_owned()))
    }

    /// What is known without another look at the database.
    pub(super) fn beginning(&mut self) -> &mut Beginning {
        &mut self.beginning
    }

    /// Makes it durable, with those that arrived together with it.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        if self.dialect() == Dialect::Sqlite {
            // It waits for others only once it is done.
            return self.commit_now().await;
        }
        // A client that goes away meanwhile must not leave half a savepoint.
        tokio::spawn(self.commit_now()).await.unwrap_or(Err(StoreError::Interrupted))
    }

    async fn commit_now(mut self) -> Result<(), StoreError> {
        let is_alone = self.writer.waiting.load(Ordering::SeqCst) == 0;
        let is_first = self.is_first;
        let transaction = self.transaction()?;
        transaction.require_sound()?;
        if !is_first {
            transaction.release().await?;
        } else if !is_alone {
            // What fails now is this unit's own fault.
            transaction.flush().await?;
        }
        let Some(mut batch) = self.batch.take() else { return Err(StoreError::Interrupted) };
        batch.beginning = Some(self.beginning);
        let (done, committed) = oneshot::channel();
        batch.done.push((Instant::now(), done));
        if is_alone || batch.done.len() >= MOST_UNITS {
            batch.commit(&self.writer.watch).await;
            drop(batch);
        } else {
            let is_first_to_wait = batch.done.len() == 1;
            drop(batch);
            if is_first_to_wait {
                self.writer.commit_later();
            }
        }
        Ok(committed.await.unwrap_or(Err(Failure::Interrupted))?)
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let Some(mut batch) = self.batch.take() else { return };
        if self.is_first {
            // It rolls back by itself, and there is nobody else in it.
            batch.transaction = None;
            batch.beginning = None;
            return;
        }
        // Whatever becomes of the task below: what this unit did is not committed with what others did.
        batch.is_spoiled = true;
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Some(transaction) = &mut batch.transaction
                && transaction.take_back().await.is_ok()
            {
                batch.is_spoiled = false;
            }
            batch.end_if_spoiled();
        });
    }
}
