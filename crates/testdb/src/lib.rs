#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a test may fail where it stands")]

mod postgres;
mod sqlite;

pub use postgres::PostgresDatabase;
pub use sqlite::SqliteFile;

use std::path::Path;

/// A database of a test. One on a server is removed when it is dropped, a file with its folder.
#[derive(Debug)]
pub enum TestDatabase {
    /// A file.
    Sqlite(SqliteFile),
    /// A database of a server.
    Postgres(PostgresDatabase),
}

impl TestDatabase {
    /// A file that is not there yet, in this folder, or a database that has the schema already: `migrate` makes it, once
    /// for all tests of a program.
    pub async fn new_in(folder: &Path, migrate: impl AsyncFnOnce(&str)) -> Self {
        match PostgresDatabase::new(migrate).await {
            Some(database) => Self::Postgres(database),
            None => Self::file_in(folder),
        }
    }

    /// A file that is not there yet, wherever other tests run.
    pub fn file_in(folder: &Path) -> Self {
        Self::Sqlite(SqliteFile::in_folder(folder))
    }

    /// The address of the database, if it is one of PostgreSQL.
    pub fn postgres_url(&self) -> Option<&str> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(database) => Some(database.url()),
        }
    }

    /// Makes a change that the program never makes, also what the schema forbids. Answers the number of changed rows.
    /// Bytes are written as in SQLite: `x'07'`, and `randomblob(16)` for an id.
    pub async fn tamper(&self, sql: &str) -> u64 {
        match self {
            Self::Sqlite(file) => file.tamper(sql).await,
            Self::Postgres(database) => database.tamper(sql).await,
        }
    }
}
