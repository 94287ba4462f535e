//! Moving a deployment from a file of SQLite to PostgreSQL, and copies of a file that is in use.
use std::path::Path;

use futures_util::TryStreamExt as _;
use sea_query::{Alias, Expr, Query};
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection,
    postgres::PgRow,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use uuid::Uuid;

use super::{dialect::Dialect, postgres, postgres::PostgresOptions};
use crate::StoreError;

/// How many rows are inserted at a time; a statement takes 65535 values.
const BATCH: usize = 500;

/// All tables, each after those that it refers to.
const TABLES: [&str; 22] = [
    "settings",
    "rights_version",
    "users",
    "organizations",
    "organization_members",
    "user_settings",
    "user_links",
    "notices",
    "groups",
    "group_members",
    "custom_roles",
    "api_keys",
    "api_key_ancestors",
    "device_grants",
    "resources",
    "resource_grants",
    "retired_resources",
    "audit_records",
    "audit_checkpoint",
    "passcodes",
    "counted_mails",
    "rights_changes",
];

/// How far a copy has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyProgress {
    /// The table.
    pub table: &'static str,
    /// What is done with it.
    pub step: CopyStep,
    /// How many of its rows are done.
    pub done: u64,
    /// How many it has.
    pub all: u64,
}

/// What is done with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyStep {
    /// Its rows are copied.
    Copying,
    /// Its rows are read from both databases, and compared.
    Comparing,
}

/// Why a deployment was not moved. Nothing was left in the target.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The source cannot be read, or its schema cannot be brought up to date.
    #[error("the source cannot be used: {0}")]
    Source(StoreError),
    /// The target cannot be used.
    #[error("the target cannot be used: {0}")]
    Target(StoreError),
    /// The target has rows.
    #[error("the target is not empty: its table `{0}` has rows; name an empty database")]
    NotEmpty(&'static str),
    /// A row is in one of both alone.
    #[error("row {row} of table `{table}` is in one of both databases alone")]
    Missing {
        /// The table.
        table: &'static str,
        /// The place of the row, from 1, in the order of all its columns.
        row: u64,
    },
    /// A row is not the same in both.
    #[error(
        "`{column}` of row {row} of table `{table}` is not the same in both databases, in the order of all columns: does it \
         have a character that PostgreSQL does not store, such as NUL?"
    )]
    Different {
        /// The table.
        table: &'static str,
        /// The column.
        column: String,
        /// The place of the row, from 1, in the order of all its columns.
        row: u64,
    },
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    None,
    Number(i64),
    Flag(bool),
    Text(String),
    Bytes(Vec<u8>),
    Id(Uuid),
}

/// How PostgreSQL has a column; SQLite has fewer types.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Number,
    Short,
    Flag,
    Text,
    Bytes,
    Id,
}

struct Column {
    name: String,
    kind: Kind,
}

/// Copies every row of a file to a PostgreSQL database that has none, and reads both to compare them. Both are as they were
/// at one moment; the target has all rows in the end, or none.
///
/// # Errors
/// See [`CopyError`].
pub async fn copy_database(
    from: &Path,
    to: &PostgresOptions,
    progress: &mut (dyn FnMut(CopyProgress) + Send),
) -> Result<(), CopyError> {
    // Both have the schema of this version, then.
    crate::Store::open(from, crate::Limits::default()).await.map_err(CopyError::Source)?.close().await;
    crate::Store::connect(to.clone()).await.map_err(CopyError::Target)?.close().await;
    let options = SqliteConnectOptions::new().filename(from).read_only(true);
    let mut source = SqliteConnection::connect_with(&options).await.map_err(of_source)?;
    let mut source = source.begin().await.map_err(of_source)?;
    let mut target = postgres::begin_alone(to).await.map_err(CopyError::Target)?;
    // The one row that every schema begins with.
    run(&mut target, "DELETE FROM rights_version").await?;
    let mut tables = Vec::new();
    for name in TABLES {
        if count(&mut target, name).await? > 0 {
            return Err(CopyError::NotEmpty(name));
        }
        tables.push(Table::of(name, &mut source, &mut target).await?);
    }
    for table in &tables {
        table.copy(&mut source, &mut target, progress).await?;
    }
    for table in &tables {
        table.compare(&mut source, &mut target, progress).await?;
    }
    run(&mut target, "COMMIT").await
}

