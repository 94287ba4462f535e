//! SQLite, in a file: several connections that read, and exactly one that writes.
//!
//! A statement runs in the thread that asks for it: the way to another thread and back takes longer than most of them.
//! What may take longer than that way, or waits for the disk, leaves the other tasks of the thread to another. Migrations
//! and copies use the driver of sqlx, which has a thread of its own.
mod connection;
mod error;
mod readers;
mod row;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::{Mutex, OwnedMutexGuard},
    time::Instant,
};

use self::{
    connection::{Access, Connection, Patience},
    error::{is_busy, is_short_of_patience},
    readers::Readers,
};
pub(super) use self::{
    error::fault,
    row::{FileRow, FileRows, FromCell},
};
use super::{
    dialect::Statement,
    driver::{AnyRows, Bound},
    migrations::{self, Dialects},
};
use crate::StoreError;

/// The number of connections for reading.
const READERS: u32 = 4;
/// How long a statement waits for a lock of another process, and a transaction for the one before it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long it waits before it tries again.
const BUSY_PAUSE: Duration = Duration::from_millis(5);
/// How often a file is opened while others open it. When several turn on the write-ahead log of a new file at once, SQLite
/// lets all but one fail without waiting.
const OPENING_ATTEMPTS: u32 = 100;
const OPENING_PAUSE: Duration = Duration::from_millis(20);
/// A deferred transaction would fail with "busy" on its first write, whatever the busy timeout says.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// Bounds on the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The maximum size of the database, in pages of 4 KiB; none means the size of the disk.
    pub max_pages: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct Pools {
    readers: Readers,
    /// Exactly one connection: SQLite has one write lock, and waiting for this connection is fair.
    writer: Arc<Mutex<Writer>>,
}

impl Pools {
    /// Opens the file, creates it if there is none, and brings its schema up to date.
    pub(super) async fn open(file: &Path, Limits { max_pages }: Limits) -> Result<Self, StoreError> {
        migrate(file).await?;
        let pools = Self::to(file, READERS, Access::Write { max_pages });
        pools.writer().await?.connection()?;
        Ok(pools)
    }

    /// Opens a file for reading only; other processes may use it meanwhile.
    pub(super) async fn open_read_only(file: &Path) -> sqlx::Result<Self> {
        let pools = Self::to(file, 1, Access::Read);
        pools.fetch_all(Statement::command("SELECT count(*) FROM sqlite_schema"), Bound::NONE).await?;
        Ok(pools)
    }

    fn to(file: &Path, readers: u32, access: Access) -> Self {
        let writer = Writer { file: file.to_owned(), access, connection: None, is_closed: false };
        Self { readers: Readers::of(file.to_owned(), readers), writer: Arc::new(Mutex::new(writer)) }
    }

    /// All rows of a query, up to a bound.
    pub(super) async fn fetch_all(&self, statement: Statement, bound: Bound) -> sqlx::Result<AnyRows> {
        self.readers.fetch_all(statement, bound).await
    }

    /// A transaction, once no other is under way.
    pub(super) async fn begin(&self) -> sqlx::Result<Transaction> {
        let mut writer = self.writer().await?;
        let until = Instant::now() + BUSY_TIMEOUT;
        loop {
            let begun = writer.connection().and_then(|connection| connection.command(BEGIN));
            match begun {
                Ok(()) => return Ok(Transaction { writer: Some(writer), is_failed: false }),
                Err(error) if !is_busy(&error) || Instant::now() >= until => return Err(error),
                // Another process has the lock, and this thread has other things to do.
                Err(_) => tokio::time::sleep(BUSY_PAUSE).await,
            }
        }
    }

    /// Runs one change that is a transaction of its own.
    pub(super) async fn execute(&self, statement: Statement) -> sqlx::Result<u64> {
        let mut transaction = self.begin().await?;
        let changed = transaction.execute(&statement)?;
        transaction.commit()?;
        Ok(changed)
    }

    async fn writer(&self) -> sqlx::Result<OwnedMutexGuard<Writer>> {
        let turn = tokio::time::timeout(BUSY_TIMEOUT, Arc::clone(&self.writer).lock_owned()).await;
        turn.map_err(|_| sqlx::Error::PoolTimedOut)
    }

    /// How many connections are open, and how many of them are idle.
    pub(super) fn connections(&self) -> (u64, u64) {
        let (is_open, is_idle) = match self.writer.try_lock() {
            Ok(writer) => (writer.connection.is_some(), writer.connection.is_some()),
            Err(_) => (true, false),
        };
        let (open, idle) = self.readers.connections();
        (open + u64::from(is_open), idle + u64::from(is_idle))
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        let mut writer = self.writer.lock().await;
        // The last to be closed, because it can leave a file without a log.
        writer.connection = None;
        writer.is_closed = true;
    }
}

