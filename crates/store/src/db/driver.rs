//! The two drivers behind one face: pools of connections, transactions and rows of either database.
use std::{mem, pin::Pin};

use futures_util::{Stream, TryStreamExt as _};
use sea_query::{Expr, Query};
use sea_query_sqlx::SqlxBinder;
use sqlx::{
    AssertSqlSafe, Decode, Postgres, Row as _, Sqlite, Type, TypeInfo as _, ValueRef as _,
    error::DatabaseError,
    postgres::{PgDatabaseError, PgRow},
    sqlite::SqliteRow,
};

use super::{
    Row,
    dialect::{Dialect, Statement},
    postgres, sqlite,
    writer::Unit,
};
use crate::StoreError;

/// What a driver answers in the end. It is boxed and names no type of a row or query, so that the drivers' code is
/// compiled once, in this crate.
pub(super) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, sqlx::Error>> + Send + 'a>>;

/// A row of either database.
#[derive(Debug)]
pub(crate) enum AnyRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl From<SqliteRow> for AnyRow {
    fn from(row: SqliteRow) -> Self {
        Self::Sqlite(row)
    }
}

impl From<PgRow> for AnyRow {
    fn from(row: PgRow) -> Self {
        Self::Postgres(row)
    }
}

/// The most bytes that the rows of an answer may have; none means any number.
pub(super) type Bound = Option<usize>;

/// What a column takes beside the bytes of its text.
const COLUMN_BYTES: usize = 16;

/// The rows have more bytes than their bound.
#[derive(Debug, thiserror::Error)]
#[error("the rows have more bytes than an answer may have")]
pub(crate) struct TooLong;

/// Takes rows up to a bound. It ends before the row that would be too much.
pub(super) async fn take<R: Into<AnyRow>>(
    mut rows: impl Stream<Item = sqlx::Result<R>> + Unpin,
    bound: Bound,
) -> sqlx::Result<Vec<AnyRow>> {
    let (mut taken, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        let row = row.into();
        if let Some(most) = bound {
            bytes += row.bytes();
            if bytes > most {
                return Err(sqlx::Error::Decode(Box::new(TooLong)));
            }
        }
        taken.push(row);
    }
    Ok(taken)
}

impl AnyRow {
    fn bytes(&self) -> usize {
        match self {
            Self::Sqlite(row) => (0..row.len()).map(|column| COLUMN_BYTES + sqlite_bytes(row, column)).sum(),
            Self::Postgres(row) => (0..row.len()).map(|column| COLUMN_BYTES + postgres_bytes(row, column)).sum(),
        }
    }

    /// The whole row.
    pub(super) fn decode<T: Row>(&self) -> sqlx::Result<T> {
        match self {
            Self::Sqlite(row) => T::from_row(row),
            Self::Postgres(row) => T::from_row(row),
        }
    }

    /// One column; none if it does not decode.
    pub(crate) fn column<T>(&self, name: &str) -> Option<T>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(name).ok(),
            Self::Postgres(row) => row.try_get(name).ok(),
        }
    }
}

/// The connections to a database.
#[derive(Clone, Debug)]
pub(super) enum Pools {
    Sqlite(sqlite::Pools),
    Postgres(postgres::Pools),
}

impl Pools {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// A transaction, once no other is under way.
    pub(super) async fn begin(&self) -> sqlx::Result<Transaction> {
        let open = match self {
            Self::Sqlite(pools) => Open::Sqlite(pools.begin().await?),
            Self::Postgres(pools) => Open::Postgres(Box::pin(pools.begin()).await?),
        };
        Ok(Transaction { open, queued: Vec::new() })
    }

