//! SQLite, in a file: several connections that read, and exactly one that writes.
use std::{path::Path, time::Duration};

use sqlx::{
    Connection as _, Sqlite, SqlitePool,
    error::DatabaseError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    driver::Fault,
    migrations::{self, Dialects},
};
use crate::StoreError;

/// The number of connections for reading.
const READERS: u32 = 4;
/// How long a statement waits for a lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a file is opened while others open it. When several turn on the write-ahead log of a new file at once, SQLite
/// lets all but one fail without waiting.
const OPENING_ATTEMPTS: u32 = 100;
const OPENING_PAUSE: Duration = Duration::from_millis(20);

/// Bounds on the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The maximum size of the database, in pages of 4 KiB; none means the size of the disk.
    pub max_pages: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct Pools {
    pub(super) reader: SqlitePool,
    /// Exactly one connection: SQLite has one write lock, and waiting for this connection is fair and cannot fail.
    writer: SqlitePool,
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
        let pool = || {
            SqlitePoolOptions::new().max_connections(1).after_release(|connection, _| {
                Box::pin(async move {
                    // This waits for a roll-back that is under way.
                    connection.ping().await?;
                    // SQLite ends a transaction by itself when the disk is full; the driver then still counts it, and
                    // never begins another.
                    Ok(!connection.is_in_transaction())
                })
            })
        };
        let mut attempts = 1;
        let writer = loop {
            match pool().connect_with(options.clone().create_if_missing(true)).await {
                Err(error) if is_busy(&error) && attempts < OPENING_ATTEMPTS => attempts += 1,
                connected => break connected?,
            }
            tokio::time::sleep(OPENING_PAUSE).await;
        };
        // If several processes open the file at the same time, one migrates it, and the others wait for that.
        let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
        migrations::run(Dialects::sqlite, &mut *tx).await?;
        tx.commit().await?;
        let reader = SqlitePoolOptions::new().max_connections(READERS).connect_with(options.read_only(true)).await?;
        Ok(Self { reader, writer })
    }

    /// Opens a file for reading only; other processes may use it meanwhile.
    pub(super) async fn open_read_only(file: &Path) -> sqlx::Result<Self> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(BUSY_TIMEOUT);
        let reader = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        Ok(Self { writer: reader.clone(), reader })
    }

    pub(super) async fn begin(&self) -> sqlx::Result<sqlx::Transaction<'static, Sqlite>> {
        // A deferred transaction would fail with "busy" on its first write, whatever the busy timeout says.
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// How many connections are open, and how many of them are idle.
    pub(super) fn connections(&self) -> (u64, u64) {
        let pools = [&self.reader, &self.writer];
        (pools.iter().map(|pool| u64::from(pool.size())).sum(), pools.iter().map(|pool| pool.num_idle() as u64).sum())
    }

    pub(super) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
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
