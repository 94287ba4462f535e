//! SQLite, in a file: several connections that read, and exactly one that writes.
use std::{mem, path::Path, sync::Arc, time::Duration};

use futures_util::TryStreamExt as _;
use sea_query_sqlx::SqlxValues;
use sqlx::{
    AssertSqlSafe, Connection as _, Either, Executor as _, Sqlite, SqliteConnection, SqlitePool,
    error::DatabaseError,
    query::Query,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{
    dialect::Statement,
    driver::{AnyRow, Bound, Fault, take},
    migrations::{self, Dialects},
};
use crate::StoreError;

/// The number of connections for reading.
const READERS: u32 = 4;
/// How long a statement waits for a lock of another process, and a transaction for the one before it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a file is opened while others open it. When several turn on the write-ahead log of a new file at once, SQLite
/// lets all but one fail without waiting.
const OPENING_ATTEMPTS: u32 = 100;
const OPENING_PAUSE: Duration = Duration::from_millis(20);
/// The most statements in one text, and in one that is kept prepared.
const MOST_JOINED: usize = 32;
const MOST_KEPT: usize = 8;
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
    pub(super) reader: SqlitePool,
    /// Exactly one connection: SQLite has one write lock, and waiting for this connection is fair.
    writer: Arc<Mutex<Writer>>,
}

impl Pools {
    /// Opens the file, creates it if there is none, and brings its schema up to date.
    pub(super) async fn open(file: &Path, limits: Limits) -> Result<Self, StoreError> {
        let mut options = SqliteConnectOptions::new()
            .filename(file)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        if let Some(pages) = limits.max_pages {
            options = options.pragma("max_page_count", pages.to_string());
        }
        let mut writer = Writer::to(options.clone().create_if_missing(true));
        let mut attempts = 1;
        let connection = loop {
            match writer.connection().await {
                Err(error) if is_busy(&error) && attempts < OPENING_ATTEMPTS => attempts += 1,
                Err(error) => return Err(error.into()),
                Ok(_) => break writer.connection().await?,
            }
            tokio::time::sleep(OPENING_PAUSE).await;
        };
        // If several processes open the file at the same time, one migrates it, and the others wait for that.
        let mut tx = connection.begin_with(BEGIN).await?;
        migrations::run(Dialects::sqlite, &mut *tx).await?;
        tx.commit().await?;
        Ok(Self { reader: readers(READERS).connect_with(options.read_only(true)).await?, writer: writer.shared() })
    }

    /// Opens a file for reading only; other processes may use it meanwhile.
    pub(super) async fn open_read_only(file: &Path) -> sqlx::Result<Self> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(BUSY_TIMEOUT);
        let reader = readers(1).connect_with(options.clone()).await?;
        Ok(Self { reader, writer: Writer::to(options).shared() })
    }

    /// A transaction, once no other is under way. It begins with its first statement.
    pub(super) async fn begin(&self) -> sqlx::Result<Transaction> {
        let mut writer = self.writer().await?;
        writer.connection().await?;
        Ok(Transaction { writer: Some(writer), has_begun: false, is_failed: false })
    }

    /// Runs one change that is a transaction of its own.
    pub(super) async fn execute(&self, statement: Statement) -> sqlx::Result<u64> {
        execute(self.writer().await?.connection().await?, statement).await
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
        (u64::from(self.reader.size()) + u64::from(is_open), self.reader.num_idle() as u64 + u64::from(is_idle))
    }

    pub(super) async fn close(&self) {
        self.reader.close().await;
        self.writer.lock().await.close().await;
    }
}

/// Connections for reading. None is asked whether it is there before it is used: a file is not far away.
fn readers(count: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(count).test_before_acquire(false)
}

/// The connection that writes.
#[derive(Debug)]
struct Writer {
    options: SqliteConnectOptions,
    /// None before it is first used, and after it could not be rolled back.
    connection: Option<SqliteConnection>,
    /// Whether a transaction may be open that nobody goes on with.
    is_abandoned: bool,
    is_closed: bool,
}

impl Writer {
    fn to(options: SqliteConnectOptions) -> Self {
        Self { options, connection: None, is_abandoned: false, is_closed: false }
    }

    fn shared(self) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(self))
    }

    /// The connection, in no abandoned transaction.
    async fn connection(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        if self.is_closed {
            return Err(sqlx::Error::PoolClosed);
        }
        self.roll_back().await;
        match &mut self.connection {
            Some(connection) => Ok(connection),
            // Apart, because all of this is as large in memory as the longest way that it may go.
            none => Ok(none.insert(Box::pin(SqliteConnection::connect_with(&self.options)).await?)),
        }
    }

    async fn roll_back(&mut self) {
        if self.is_abandoned
            && let Some(connection) = &mut self.connection
            && Box::pin(sqlx::raw_sql("ROLLBACK").execute(connection)).await.is_err()
        {
            // There may be nothing to roll back: SQLite ends a transaction by itself when the disk is full. Whatever it is,
            // it ends with the connection.
            self.connection = None;
        }
        self.is_abandoned = false;
    }

    async fn close(&mut self) {
        self.is_closed = true;
        if let Some(connection) = self.connection.take() {
            // It is closed either way.
            let _closed = connection.close().await;
        }
    }
}

