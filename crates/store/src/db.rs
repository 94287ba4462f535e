//! Connections, transactions, and the one place that runs SQL.
//!
//! INVARIANT: no other module names a driver. All differences between databases belong here.
mod lists;
mod search;
mod stored;

pub(crate) use lists::{is_one_of_ids, is_one_of_pairs, is_one_of_texts};
pub(crate) use search::{contains, equals};
pub(crate) use stored::{Remains, Stored, without_corrupt};

use std::{path::Path, pin::Pin, time::Duration};

use jiff::Timestamp;
use sea_query::{Expr, SimpleExpr, SqliteQueryBuilder};
use sea_query_sqlx::{SqlxBinder, SqlxValues};
use sqlx::{
    AssertSqlSafe, Connection as _, FromRow, SqlSafeStr as _, Sqlite, SqliteConnection, SqlitePool,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous},
};
use uuid::Uuid;

use crate::{
    StoreError,
    error::is_busy,
    reach::{Reach, Reached},
    uses::Uses,
};

/// The number of connections for reading.
const READERS: u32 = 4;
/// The maximum number of values in a list of a statement; SQLite takes 32766 in a whole statement.
pub(crate) const MAX_IN_LIST: usize = 10_000;
/// How long a statement waits for a lock of another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a file is opened while others open it. When several turn on the write-ahead log of a new file at once, SQLite
/// lets all but one fail without waiting.
const OPENING_ATTEMPTS: u32 = 100;
const OPENING_PAUSE: Duration = Duration::from_millis(20);

/// All migrations, in order. Never edit one after a release.
const MIGRATIONS: [(i64, &str, &str); 8] = [
    (1, "init", include_str!("../migrations/sqlite/0001_init.sql")),
    (2, "rights_version", include_str!("../migrations/sqlite/0002_rights_version.sql")),
    (3, "passcodes", include_str!("../migrations/sqlite/0003_passcodes.sql")),
    (4, "ascii_identifiers", include_str!("../migrations/sqlite/0004_ascii_identifiers.sql")),
    (5, "audit_ids", include_str!("../migrations/sqlite/0005_audit_ids.sql")),
    (6, "chains", include_str!("../migrations/sqlite/0006_chains.sql")),
    (7, "passcode_requests", include_str!("../migrations/sqlite/0007_passcode_requests.sql")),
    (8, "counted_mails", include_str!("../migrations/sqlite/0008_counted_mails.sql")),
];

/// A handle to the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    reader: SqlitePool,
    /// Exactly one connection: SQLite has one write lock, and waiting for this connection is fair and cannot fail.
    writer: SqlitePool,
    /// Uses of keys that are not written yet.
    pub(crate) uses: Uses,
}

/// Bounds on the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The maximum size of the database, in pages of 4 KiB; none means the size of the disk.
    pub max_pages: Option<u32>,
}

/// One unit of work. Dropping it without [`Tx::commit`] rolls it back.
#[derive(Debug)]
pub struct Tx {
    connection: sqlx::Transaction<'static, Sqlite>,
    uses: Uses,
    reached: Reached,
}

/// A row struct that the drivers can decode.
pub(crate) trait Row: Send + Unpin + for<'r> FromRow<'r, SqliteRow> {}
impl<T> Row for T where T: Send + Unpin + for<'r> FromRow<'r, SqliteRow> {}

/// Reads: of the committed state ([`Store::read`]), or in a unit of work, with its own changes ([`Tx::read`]).
///
/// A row that does not decode is an error where it alone is asked for; a list leaves it out, and the log names it.
#[derive(Debug)]
pub struct Reader<'a> {
    source: Source<'a>,
    uses: &'a Uses,
    salvages: bool,
}