/// Copies a database file that a server may be using; the copy is of one moment.
///
/// # Errors
/// When the file cannot be read, or the copy cannot be written.
pub async fn backup_database(file: &Path, copy: &Path) -> Result<(), StoreError> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let copy = copy.to_str().ok_or_else(|| StoreError::Unfit("the name of the copy is not UTF-8".to_owned()))?;
    sqlx::query("VACUUM INTO ?").bind(copy).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// A table, as both databases have it.
struct Table {
    name: &'static str,
    columns: Vec<Column>,
    rows: u64,
    /// Selects all rows, in the same order in both.
    select: String,
}

impl Table {
    async fn of(
        name: &'static str,
        source: &mut SqliteConnection,
        target: &mut PgConnection,
    ) -> Result<Self, CopyError> {
        let columns = columns(target, name).await?;
        let select = select(name, &columns);
        Ok(Self { name, columns, rows: count_in_file(source, name).await?, select })
    }

    fn progress(&self, step: CopyStep, done: u64) -> CopyProgress {
        CopyProgress { table: self.name, step, done, all: self.rows }
    }

    async fn copy(
        &self,
        source: &mut SqliteConnection,
        target: &mut PgConnection,
        progress: &mut (dyn FnMut(CopyProgress) + Send),
    ) -> Result<(), CopyError> {
        let mut rows = sqlx::query(AssertSqlSafe(self.select.clone())).fetch(source);
        let mut batch = Vec::with_capacity(BATCH);
        let mut done = 0;
        while let Some(row) = rows.try_next().await.map_err(of_source)? {
            let cells = self.columns.iter().map(|column| of_file(&row, column));
            batch.push(cells.collect::<Result<Vec<_>, _>>().map_err(of_source)?);
            if batch.len() == BATCH {
                done += BATCH as u64;
                insert(target, self, std::mem::take(&mut batch)).await?;
                progress(self.progress(CopyStep::Copying, done));
            }
        }
        if !batch.is_empty() {
            insert(target, self, batch).await?;
        }
        progress(self.progress(CopyStep::Copying, self.rows));
        Ok(())
    }

    async fn compare(
        &self,
        source: &mut SqliteConnection,
        target: &mut PgConnection,
        progress: &mut (dyn FnMut(CopyProgress) + Send),
    ) -> Result<(), CopyError> {
        let mut expected = sqlx::query(AssertSqlSafe(self.select.clone())).fetch(source);
        let mut found = sqlx::query(AssertSqlSafe(self.select.clone())).fetch(target);
        for row in 1_u64.. {
            let pair = (expected.try_next().await.map_err(of_source)?, found.try_next().await.map_err(of_target)?);
            let (expected, found) = match pair {
                (None, None) => break,
                (Some(expected), Some(found)) => (expected, found),
                _ => return Err(CopyError::Missing { table: self.name, row }),
            };
            for column in &self.columns {
                if of_file(&expected, column).map_err(of_source)? != of_server(&found, column).map_err(of_target)? {
                    return Err(CopyError::Different { table: self.name, column: column.name.clone(), row });
                }
            }
            if row % (BATCH as u64) == 0 {
                progress(self.progress(CopyStep::Comparing, row));
            }
        }
        progress(self.progress(CopyStep::Comparing, self.rows));
        Ok(())
    }
}

/// All rows in an order that both databases have: texts and ids are compared byte by byte.
fn select(table: &str, columns: &[Column]) -> String {
    let names = columns.iter().map(|column| format!("\"{}\"", column.name)).collect::<Vec<_>>().join(", ");
    // PostgreSQL puts what is empty last, SQLite first.
    let order = columns.iter().map(|column| format!("\"{}\" NULLS FIRST", column.name)).collect::<Vec<_>>().join(", ");
    format!("SELECT {names} FROM \"{table}\" ORDER BY {order}")
}

/// The columns of a table, without those that the database computes.
async fn columns(target: &mut PgConnection, table: &str) -> Result<Vec<Column>, CopyError> {
    let text = "SELECT column_name::text, data_type::text FROM information_schema.columns \
                WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position";
    let rows = sqlx::query(text).bind(table).fetch_all(target).await.map_err(of_target)?;
    let column = |row: &PgRow| {
        let kind = match row.try_get::<String, _>(1)?.as_str() {
            "bigint" => Kind::Number,
            "integer" => Kind::Short,
            "boolean" => Kind::Flag,
            "bytea" => Kind::Bytes,
            "uuid" => Kind::Id,
            _ => Kind::Text,
        };
        Ok(Column { name: row.try_get(0)?, kind })
    };
    rows.iter().map(column).collect::<Result<_, sqlx::Error>>().map_err(of_target)
}

