//! Connections that read the committed state.
//!
//! A short reading is done in the thread that asks for it: the way to another and back would take longer. Only one at a
//! time, so that no more of the threads that serve requests wait where the disk is slow; the others go to a thread that may
//! wait. A reading that turns out to be long is begun anew there, once fewer long ones run than there are connections:
//! short ones do not wait for long ones. A statement that was not short the last time begins there.
use std::{
    collections::HashSet,
    hash::{BuildHasher as _, RandomState},
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{
    connection::{Access, Connection, Patience, SHORT},
    error::is_short_of_patience,
};
use crate::db::{
    dialect::Statement,
    driver::{AnyRows, Bound},
};

/// How often a reading is tried as a short one before it waits behind long ones: where other work has the processor, a short
/// one may look long.
const SHORT_ATTEMPTS: usize = 2;
/// How many statements are remembered that were not short.
const MOST_NOT_SHORT: usize = 1024;
/// How long a statement takes at most that is tried as a short one again: one that takes nearly as long as a short one may
/// would often be begun anew.
const SURELY_SHORT: Duration = SHORT.checked_div(2).unwrap();
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
    /// One for each long reading that may run.
    long: Arc<Semaphore>,
    /// One for the reading in a thread that serves requests.
    here: Semaphore,
    not_short: Mutex<NotShort>,
    open: Mutex<Open>,
}

/// The statements that were not short the last time, as hashes of their texts. Two with one hash are taken for each other,
/// which costs time and nothing else.
#[derive(Debug, Default)]
struct NotShort {
    hasher: RandomState,
    statements: HashSet<u64>,
}

impl NotShort {
    fn contains(&self, statement: &Statement) -> bool {
        self.statements.contains(&self.hasher.hash_one(&statement.sql))
    }