/// Where a [`Reader`] reads.
#[derive(Debug)]
enum Source<'a> {
    Committed(&'a SqlitePool),
    UnitOfWork(&'a mut SqliteConnection),
}

impl Store {
    /// Opens the database file, creates it if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be opened or written, [`StoreError::Migrate`] when it holds
    /// a schema that this version does not know.
    pub async fn open(file: &Path, limits: Limits) -> Result<Self, StoreError> {
        let mut options = SqliteConnectOptions::new()
            .filename(file)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        if let Some(pages) = limits.max_pages {
            options = options.pragma("max_page_count", pages.to_string());
        }
        let pool = || {
            SqlitePoolOptions::new().max_connections(1).after_release(|connection, _| {
                Box::pin(async move {
                    // This waits for a roll-back that is under way.
                    connection.ping().await?;
                    // SQLite ends a transaction by itself when the disk is full; the driver then still counts it, and
                    // never begins another.
                    Ok(!connection.is_in_transaction())
                })
            })
        };
        let mut attempts = 1;
        let writer = loop {
            match pool().connect_with(options.clone().create_if_missing(true)).await {
                Err(error) if is_busy(&error) && attempts < OPENING_ATTEMPTS => attempts += 1,
                connected => break connected?,
            }
            tokio::time::sleep(OPENING_PAUSE).await;
        };
        // If several processes open the file at the same time, one migrates it, and the others wait for that.
        let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
        migrator().run_direct(None, &mut *tx, false).await?;
        tx.commit().await?;
        let reader = SqlitePoolOptions::new().max_connections(READERS).connect_with(options.read_only(true)).await?;
        Ok(Self { reader, writer, uses: Uses::default() })
    }

    /// Opens a database file for reading only; other processes may use it meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be opened, or is no database.
    pub async fn open_read_only(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(BUSY_TIMEOUT);
        let reader = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        Ok(Self { writer: reader.clone(), reader, uses: Uses::default() })
    }

    /// Begins a unit of work. There is one at a time: others wait until it is committed or dropped.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection is available.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        // A deferred transaction would fail with "busy" on its first write, whatever the busy timeout says.
        let connection = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Tx { connection, uses: self.uses.clone(), reached: Reached::default() })
    }

    /// Reads the committed state.
    pub fn read(&self) -> Reader<'_> {
        Reader { source: Source::Committed(&self.reader), uses: &self.uses, salvages: false }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.reader).await?;
        Ok(())
    }

    /// Closes all connections, after the statements that are under way.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.map(|(number, name, sql)| {
        Migration::new(number, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.to_vec())
}

/// What the driver answers in the end. It is boxed and names no type of a row or query, so that the driver's code is
/// compiled once, in this crate.
type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, sqlx::Error>> + Send + 'a>>;

/// A statement as the driver takes it.
struct Statement {
    sql: String,
    values: SqlxValues,
}

impl Statement {
    fn of(query: &impl SqlxBinder) -> Self {
        let (sql, values) = query.build_sqlx(SqliteQueryBuilder);
        Self { sql, values }
    }

    fn fetch_all<'a>(self, source: &'a mut Source<'_>) -> Answer<'a, Vec<SqliteRow>> {
        let query = sqlx::query_with(AssertSqlSafe(self.sql), self.values);
        Box::pin(async move {
            match source {
                Source::Committed(pool) => query.fetch_all(*pool).await,
                Source::UnitOfWork(connection) => query.fetch_all(&mut **connection).await,
            }
        })
    }

    fn fetch_optional<'a>(self, source: &'a mut Source<'_>) -> Answer<'a, Option<SqliteRow>> {
        let query = sqlx::query_with(AssertSqlSafe(self.sql), self.values);
        Box::pin(async move {
            match source {
                Source::Committed(pool) => query.fetch_optional(*pool).await,
                Source::UnitOfWork(connection) => query.fetch_optional(&mut **connection).await,
            }
        })
    }

    fn execute(self, connection: &mut SqliteConnection) -> Answer<'_, u64> {
        let query = sqlx::query_with(AssertSqlSafe(self.sql), self.values);
        Box::pin(async move { Ok(query.execute(connection).await?.rows_affected()) })
    }
}

