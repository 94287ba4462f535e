//! What errors of SQLite mean, <https://www.sqlite.org/rescode.html>.
use std::{borrow::Cow, error::Error as StdError, fmt};

use rusqlite::ffi::{self, ErrorCode, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
use sqlx::error::{DatabaseError, ErrorKind};

use crate::db::driver::Fault;

/// An error of SQLite.
#[derive(Debug)]
struct FileError {
    /// The extended result code.
    code: i32,
    message: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(code: {}) {}", self.code, self.message)
    }
}

impl StdError for FileError {}

impl DatabaseError for FileError {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.to_string().into())
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        match self.code {
            SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY => ErrorKind::UniqueViolation,
            _ => ErrorKind::Other,
        }
    }
}

pub(super) fn error_of(error: rusqlite::Error) -> sqlx::Error {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            let message = message.unwrap_or_else(|| failure.to_string());
            sqlx::Error::Database(Box::new(FileError { code: failure.extended_code, message }))
        }
        other => sqlx::Error::Encode(Box::new(other)),
    }
}

/// The result code, without what makes it more exact.
fn code(error: &dyn DatabaseError) -> Option<ErrorCode> {
    error.code().and_then(|code| code.parse().ok()).map(|code| ffi::Error::new(code).code)
}

/// Whether another connection is in the way.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(code) == Some(ErrorCode::DatabaseBusy)
}

/// Whether a statement would have taken longer than it may.
pub(super) fn is_short_of_patience(error: &sqlx::Error) -> bool {
    is_busy(error) || error.as_database_error().and_then(code) == Some(ErrorCode::OperationInterrupted)
}

/// What an error means.
pub(in crate::db) fn fault(error: &dyn DatabaseError) -> Fault {
    if error.is_unique_violation() {
        return Fault::Conflict(error.message().to_owned());
    }
    match code(error) {
        Some(ErrorCode::DiskFull) => Fault::Full,
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::NotADatabase,
        ) => Fault::Unavailable,
        _ => Fault::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_attempt_may_find_gone_is_unavailable() {
        let of = |code: i32| fault(&FileError { code, message: String::new() });
        for code in [ffi::SQLITE_BUSY, ffi::SQLITE_IOERR_READ, ffi::SQLITE_CANTOPEN, ffi::SQLITE_PROTOCOL] {
            assert!(matches!(of(code), Fault::Unavailable), "{code}");
        }
        assert!(matches!(of(ffi::SQLITE_FULL), Fault::Full));
        assert!(matches!(of(ffi::SQLITE_CORRUPT), Fault::Other));
    }
}
