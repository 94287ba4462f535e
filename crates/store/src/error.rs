//! Errors of the store.
use sqlx::error::DatabaseError;

use crate::db::Undecodable;

/// A failed query or transaction. Nothing of it was stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A unique constraint is violated: such a row exists. The text names the columns.
    #[error("a unique constraint was violated: {0}")]
    Conflict(String),
    /// A unit of work holds no audit record of what it does, so it was not committed.
    #[error("the change has no audit record")]
    Unrecorded,
    /// The row to change, or the one that a page is to come after, does not exist.
    #[error("the row is gone")]
    Gone,
    /// A row has a value that no version of this program writes.
    #[error("row `{id}` of table `{table}` does not decode: {reason}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's key.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The database or the disk is full.
    #[error("the database is full: {0}")]
    Full(#[source] sqlx::Error),
    /// The database cannot be opened, read or written at all.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The program ended while it committed: whether the change was made is not known.
    #[error("the commit was interrupted: it is not known whether the change was made")]
    Interrupted,
    /// The schema could not be brought up to date.
    #[error("the database schema could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// Any other error of the driver.
    #[error("the database refused a statement: {0}")]
    Driver(#[source] sqlx::Error),
}

impl StoreError {
    pub(crate) fn corrupt(
        table: &'static str,
        id: &(impl ToString + ?Sized),
        reason: &(impl ToString + ?Sized),
    ) -> Self {
        Self::Corrupt { table, id: id.to_string(), reason: reason.to_string() }
    }
}

/// Primary result codes of SQLite, <https://www.sqlite.org/rescode.html>.
mod sqlite_code {
    pub(super) const BUSY: u32 = 5;
    pub(super) const READONLY: u32 = 8;
    pub(super) const IOERR: u32 = 10;
    pub(super) const FULL: u32 = 13;
    pub(super) const CANTOPEN: u32 = 14;
    pub(super) const NOTADB: u32 = 26;
}

/// SQLite's result code, without what makes it more exact.
fn primary_code(error: &dyn DatabaseError) -> Option<u32> {
    error.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff)
}

/// Whether another connection is in the way.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(primary_code) == Some(sqlite_code::BUSY)
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Decode(source) = &error
            && let Some(Undecodable { table, id, reason }) = source.downcast_ref()
        {
            return Self::corrupt(table, id, reason);
        }
        let Some(database) = error.as_database_error() else {
            return match error {
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => Self::Unavailable(error),
                other => Self::Driver(other),
            };
        };
        if database.is_unique_violation() {
            return Self::Conflict(database.message().to_owned());
        }
        match primary_code(database) {
            Some(sqlite_code::FULL) => Self::Full(error),
            Some(
                sqlite_code::BUSY
                | sqlite_code::READONLY
                | sqlite_code::IOERR
                | sqlite_code::CANTOPEN
                | sqlite_code::NOTADB,
            ) => Self::Unavailable(error),
            _ => Self::Driver(error),
        }
    }
}