/// A transaction. Dropped before it is committed, it is rolled back.
#[derive(Debug)]
pub(super) struct Transaction {
    /// None once it is committed.
    writer: Option<OwnedMutexGuard<Writer>>,
    has_begun: bool,
    /// Whether a statement failed. SQLite may have ended the transaction then, as it does when the disk is full, and would
    /// make the next change durable by itself.
    is_failed: bool,
}

impl Transaction {
    fn connection(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        let connection = self.writer.as_mut().and_then(|writer| writer.connection.as_mut());
        connection.ok_or_else(|| sqlx::Error::Protocol("the transaction has ended".to_owned()))
    }

    /// The statement, behind the beginning if it is the first.
    fn begun(&mut self, statement: Statement) -> sqlx::Result<Statement> {
        self.require_sound()?;
        if mem::replace(&mut self.has_begun, true) {
            return Ok(statement);
        }
        Ok(Statement::joined([Statement::command(BEGIN), statement]))
    }

    /// All rows of the last of these statements.
    pub(super) async fn fetch_all(&mut self, statements: Vec<Statement>, bound: Bound) -> sqlx::Result<Vec<AnyRow>> {
        let statement = self.run_but_the_last(statements).await?;
        let rows = take(query(statement).fetch(self.connection()?), bound).await;
        self.note(rows)
    }

    /// Runs changes; gives the number of rows that the last of them changed.
    pub(super) async fn execute(&mut self, statements: Vec<Statement>) -> sqlx::Result<u64> {
        let statement = self.run_but_the_last(statements).await?;
        let changed = execute(self.connection()?, statement).await;
        self.note(changed)
    }

    /// Runs statements until no more are left than one text may have, and gives that text.
    async fn run_but_the_last(&mut self, mut statements: Vec<Statement>) -> sqlx::Result<Statement> {
        while statements.len() > MOST_JOINED {
            let rest = statements.split_off(MOST_JOINED);
            let first = self.begun(Statement::joined(mem::replace(&mut statements, rest)))?;
            let done = execute(self.connection()?, first).await;
            self.note(done)?;
        }
        self.begun(Statement::joined(statements))
    }

    fn note<T>(&mut self, done: sqlx::Result<T>) -> sqlx::Result<T> {
        self.is_failed |= done.is_err();
        done
    }

    /// Takes back what was done since a savepoint. Where that is not there, the whole transaction may be gone.
    pub(super) async fn take_back(&mut self, commands: [&str; 2]) -> sqlx::Result<()> {
        execute(self.connection()?, Statement::joined(commands.map(Statement::command))).await?;
        self.is_failed = false;
        Ok(())
    }

    /// No statement has failed, or what failed was taken back.
    pub(super) fn require_sound(&self) -> sqlx::Result<()> {
        let failed = || sqlx::Error::Protocol("a statement of the transaction failed".to_owned());
        if self.is_failed { Err(failed()) } else { Ok(()) }
    }

    /// Runs the last statements, and commits.
    pub(super) async fn commit(mut self, mut last: Vec<Statement>) -> sqlx::Result<()> {
        last.push(Statement::command("COMMIT"));
        self.execute(last).await?;
        self.writer = None;
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(mut writer) = self.writer.take().filter(|_| self.has_begun) else { return };
        writer.is_abandoned = true;
        // Without a runtime, the next transaction does it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move { writer.roll_back().await });
    }
}

/// A query that is kept prepared, unless it is long and will hardly come again.
fn query(statement: Statement) -> Query<'static, Sqlite, SqlxValues> {
    let is_kept = statement.parts <= MOST_KEPT;
    sqlx::query_with(AssertSqlSafe(statement.sql), statement.values).persistent(is_kept)
}

/// Runs a change, or several joined; gives the number of rows that the last of them changed.
async fn execute(connection: &mut SqliteConnection, statement: Statement) -> sqlx::Result<u64> {
    let mut answers = connection.fetch_many(query(statement));
    let mut changed = 0;
    while let Some(answer) = answers.try_next().await? {
        if let Either::Left(done) = answer {
            changed = done.rows_affected();
        }
    }
    Ok(changed)
}

/// Primary result codes, <https://www.sqlite.org/rescode.html>.
mod code {
    pub(super) const BUSY: u32 = 5;
    pub(super) const READONLY: u32 = 8;
    pub(super) const IOERR: u32 = 10;
    pub(super) const FULL: u32 = 13;
    pub(super) const CANTOPEN: u32 = 14;
    pub(super) const NOTADB: u32 = 26;
}

/// The result code, without what makes it more exact.
fn primary_code(error: &dyn DatabaseError) -> Option<u32> {
    error.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff)
}

/// Whether another connection is in the way.
fn is_busy(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(primary_code) == Some(code::BUSY)
}

/// What an error means.
pub(super) fn fault(error: &dyn DatabaseError) -> Fault {
    if error.is_unique_violation() {
        return Fault::Conflict(error.message().to_owned());
    }
    match primary_code(error) {
        Some(code::FULL) => Fault::Full,
        Some(code::BUSY | code::READONLY | code::IOERR | code::CANTOPEN | code::NOTADB) => Fault::Unavailable,
        _ => Fault::Other,
    }
}