    fn note(&mut self, statement: &Statement, is_short: bool) {
        let hash = self.hasher.hash_one(&statement.sql);
        if is_short {
            self.statements.remove(&hash);
        } else {
            if self.statements.len() >= MOST_NOT_SHORT {
                self.statements.clear();
            }
            self.statements.insert(hash);
        }
    }
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
        let long = Arc::new(Semaphore::new(most.saturating_sub(1).max(1) as usize));
        Self(Arc::new(Shared {
            file,
            most,
            turns,
            long,
            here: Semaphore::new(1),
            not_short: Mutex::default(),
            open: Mutex::default(),
        }))
    }

    /// All rows of a query, up to a bound.
    pub(super) async fn fetch_all(&self, statement: Statement, bound: Bound) -> sqlx::Result<AnyRows> {
        let statement = Arc::new(statement);
        let mut may_be_long = self.0.not_short().contains(&statement);
        for _ in 0..SHORT_ATTEMPTS {
            if may_be_long && let Ok(long) = Arc::clone(&self.0.long).try_acquire_owned() {
                return self.fetch_long(statement, bound, long).await;
            }
            match self.fetch_shortly(&statement, bound).await {
                Err(error) if is_short_of_patience(&error) => may_be_long = true,
                answer => return answer,
            }
        }
        // It has no connection while it waits for its turn.
        let long = self.turn(&self.0.long).await?;
        self.fetch_long(statement, bound, long).await
    }

    async fn fetch_shortly(&self, statement: &Arc<Statement>, bound: Bound) -> sqlx::Result<AnyRows> {
        let lent = self.lend().await?;
        match self.0.here.try_acquire() {
            Ok(_here) => lent.fetch_all(statement, bound, Patience::Short),
            Err(_) => lent.fetch_elsewhere(Arc::clone(statement), bound, Patience::Short).await,
        }
    }

    async fn fetch_long(
        &self,
        statement: Arc<Statement>,
        bound: Bound,
        _turn: OwnedSemaphorePermit,
    ) -> sqlx::Result<AnyRows> {
        let lent = self.lend().await?;
        let client = Client::default();
        let patience = Patience::Long(Arc::clone(&client.is_gone));
        let began = Instant::now();
        let answer = lent.fetch_elsewhere(Arc::clone(&statement), bound, patience).await;
        self.0.not_short().note(&statement, began.elapsed() < SURELY_SHORT);
        answer
    }

    async fn turn(&self, of: &Arc<Semaphore>) -> sqlx::Result<OwnedSemaphorePermit> {
        let turn = tokio::time::timeout(LONGEST_WAIT, Arc::clone(of).acquire_owned()).await;
        turn.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)
    }

    async fn lend(&self) -> sqlx::Result<Lent> {
        let turn = self.turn(&self.0.turns).await?;
        let idle = self.0.open().idle.pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open_another().await?,
        };
        Ok(Lent { shared: Arc::clone(&self.0), connection: Some(connection), _turn: turn })
    }

    /// In a thread that may wait: the beginning of the file is read.
    async fn open_another(&self) -> sqlx::Result<Connection> {
        let file = self.0.file.clone();
        let opened = tokio::task::spawn_blocking(move || Connection::open(&file, Access::Read)).await;
        let connection = opened.map_err(|_| sqlx::Error::WorkerCrashed)??;
        self.0.open().count += 1;
        Ok(connection)
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
    fn not_short(&self) -> MutexGuard<'_, NotShort> {
        self.not_short.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent {
    fn fetch_all(&self, statement: &Statement, bound: Bound, patience: Patience) -> sqlx::Result<AnyRows> {
        let connection = self.connection.as_ref().ok_or(sqlx::Error::PoolClosed)?;
        connection.fetch_all(statement, bound, patience)
    }

    /// The same in a thread that may wait.
    async fn fetch_elsewhere(
        self,
        statement: Arc<Statement>,
        bound: Bound,
        patience: Patience,
    ) -> sqlx::Result<AnyRows> {
        let span = tracing::Span::current();
        let read = move || span.in_scope(|| self.fetch_all(&statement, bound, patience));
        tokio::task::spawn_blocking(read).await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut open = self.shared.open();
        open.idle.extend(self.connection.take());
    }
}

#[cfg(test)]
mod tests {
    use sea_query::Values;
    use sea_query_sqlx::SqlxValues;
    use tokio::time::timeout;

    use super::*;

    const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    const SHORT: &str = "SELECT 1";
    /// More than any machine needs.
    const LONG_ENOUGH: Duration = Duration::from_secs(20);

    fn readers(folder: &tempfile::TempDir) -> Readers {
        let file = folder.path().join("a.db");
        rusqlite::Connection::open(&file).unwrap();
        Readers::of(file, 4)
    }

    /// Counts up to a number.
    fn count(to: i64) -> Statement {
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ?) SELECT count(*) FROM n";
        Statement { sql: sql.to_owned(), values: SqlxValues(Values(vec![to.into()])) }
    }

    async fn read(readers: &Readers, sql: &str) -> sqlx::Result<AnyRows> {
        readers.fetch_all(Statement::command(sql), Bound::NONE).await
    }

    #[tokio::test]
    async fn short_readings_do_not_wait_for_long_ones_and_those_end_with_their_clients() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder);
        let long: Vec<_> = (0..12)
            .map(|_| {
                let readers = readers.clone();
                tokio::spawn(async move { read(&readers, ENDLESS).await })
            })
            .collect();
        timeout(LONG_ENOUGH, async {
            while readers.0.long.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            for _ in 0..100 {
                assert_eq!(read(&readers, SHORT).await.unwrap().iter().count(), 1);
            }
            for reading in long {
                reading.abort();
            }
            // It waits for all readings that are under way.
            readers.close().await;
        })
        .await
        .unwrap();
    }

    /// A pipe that nobody writes to yet stands for a disk that does not answer.
    #[cfg(unix)]
    #[tokio::test]
    async fn other_tasks_go_on_while_a_file_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
        let readers = Readers::of(file.clone(), 4);
        let reading = tokio::spawn(async move { read(&readers, SHORT).await.is_ok() });
        let (told, goes_on) = std::sync::mpsc::channel();
        let disk = std::thread::spawn(move || {
            let in_time = goes_on.recv_timeout(LONG_ENOUGH).is_ok();
            // Opened once both ends are.
            drop(std::fs::File::options().write(true).open(&file).unwrap());
            in_time
        });
        // The reading has its turn before this.
        tokio::task::yield_now().await;
        told.send(()).unwrap();
        assert!(!reading.await.unwrap(), "a pipe is no database");
        assert!(disk.join().unwrap(), "nothing else was done meanwhile");
    }

    #[tokio::test]
    async fn what_was_long_begins_among_the_long_ones_until_it_is_short_again() {
        let folder = tempfile::tempdir().unwrap();
        let readers = readers(&folder);
        let (long, short) = (count(1_000_000), count(1));
        readers.fetch_all(short.clone(), Bound::NONE).await.unwrap();
        assert!(!readers.0.not_short().contains(&short));
        readers.fetch_all(long, Bound::NONE).await.unwrap();
        assert!(readers.0.not_short().contains(&short), "the text is the same");
        // Where no more long ones may run, it is tried as a short one.
        let all = Arc::clone(&readers.0.long).acquire_many_owned(3).await.unwrap();
        timeout(LONG_ENOUGH, readers.fetch_all(short.clone(), Bound::NONE)).await.unwrap().unwrap();
        drop(all);
        assert!(readers.0.not_short().contains(&short), "nobody has looked how long it takes there");
        timeout(LONG_ENOUGH, async {
            while readers.0.not_short().contains(&short) {
                readers.fetch_all(short.clone(), Bound::NONE).await.unwrap();
            }
        })
        .await
        .unwrap();
    }
}
