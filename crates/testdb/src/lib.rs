#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![allow(clippy::missing_panics_doc, clippy::unwrap_used, reason = "a test may fail where it stands")]

mod postgres;
mod sqlite;

pub use postgres::PostgresDatabase;
pub use sqlite::SqliteFile;

/// A database that is removed when it is dropped.
#[derive(Debug)]
pub enum TestDatabase {
    /// A file.
    Sqlite(SqliteFile),
    /// A database of a server.
    Postgres(PostgresDatabase),
}

impl TestDatabase {
    /// An empty database, or one that has the schema already: `migrate` makes it, once for all tests of a program.
    pub async fn new(migrate: impl AsyncFnOnce(&str)) -> Self {
        match PostgresDatabase::new(migrate).await {
            Some(database) => Self::Postgres(database),
            None => Self::Sqlite(SqliteFile::new()),
        }
    }

    /// An empty file, wherever other tests run.
    pub fn file() -> Self {
        Self::Sqlite(SqliteFile::new())
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
