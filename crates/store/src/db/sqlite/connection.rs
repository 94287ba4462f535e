//! A connection to a file. A statement runs in the thread that asks for it: the way to another thread and back takes
//! longer than most of them.
use std::{
    error::Error as StdError,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rusqlite::{
    CachedStatement, OpenFlags, Statement as Prepared, ToSql,
    config::DbConfig,
    types::{ToSqlOutput, ValueRef},
};
use sea_query::Value;
use tokio::time::Instant;

use super::{
    BUSY_TIMEOUT,
    error::{error_of, is_short_of_patience},
    row::FileRows,
};
use crate::db::{
    dialect::Statement,
    driver::{AnyRows, Bound},
};

/// How many statements are kept prepared.
const MOST_KEPT: usize = 128;
/// The longest text of a statement that is kept prepared: a longer one has a list, and will hardly come again.
const LONGEST_KEPT: usize = 4096;
/// How long a short query takes, and after how many steps of SQLite's machine the clock is looked at: a step may wait for
/// the disk.
pub(super) const SHORT: Duration = Duration::from_millis(2);
const STEPS: i32 = 100;
/// How large the write-ahead log stays once readings have kept it from being used anew.
const LONGEST_LOG: i32 = 16 << 20;
/// After how many pages of the log they are written back to the file, about 6 MiB. In more pages, the same one comes more
/// often, and is written back once; but a new log grows up to there, which takes longer than writing over an old one.
const PAGES_OF_LOG: i32 = 1500;
/// How much of the file a connection keeps in memory, in KiB: one that reads, and the one that writes, all over some
/// indexes.
const KEPT_TO_READ: i32 = 8 * 1024;
const KEPT_TO_WRITE: i32 = 32 * 1024;
/// From when on a statement is slow.
const SLOW: Duration = Duration::from_secs(1);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write { max_pages: Option<u32> },
}

/// How long a query may take.
#[derive(Clone, Debug)]
pub(super) enum Patience {
    /// [`SHORT`], and no waiting for the locks of other processes. One that would take longer fails
    /// ([`super::error::is_short_of_patience`]).
    Short,
    /// As long as it takes, or until this says that it is given up, and [`BUSY_TIMEOUT`] for a lock of another process.
    Long(Arc<AtomicBool>),
}

#[derive(Debug)]
pub(super) struct Connection(rusqlite::Connection);