fn of_file(row: &SqliteRow, column: &Column) -> sqlx::Result<Cell> {
    let name = column.name.as_str();
    Ok(match column.kind {
        Kind::Number | Kind::Short => row.try_get::<Option<i64>, _>(name)?.map(Cell::Number),
        Kind::Flag => row.try_get::<Option<bool>, _>(name)?.map(Cell::Flag),
        Kind::Text => row.try_get::<Option<String>, _>(name)?.map(Cell::Text),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(name)?.map(Cell::Bytes),
        Kind::Id => row.try_get::<Option<Uuid>, _>(name)?.map(Cell::Id),
    }
    .unwrap_or(Cell::None))
}

fn of_server(row: &PgRow, column: &Column) -> sqlx::Result<Cell> {
    let name = column.name.as_str();
    Ok(match column.kind {
        Kind::Number => row.try_get::<Option<i64>, _>(name)?.map(Cell::Number),
        Kind::Short => row.try_get::<Option<i32>, _>(name)?.map(|number| Cell::Number(number.into())),
        Kind::Flag => row.try_get::<Option<bool>, _>(name)?.map(Cell::Flag),
        Kind::Text => row.try_get::<Option<String>, _>(name)?.map(Cell::Text),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(name)?.map(Cell::Bytes),
        Kind::Id => row.try_get::<Option<Uuid>, _>(name)?.map(Cell::Id),
    }
    .unwrap_or(Cell::None))
}

async fn insert(target: &mut PgConnection, table: &Table, rows: Vec<Vec<Cell>>) -> Result<(), CopyError> {
    let mut query = Query::insert();
    query.into_table(Alias::new(table.name)).columns(table.columns.iter().map(|column| Alias::new(&column.name)));
    for row in rows {
        query.values_panic(row.into_iter().zip(&table.columns).map(|(cell, column)| value(cell, column.kind)));
    }
    let statement = Dialect::Postgres.statement(&query);
    let query = sqlx::query_with(AssertSqlSafe(statement.sql), statement.values);
    query.execute(target).await.map(drop).map_err(of_target)
}

fn value(cell: Cell, kind: Kind) -> Expr {
    match (cell, kind) {
        (Cell::None, Kind::Number | Kind::Short) => None::<i64>.into(),
        (Cell::None, Kind::Flag) => None::<bool>.into(),
        (Cell::None, Kind::Text) => None::<String>.into(),
        (Cell::None, Kind::Bytes) => None::<Vec<u8>>.into(),
        (Cell::None, Kind::Id) => None::<Uuid>.into(),
        (Cell::Number(number), _) => number.into(),
        (Cell::Flag(flag), _) => flag.into(),
        (Cell::Text(text), _) => text.into(),
        (Cell::Bytes(bytes), _) => bytes.into(),
        (Cell::Id(id), _) => id.into(),
    }
}

async fn run(target: &mut PgConnection, sql: &'static str) -> Result<(), CopyError> {
    sqlx::query(sql).execute(target).await.map(drop).map_err(of_target)
}

async fn count(target: &mut PgConnection, table: &str) -> Result<i64, CopyError> {
    let text = format!("SELECT count(*) FROM \"{table}\"");
    let row = sqlx::query(AssertSqlSafe(text)).fetch_one(target).await.map_err(of_target)?;
    row.try_get(0).map_err(of_target)
}

async fn count_in_file(source: &mut SqliteConnection, table: &str) -> Result<u64, CopyError> {
    let text = format!("SELECT count(*) FROM \"{table}\"");
    let row = sqlx::query(AssertSqlSafe(text)).fetch_one(source).await.map_err(of_source)?;
    Ok(row.try_get::<i64, _>(0).map_err(of_source)?.unsigned_abs())
}

fn of_source(error: sqlx::Error) -> CopyError {
    CopyError::Source(error.into())
}

fn of_target(error: sqlx::Error) -> CopyError {
    CopyError::Target(error.into())
}
