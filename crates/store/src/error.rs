//! Errors of the store.
use crate::db::{Fault, TooLong, Undecodable, fault};

/// A failed query or transaction. Nothing of it was stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A unique constraint is violated: such a row exists. The text names the columns, or the constraint.
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
    /// A list is longer than one answer may be: it is read in pages, or in parts.
    #[error("the list is too long for one answer")]
    TooLong,
    /// The database or the disk is full.
    #[error("the database is full: {0}")]
    Full(#[source] sqlx::Error),
    /// The database cannot be opened, read or written at all.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The program ended while it committed: whether the change was made is not known.
    #[error("the commit was interrupted: it is not known whether the change was made")]
    Interrupted,
    /// A later version of this program has changed the schema.
    #[error(
        "the database has a schema of version {found}, and this version of keyfob knows schemas up to {known}: run the \
         version of keyfob that last used the database, or a later one"
    )]
    NewerSchema {
        /// The version of the schema.
        found: i64,
        /// The latest version that this program knows.
        known: i64,
    },
    /// The database is not one that this program can use.
    #[error("the database cannot be used: {0}")]
    Unfit(String),
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

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Decode(source) = &error {
            if let Some(Undecodable { table, id, reason }) = source.downcast_ref() {
                return Self::corrupt(table, id, reason);
            }
            if source.is::<TooLong>() {
                return Self::TooLong;
            }
        }
        let Some(database) = error.as_database_error() else {
            return match error {
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
                other => Self::Driver(other),
            };
        };
        match fault(database) {
            Fault::Conflict(with) => Self::Conflict(with),
            Fault::Full => Self::Full(error),
            Fault::Unavailable => Self::Unavailable(error),
            Fault::Other => Self::Driver(error),
        }
    }
}