impl Connection {
    /// Opens a file that exists.
    pub(super) fn open(file: &Path, access: Access) -> sqlx::Result<Self> {
        let flags = match access {
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Access::Write { .. } => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        let connection = rusqlite::Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
        let connection = connection.map_err(error_of)?;
        connection.set_prepared_statement_cache_capacity(MOST_KEPT);
        // Else a statement with `LIMIT ?` would be prepared anew for each number.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(error_of)?;
        connection.busy_timeout(Duration::ZERO).map_err(error_of)?;
        let pragma = |name, value: &dyn ToSql| connection.pragma_update(None, name, value).map_err(error_of);
        // In KiB if it is negative.
        pragma("cache_size", &-if access == Access::Read { KEPT_TO_READ } else { KEPT_TO_WRITE })?;
        if let Access::Write { max_pages } = access {
            pragma("foreign_keys", &true)?;
            pragma("synchronous", &"FULL")?;
            pragma("journal_size_limit", &LONGEST_LOG)?;
            pragma("wal_autocheckpoint", &PAGES_OF_LOG)?;
            if let Some(pages) = max_pages {
                pragma("max_page_count", &pages)?;
            }
        }
        Ok(Self(connection))
    }

    /// Whether a transaction is open. SQLite ends one by itself when, for example, the disk is full.
    pub(super) fn is_in_transaction(&self) -> bool {
        !self.0.is_autocommit()
    }

    /// All rows that a query finds, up to a bound. It ends before the row that would be too much.
    pub(super) fn fetch_all(&self, statement: &Statement, bound: Bound, patience: Patience) -> sqlx::Result<AnyRows> {
        let is_short = matches!(patience, Patience::Short);
        let waits = if is_short { Duration::ZERO } else { BUSY_TIMEOUT };
        let mut logged = Logged::now(&statement.sql);
        let began = Instant::now();
        let is_over = move || match &patience {
            Patience::Short => began.elapsed() >= SHORT,
            Patience::Long(is_given_up) => is_given_up.load(Ordering::Relaxed),
        };
        self.0.busy_timeout(waits).map_err(error_of)?;
        self.0.progress_handler(STEPS, Some(is_over)).map_err(error_of)?;
        let rows = self.fetch_patiently(statement, bound);
        // It is begun anew, and is one statement to those who read the log.
        logged.is_left_out = is_short && rows.as_ref().is_err_and(is_short_of_patience);
        // A change must not be ended by half: SQLite would take back the whole transaction.
        self.0.progress_handler(STEPS, None::<fn() -> bool>).map_err(error_of)?;
        self.0.busy_timeout(Duration::ZERO).map_err(error_of)?;
        rows
    }

    fn fetch_patiently(&self, statement: &Statement, bound: Bound) -> sqlx::Result<AnyRows> {
        self.with(statement, |prepared| {
            let mut rows = FileRows::of(prepared.column_names().into_iter().map(str::to_owned).collect(), bound);
            let mut found = prepared.raw_query();
            while let Some(row) = found.next().map_err(error_of)? {
                rows.add(row)?;
            }
            Ok(AnyRows::File(rows))
        })
    }

    /// Runs a change; gives the number of changed rows. It waits for no lock of another process.
    pub(super) fn execute(&self, statement: &Statement) -> sqlx::Result<u64> {
        let _logged = Logged::now(&statement.sql);
        self.with(statement, |prepared| prepared.raw_execute().map(|changed| changed as u64).map_err(error_of))
    }

    /// Runs a command, which has no values and changes no rows.
    pub(super) fn command(&self, sql: &str) -> sqlx::Result<()> {
        let _logged = Logged::now(sql);
        let mut prepared = self.0.prepare_cached(sql).map_err(error_of)?;
        prepared.raw_execute().map(drop).map_err(error_of)
    }

    fn with<T>(
        &self,
        statement: &Statement,
        run: impl FnOnce(&mut Prepared<'_>) -> sqlx::Result<T>,
    ) -> sqlx::Result<T> {
        let (mut kept, mut fresh): (CachedStatement<'_>, Prepared<'_>);
        let prepared = if statement.sql.len() <= LONGEST_KEPT {
            kept = self.0.prepare_cached(&statement.sql).map_err(error_of)?;
            &mut *kept
        } else {
            fresh = self.0.prepare(&statement.sql).map_err(error_of)?;
            &mut fresh
        };
        for (place, value) in statement.values.0.iter().enumerate() {
            prepared.raw_bind_parameter(place + 1, parameter(value)?).map_err(error_of)?;
        }
        run(prepared)
    }
}

/// Logs a statement when it has ended, as the driver of PostgreSQL does: with its text, which has no values.
struct Logged<'a> {
    sql: &'a str,
    began: Instant,
    is_left_out: bool,
}

impl<'a> Logged<'a> {
    fn now(sql: &'a str) -> Self {
        Self { sql, began: Instant::now(), is_left_out: false }
    }
}

impl Drop for Logged<'_> {
    fn drop(&mut self) {
        if self.is_left_out {
            return;
        }
        let (elapsed, statement) = (self.began.elapsed(), self.sql);
        if elapsed >= SLOW {
            tracing::warn!(target: "sqlx::query", statement, ?elapsed, "slow statement");
        } else {
            tracing::debug!(target: "sqlx::query", statement, ?elapsed);
        }
    }
}

/// A value of a statement, as SQLite takes it.
fn parameter(value: &Value) -> sqlx::Result<ToSqlOutput<'_>> {
    let value = match value {
        Value::Bool(of) => of.map(|flag| ValueRef::Integer(flag.into())),
        Value::Int(of) => of.map(|number| ValueRef::Integer(number.into())),
        Value::BigInt(of) => of.map(ValueRef::Integer),
        Value::Unsigned(of) => of.map(|number| ValueRef::Integer(number.into())),
        Value::BigUnsigned(Some(number)) => Some(ValueRef::Integer(i64::try_from(*number).map_err(unusable)?)),
        Value::String(of) => of.as_ref().map(|text| ValueRef::Text(text.as_bytes())),
        Value::Bytes(of) => of.as_ref().map(|bytes| ValueRef::Blob(bytes)),
        Value::Uuid(of) => of.as_ref().map(|id| ValueRef::Blob(id.as_bytes())),
        Value::BigUnsigned(None) => None,
        _ => return Err(unusable("no statement has values of this kind")),
    };
    Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
}

fn unusable(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Encode(reason.into())
}
