//! Connections that read the committed state.
//!
//! A short reading is done in the thread that asks for it: the way to another and back would take longer. Only one at a
//! time, so that no more of the threads that serve requests wait where the disk is slow. The others, and those that turn
//! out to be long, go to a thread that may wait.
use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    connection::{Access, Connection, Patience},
    error::is_short_of_patience,
};
use crate::db::{
    dialect::Statement,
    driver::{AnyRow, Bound},
};

/// How long a reading waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

#[derive(Clone, Debug)]
pub(super) struct Readers(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    file: PathBuf,
    most: u32,
    /// One for each connection that may be open.
    turns: Arc<Semaphore>,
    /// One for the reading in a thread that serves requests.
    here: Semaphore,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    idle: Vec<Connection>,
    count: u32,
}

/// A connection in use.
struct Lent {
    shared: Arc<Shared>,
    /// None once it is given back.
    connection: Option<Connection>,
    _turn: OwnedSemaphorePermit,
}

/// Who waits for a long reading. It ends with them.
#[derive(Default)]
struct Client {
    is_gone: Arc<AtomicBool>,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.is_gone.store(true, Ordering::Relaxed);
    }
}

impl Readers {
    pub(super) fn of(file: PathBuf, most: u32) -> Self {
        let turns = Arc::new(Semaphore::new(most as usize));
        Self(Arc::new(Shared { file, most, turns, here: Semaphore::new(1), open: Mutex::default() }))
    }

    /// All rows of a query, up to a bound.
    pub(super) async fn fetch_all(&self, statement: Statement, bound: Bound) -> sqlx::Result<Vec<AnyRow>> {
        let lent = self.lend().await?;
        if let Ok(_here) = self.0.here.try_acquire() {
            match lent.fetch_all(&statement, bound, Patience::Short) {
                Err(error) if is_short_of_patience(&error) => {}
                answer => return answer,
            }
        }
        let client = Client::default();
        let (patience, span) = (Patience::Long(Arc::clone(&client.is_gone)), tracing::Span::current());
        let read = move || span.in_scope(|| lent.fetch_all(&statement, bound, patience));
        tokio::task::spawn_blocking(read).await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    async fn lend(&self) -> sqlx::Result<Lent> {
        let turn = tokio::time::timeout(LONGEST_WAIT, Arc::clone(&self.0.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let mut connection = self.0.open().idle.pop();
        if connection.is_none() {
            connection = Some(Connection::open(&self.0.file, Access::Read)?);
            self.0.open().count += 1;
        }
        Ok(Lent { shared: Arc::clone(&self.0), connection, _turn: turn })
    }

    /// How many connections are open, and how many of them are idle.
    pub(super) fn connections(&self) -> (u64, u64) {
        let open = self.0.open();
        (open.count.into(), open.idle.len() as u64)
    }

    /// Closes all connections, after the readings that are under way.
    pub(super) async fn close(&self) {
        let _all = self.0.turns.acquire_many(self.0.most).await;
        self.0.turns.close();
        *self.0.open() = Open::default();
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent {
    fn fetch_all(&self, statement: &Statement, bound: Bound, patience: Patience) -> sqlx::Result<Vec<AnyRow>> {
        let connection = self.connection.as_ref().ok_or(sqlx::Error::PoolClosed)?;
        connection.fetch_all(statement, bound, patience)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut open = self.shared.open();
        open.idle.extend(self.connection.take());
    }
}