impl Reader<'_> {
    /// Uses of keys that are not written yet.
    pub(crate) fn uses(&self) -> &Uses {
        self.uses
    }

    /// The same, but a row that does not decode is read as what remains of it: for deletions, which must not fail
    /// because of what is to be deleted.
    #[must_use]
    pub fn salvaging(self) -> Self {
        Self { salvages: true, ..self }
    }

    /// The same, without salvaging.
    pub fn exact(&mut self) -> Reader<'_> {
        let source = match &mut self.source {
            Source::Committed(pool) => Source::Committed(pool),
            Source::UnitOfWork(connection) => Source::UnitOfWork(connection),
        };
        Reader { source, uses: self.uses, salvages: false }
    }

    /// All rows of a query.
    pub(crate) async fn fetch_all<T: Row>(&mut self, query: &(impl SqlxBinder + Sync)) -> Result<Vec<T>, StoreError> {
        let rows = Statement::of(query).fetch_all(&mut self.source).await?;
        Ok(rows.iter().map(T::from_row).collect::<Result<_, _>>()?)
    }

    /// All rows of a query but those that do not decode.
    pub(crate) async fn fetch_readable<T: Row>(
        &mut self,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<Vec<T>, StoreError> {
        let rows = Statement::of(query).fetch_all(&mut self.source).await?;
        rows.iter().map(|row| Ok(T::from_row(row)?)).filter_map(without_corrupt).collect()
    }

    /// The values in all rows of a query, but for those that do not decode.
    pub(crate) async fn fetch_list<T: Stored>(
        &mut self,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<Vec<T>, StoreError> {
        let rows = Statement::of(query).fetch_all(&mut self.source).await?;
        rows.iter().map(|row| stored::decode(row, self.uses, self.salvages)).filter_map(without_corrupt).collect()
    }

    /// The values in all rows of a query: where one that is left out would change what somebody may do.
    pub(crate) async fn fetch_whole_list<T: Stored>(
        &mut self,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<Vec<T>, StoreError> {
        let rows = Statement::of(query).fetch_all(&mut self.source).await?;
        rows.iter().map(|row| stored::decode(row, self.uses, self.salvages)).collect()
    }

    /// The value in the first row of a query, if there is one.
    pub(crate) async fn fetch_value<T: Stored>(
        &mut self,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<Option<T>, StoreError> {
        let row = Statement::of(query).fetch_optional(&mut self.source).await?;
        row.map(|row| stored::decode(&row, self.uses, self.salvages)).transpose()
    }

    /// The first row of a query, if there is one.
    pub(crate) async fn fetch_optional<T: Row>(
        &mut self,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<Option<T>, StoreError> {
        let row = Statement::of(query).fetch_optional(&mut self.source).await?;
        Ok(row.as_ref().map(T::from_row).transpose()?)
    }
}

impl Tx {
    /// Reads in this unit of work: what is committed, and its own changes.
    pub fn read(&mut self) -> Reader<'_> {
        Reader { source: Source::UnitOfWork(&mut self.connection), uses: &self.uses, salvages: false }
    }

    /// Whose rights this unit of work has changed so far.
    pub fn reached(&self) -> &Reached {
        &self.reached
    }

    /// This unit of work concerns rights as far as this, whatever its statements say.
    pub(crate) fn reach(&mut self, reach: Reach) {
        self.reached.add(reach);
    }

    /// Uses of keys that are not written yet.
    pub(crate) fn uses(&self) -> &Uses {
        &self.uses
    }

    /// Commits this unit of work; its changes are then durable. Moves the version of rights on if it changed any.
    ///
    /// # Errors
    /// When the commit failed; then no change was stored.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if !self.reached.is_nobody() {
            self.advance_rights_version().await?;
        }
        Ok(self.connection.commit().await?)
    }

    /// Runs a change that may concern the rights of everybody; gives the number of changed rows.
    pub(crate) async fn execute(&mut self, query: &(impl SqlxBinder + Sync)) -> Result<u64, StoreError> {
        self.execute_for(Reach::Everybody, query).await
    }

    /// Runs a change that may concern the rights of everybody, and must change exactly one row.
    pub(crate) async fn execute_one(&mut self, query: &(impl SqlxBinder + Sync)) -> Result<(), StoreError> {
        self.execute_one_for(Reach::Everybody, query).await
    }

    /// Runs a change that concerns rights no farther than this; gives the number of changed rows.
    pub(crate) async fn execute_for(
        &mut self,
        reach: Reach,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<u64, StoreError> {
        let changed = Statement::of(query).execute(&mut self.connection).await?;
        if changed > 0 {
            self.reached.add(reach);
        }
        Ok(changed)
    }

    /// The same for a change that must change exactly one row.
    pub(crate) async fn execute_one_for(
        &mut self,
        reach: Reach,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<(), StoreError> {
        match self.execute_for(reach, query).await? {
            1 => Ok(()),
            _ => Err(StoreError::Gone),
        }
    }
}

/// A struct that is decoded column by column, by name. The first column identifies the row in the error for another
/// that does not decode.
macro_rules! row {
    (struct $name:ident in $table:expr => { $($field:ident : $ty:ty),* $(,)? }) => {
        pub(crate) struct $name { $($field: $ty),* }
        impl<'r, R: sqlx::Row> sqlx::FromRow<'r, R> for $name
        where
            &'static str: sqlx::ColumnIndex<R>,
            usize: sqlx::ColumnIndex<R>,
            uuid::Uuid: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
            String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
            $($ty: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>),*
        {
            fn from_row(row: &'r R) -> sqlx::Result<Self> {
                let corrupt = |error| $crate::db::undecodable($table, row, error);
                Ok(Self { $($field: row.try_get(stringify!($field)).map_err(corrupt)?),* })
            }
        }
    };
}
pub(crate) use row;

/// A row that does not decode, as an error of the driver.
#[derive(Debug, thiserror::Error)]
#[error("row `{id}` of table `{table}` does not decode: {reason}")]
pub(crate) struct Undecodable {
    pub(crate) table: &'static str,
    pub(crate) id: String,
    pub(crate) reason: String,
}

pub(crate) fn undecodable<'r, R: sqlx::Row>(table: &'static str, row: &'r R, error: sqlx::Error) -> sqlx::Error
where
    usize: sqlx::ColumnIndex<R>,
    Uuid: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    if !matches!(error, sqlx::Error::ColumnDecode { .. }) {
        return error;
    }
    let id = row.try_get(0).map(|id: Uuid| id.to_string()).or_else(|_| row.try_get(0));
    let id = id.unwrap_or_else(|_| "?".to_owned());
    sqlx::Error::Decode(Box::new(Undecodable { table, id, reason: error.to_string() }))
}

/// A number of rows for a statement; no table has more than its maximum.
pub(crate) fn rows(count: u64) -> u64 {
    Ord::min(count, i64::MAX.cast_unsigned())
}

/// A text in lower case as the database's `lower` makes it: SQLite's changes ASCII letters only.
pub(crate) fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// Whether a text is in a JSON list of texts. Nothing is in what is no JSON.
pub(crate) fn is_among(text: &str, list: Expr) -> SimpleExpr {
    let values = [list.clone(), list, Expr::val(text)];
    let sql = "EXISTS (SELECT 1 FROM json_each(CASE WHEN json_valid(?) THEN ? ELSE '[]' END) WHERE value = ?)";
    Expr::cust_with_exprs(sql, values)
}

/// A member of a JSON object, as text. What is no JSON has none.
pub(crate) fn json_text(column: Expr, member: &str) -> SimpleExpr {
    let path = format!("$.{}", serde_json::Value::from(member));
    Expr::cust_with_exprs(
        "CASE WHEN json_valid(?) THEN json_extract(?, ?) END",
        [column.clone(), column, Expr::val(path)],
    )
}

row! { struct CountRow in "(count)" => { count: i64 } }

/// The number in the column `count` of a query with one row.
pub(crate) async fn fetch_count(source: &mut Reader<'_>, query: &(impl SqlxBinder + Sync)) -> Result<u64, StoreError> {
    let row: Option<CountRow> = source.fetch_optional(query).await?;
    Ok(row.map_or(0, |row| u64::try_from(row.count).unwrap_or(0)))
}

/// An instant as it is stored.
pub(crate) fn microseconds(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A stored instant.
pub(crate) fn timestamp(
    table: &'static str,
    id: &(impl ToString + ?Sized),
    stored: i64,
) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(stored).map_err(|error| StoreError::corrupt(table, id, &error))
}
