//! A file of SQLite.
use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

/// A file in a folder of its own.
#[derive(Debug)]
pub struct SqliteFile {
    directory: TempDir,
}

impl SqliteFile {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// The folder.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.directory.path().join("keyfob.db")
    }

    pub(crate) async fn tamper(&self, sql: &str) -> u64 {
        let options = SqliteConnectOptions::new().filename(self.path());
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let sql = format!("PRAGMA ignore_check_constraints = 1; {sql}");
        let done = sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        done.rows_affected()
    }
}