    fn fetch_all(&self, statement: Statement, bound: Bound) -> Answer<'_, Vec<AnyRow>> {
        match self {
            Self::Sqlite(pools) => {
                let query = sqlx::query_with(AssertSqlSafe(statement.sql), statement.values);
                Box::pin(take(query.fetch(&pools.reader), bound))
            }
            Self::Postgres(pools) => Box::pin(pools.fetch_all(statement, bound)),
        }
    }

    /// The same with connections for what must not wait for other work.
    pub(super) fn apart(&self) -> Self {
        match self {
            Self::Sqlite(pools) => Self::Sqlite(pools.clone()),
            Self::Postgres(pools) => Self::Postgres(pools.apart()),
        }
    }

    /// Runs one change that is no unit of work, and concerns no rights; gives the number of changed rows.
    pub(super) async fn execute(&self, query: &impl SqlxBinder) -> sqlx::Result<u64> {
        let statement = self.dialect().statement(query);
        match self {
            Self::Sqlite(pools) => pools.execute(statement).await,
            Self::Postgres(pools) => pools.execute(statement).await,
        }
    }

    pub(super) async fn ping(&self) -> sqlx::Result<()> {
        self.fetch_all(self.dialect().statement(Query::select().expr(Expr::val(1))), None).await.map(drop)
    }

    /// How many connections are in use, and how many are open and are not.
    pub(super) fn connections(&self) -> (u64, u64) {
        let (open, idle) = match self {
            Self::Sqlite(pools) => pools.connections(),
            Self::Postgres(pools) => pools.connections(),
        };
        (open.saturating_sub(idle), idle)
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pools) => pools.close().await,
            Self::Postgres(pools) => pools.close().await,
        }
    }
}

/// A transaction. Dropped before it is committed, it is rolled back.
#[derive(Debug)]
pub(super) struct Transaction {
    open: Open,
    /// Changes that are sent with the next statement.
    queued: Vec<Statement>,
}

#[derive(Debug)]
enum Open {
    Sqlite(sqlite::Transaction),
    Postgres(postgres::Transaction),
}

const SAVE: &str = "SAVEPOINT unit";
const RELEASE: &str = "RELEASE SAVEPOINT unit";
const TAKE_BACK: &str = "ROLLBACK TO SAVEPOINT unit";

impl Transaction {
    pub(super) fn fetch_all(&mut self, statement: Statement, bound: Bound) -> Answer<'_, Vec<AnyRow>> {
        let mut queued = mem::take(&mut self.queued);
        match &mut self.open {
            Open::Sqlite(transaction) => {
                queued.push(statement);
                Box::pin(transaction.fetch_all(queued, bound))
            }
            Open::Postgres(transaction) => Box::pin(async move {
                transaction.execute_each(queued).await?;
                transaction.fetch_all(statement, bound).await
            }),
        }
    }

    /// Runs a change; gives the number of changed rows.
    pub(super) fn execute(&mut self, statement: Statement) -> Answer<'_, u64> {
        let mut queued = mem::take(&mut self.queued);
        match &mut self.open {
            Open::Sqlite(transaction) => {
                queued.push(statement);
                Box::pin(transaction.execute(queued))
            }
            Open::Postgres(transaction) => Box::pin(async move {
                transaction.execute_each(queued).await?;
                transaction.execute(statement).await
            }),
        }
    }

    /// Runs a change with the next statement, which fails if it does.
    pub(super) fn queue(&mut self, statement: Statement) {
        self.queued.push(statement);
    }

    /// Runs what is queued.
    pub(super) fn flush(&mut self) -> Answer<'_, ()> {
        let queued = mem::take(&mut self.queued);
        if queued.is_empty() {
            return Box::pin(async { Ok(()) });
        }
        match &mut self.open {
            Open::Sqlite(transaction) => Box::pin(async move { transaction.execute(queued).await.map(drop) }),
            Open::Postgres(transaction) => Box::pin(transaction.execute_each(queued)),
        }
    }

    /// Begins a part that can be taken back alone.
    pub(super) async fn save(&mut self) -> sqlx::Result<()> {
        match &mut self.open {
            Open::Sqlite(_) => self.queue(Statement::command(SAVE)),
            Open::Postgres(transaction) => transaction.command(SAVE).await?,
        }
        Ok(())
    }

    /// Ends that part: it stays if the transaction does.
    pub(super) async fn release(&mut self) -> sqlx::Result<()> {
        if let Open::Postgres(transaction) = &mut self.open {
            transaction.execute_each(mem::take(&mut self.queued)).await?;
            return transaction.command(RELEASE).await;
        }
        self.queue(Statement::command(RELEASE));
        self.flush().await
    }

    /// Takes that part back.
    pub(super) async fn take_back(&mut self) -> sqlx::Result<()> {
        let queued = mem::take(&mut self.queued);
        match &mut self.open {
            // It did not begin.
            Open::Sqlite(_) if queued.iter().any(|statement| statement.sql == SAVE) => Ok(()),
            Open::Sqlite(transaction) => transaction.take_back([TAKE_BACK, RELEASE]).await,
            Open::Postgres(transaction) => {
                transaction.command(TAKE_BACK).await?;
                transaction.is_sound_again();
                transaction.command(RELEASE).await
            }
        }
    }

    /// No statement has failed, or what failed was taken back.
    pub(super) fn require_sound(&self) -> Result<(), StoreError> {
        match &self.open {
            Open::Sqlite(transaction) => Ok(transaction.require_sound()?),
            Open::Postgres(transaction) => transaction.require_sound(),
        }
    }

    /// Wakes the replicas that wait for changes, once this is committed.
    pub(super) async fn ring(&mut self) -> sqlx::Result<()> {
        match &mut self.open {
            Open::Sqlite(_) => Ok(()),
            Open::Postgres(transaction) => transaction.ring().await,
        }
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self.open {
            Open::Sqlite(transaction) => Ok(Box::pin(transaction.commit(self.queued)).await?),
            Open::Postgres(transaction) => Box::pin(transaction.commit(self.queued)).await,
        }
    }
}

