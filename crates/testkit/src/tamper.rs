//! Changes to a database that this program never makes.
use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

/// Runs SQL on the file of a database, also what the schema forbids. Answers the number of rows that it changed.
pub async fn tamper(database: &Path, sql: &str) -> u64 {
    let options = SqliteConnectOptions::new().filename(database);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let sql = format!("PRAGMA ignore_check_constraints = 1; {sql}");
    let done = sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    done.rows_affected()
}