/// Creates the file if there is none, and brings its schema up to date.
async fn migrate(file: &Path) -> Result<(), StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(BUSY_TIMEOUT);
    let mut attempts = 1;
    let mut connection = loop {
        match SqliteConnection::connect_with(&options).await {
            Ok(connection) => break connection,
            Err(error) if is_busy(&error) && attempts < OPENING_ATTEMPTS => attempts += 1,
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(OPENING_PAUSE).await;
    };
    // If several processes open the file at the same time, one migrates it, and the others wait for that.
    let mut tx = connection.begin_with(BEGIN).await?;
    migrations::run(Dialects::sqlite, &mut *tx).await?;
    tx.commit().await?;
    Ok(connection.close().await?)
}

/// The connection that writes.
#[derive(Debug)]
struct Writer {
    file: PathBuf,
    access: Access,
    /// None before it is first used, and after it could not be rolled back.
    connection: Option<Connection>,
    is_closed: bool,
}

impl Writer {
    fn connection(&mut self) -> sqlx::Result<&Connection> {
        if self.is_closed {
            return Err(sqlx::Error::PoolClosed);
        }
        match &mut self.connection {
            Some(connection) => Ok(connection),
            none => Ok(none.insert(leaving_the_thread(|| Connection::open(&self.file, self.access))?)),
        }
    }
}

/// A transaction. Dropped before it is committed, it is rolled back.
#[derive(Debug)]
pub(super) struct Transaction {
    /// None once it is committed.
    writer: Option<OwnedMutexGuard<Writer>>,
    /// Whether a statement failed. SQLite may have ended the transaction then, as it does when the disk is full, and would
    /// make the next change durable by itself.
    is_failed: bool,
}

impl Transaction {
    /// The connection, as long as the transaction is open and no statement has failed.
    fn sound(&self) -> sqlx::Result<&Connection> {
        self.require_sound()?;
        self.open()
    }

    fn open(&self) -> sqlx::Result<&Connection> {
        let connection = self.writer.as_ref().and_then(|writer| writer.connection.as_ref());
        let open = connection.filter(|connection| connection.is_in_transaction());
        open.ok_or_else(|| sqlx::Error::Protocol("the transaction has ended".to_owned()))
    }

    /// All rows of a query, up to a bound.
    pub(super) fn fetch_all(&mut self, statement: &Statement, bound: Bound) -> sqlx::Result<AnyRows> {
        let connection = self.sound()?;
        let rows = match connection.fetch_all(statement, bound, Patience::Short) {
            Err(error) if is_short_of_patience(&error) => {
                let whole = Patience::Long(Arc::default());
                leaving_the_thread(|| connection.fetch_all(statement, bound, whole))
            }
            rows => rows,
        };
        self.note(rows)
    }

    /// Runs a change of any number of rows; gives this number.
    pub(super) fn execute(&mut self, statement: &Statement) -> sqlx::Result<u64> {
        let connection = self.sound()?;
        let changed = leaving_the_thread(|| connection.execute(statement));
        self.note(changed)
    }

    /// Runs changes of a row or few, one after the other, up to the first that fails.
    pub(super) fn execute_each(&mut self, statements: &[Statement]) -> sqlx::Result<()> {
        statements.iter().try_for_each(|statement| {
            let changed = self.sound()?.execute(statement);
            self.note(changed).map(drop)
        })
    }

    pub(super) fn command(&mut self, sql: &str) -> sqlx::Result<()> {
        let done = self.sound()?.command(sql);
        self.note(done)
    }

    fn note<T>(&mut self, done: sqlx::Result<T>) -> sqlx::Result<T> {
        self.is_failed |= done.is_err();
        done
    }

    /// Takes back what was done since a savepoint. Where that is not there, the whole transaction may be gone.
    pub(super) fn take_back(&mut self, commands: [&str; 2]) -> sqlx::Result<()> {
        let connection = self.open()?;
        commands.into_iter().try_for_each(|command| connection.command(command))?;
        self.is_failed = false;
        Ok(())
    }

    /// No statement has failed, or what failed was taken back.
    pub(super) fn require_sound(&self) -> sqlx::Result<()> {
        let failed = || sqlx::Error::Protocol("a statement of the transaction failed".to_owned());
        if self.is_failed { Err(failed()) } else { Ok(()) }
    }

    pub(super) fn commit(mut self) -> sqlx::Result<()> {
        leaving_the_thread(|| self.command("COMMIT"))?;
        self.writer = None;
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(mut writer) = self.writer.take() else { return };
        let left = writer.connection.as_ref().filter(|connection| connection.is_in_transaction());
        if left.is_some_and(|connection| connection.command("ROLLBACK").is_err()) {
            // Whatever it is, it ends with the connection.
            writer.connection = None;
        }
    }
}

/// Runs what may take long, or waits for the disk. Another thread goes on with the tasks of this one, if there can be one.
fn leaving_the_thread<T>(run: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(run),
        _ => run(),
    }
}