/// Where rows are read.
#[derive(Debug)]
pub(super) enum Source<'a> {
    Committed(&'a Pools),
    UnitOfWork(&'a mut Unit),
}

impl Source<'_> {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Committed(pools) => pools.dialect(),
            Self::UnitOfWork(unit) => unit.dialect(),
        }
    }

    pub(super) fn reborrow(&mut self) -> Source<'_> {
        match self {
            Self::Committed(pools) => Source::Committed(pools),
            Self::UnitOfWork(unit) => Source::UnitOfWork(unit),
        }
    }

    /// All rows of a query, up to a bound.
    pub(super) fn fetch_all(&mut self, query: &impl SqlxBinder, bound: Bound) -> Answer<'_, Vec<AnyRow>> {
        let statement = self.dialect().statement(query);
        match self {
            Self::Committed(pools) => pools.fetch_all(statement, bound),
            Self::UnitOfWork(unit) => match unit.transaction() {
                Ok(transaction) => transaction.fetch_all(statement, bound),
                Err(error) => Box::pin(async { Err(error) }),
            },
        }
    }
}

/// The bytes of a text or a blob.
fn sqlite_bytes(row: &SqliteRow, column: usize) -> usize {
    let Ok(value) = row.try_get_raw(column) else { return 0 };
    // The bytes of a number would be those of its text, which would have to be made.
    match value.type_info().name() {
        "TEXT" | "BLOB" => <&[u8] as Decode<Sqlite>>::decode(value).map_or(0, <[u8]>::len),
        _ => 0,
    }
}

fn postgres_bytes(row: &PgRow, column: usize) -> usize {
    row.try_get_raw(column).ok().and_then(|value| value.as_bytes().ok()).map_or(0, <[u8]>::len)
}

/// What an error of a database means.
pub(crate) enum Fault {
    /// A unique constraint is violated; the text names the columns or the constraint.
    Conflict(String),
    /// The database or the disk is full.
    Full,
    /// It cannot be opened, read or written at all, or not now.
    Unavailable,
    /// Anything else.
    Other,
}

/// What an error means, by the codes of the database that it is from.
pub(crate) fn fault(error: &dyn DatabaseError) -> Fault {
    match error.try_downcast_ref::<PgDatabaseError>() {
        Some(error) => postgres::fault(error),
        None => sqlite::fault(error),
    }
}
