//! A file of SQLite.
use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

/// A file in a folder of a test.
#[derive(Debug)]
pub struct SqliteFile(PathBuf);

impl SqliteFile {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self(folder.join("keyfob.db"))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0
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
