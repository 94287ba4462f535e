//! The two drivers behind one face: pools of connections, transactions and rows of either database.
use std::{mem, pin::Pin};

use futures_util::{Stream, TryStreamExt as _};
use sea_query::{Expr, Query};
use sea_query_sqlx::SqlxBinder;
use sqlx::{
    Column as _, Decode, Postgres, Row as _, Type,
    error::DatabaseError,
    postgres::{PgDatabaseError, PgRow},
};
use uuid::Uuid;

use super::{
    dialect::{Dialect, Statement},
    postgres,
    sqlite::{self, FileRow, FileRows, FromCell},
    writer::Unit,
};
use crate::StoreError;

/// What a driver answers in the end. It is boxed and names no type of a row or query, so that the drivers' code is
/// compiled once, in this crate.
pub(super) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, sqlx::Error>> + Send + 'a>>;

/// The rows of an answer of either database.
#[derive(Debug)]
pub(crate) enum AnyRows {
    File(FileRows),
    Postgres(Vec<PgRow>),
}

/// Where the columns of a row struct are in the rows of an answer, in the order of its fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(Vec<usize>);

impl Places {
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().copied()
    }
}

/// A row of either database.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AnyRow<'r> {
    File(FileRow<'r>),
    Postgres(&'r PgRow),
}

/// A value that a column of either database can hold.
pub(crate) trait Column<'r>: FromCell<'r> + Decode<'r, Postgres> + Type<Postgres> {}
impl<'r, T> Column<'r> for T where T: FromCell<'r> + Decode<'r, Postgres> + Type<Postgres> {}

/// The most bytes that the rows of an answer may have; none means any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bound(pub(super) Option<usize>);

/// What a column takes beside the bytes of its text.
const COLUMN_BYTES: usize = 16;

/// The rows have more bytes than their bound.
#[derive(Debug, thiserror::Error)]
#[error("the rows have more bytes than an answer may have")]
pub(crate) struct TooLong;

impl Bound {
    /// Any number of rows.
    pub(super) const NONE: Self = Self(None);

    /// Whether rows may have so many columns, whose texts and blobs have so many bytes.
    pub(super) fn allow(self, columns: usize, bytes: usize) -> sqlx::Result<()> {
        match self.0 {
            Some(most) if columns * COLUMN_BYTES + bytes > most => Err(sqlx::Error::Decode(Box::new(TooLong))),
            _ => Ok(()),
        }
    }
}

/// Takes rows of PostgreSQL up to a bound. It ends before the row that would be too much.
pub(super) async fn take(
    mut found: impl Stream<Item = sqlx::Result<PgRow>> + Unpin,
    bound: Bound,
) -> sqlx::Result<AnyRows> {
    let (mut rows, mut columns, mut bytes) = (Vec::new(), 0, 0);
    while let Some(row) = found.try_next().await? {
        if bound != Bound::NONE {
            columns += row.len();
            bytes += (0..row.len()).map(|column| postgres_bytes(&row, column)).sum::<usize>();
            bound.allow(columns, bytes)?;
        }
        rows.push(row);
    }
    Ok(AnyRows::Postgres(rows))
}

impl AnyRows {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::File(rows) => rows.len(),
            Self::Postgres(rows) => rows.len(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = AnyRow<'_>> {
        (0..self.len()).filter_map(|place| self.row(place))
    }

    /// Where columns of these names are in each row.
    pub(crate) fn places(&self, names: &[&str]) -> sqlx::Result<Places> {
        let Some(row) = self.first() else { return Ok(Places::default()) };
        Ok(Places(names.iter().map(|name| row.place(name)).collect::<Result<_, _>>()?))
    }

    pub(crate) fn first(&self) -> Option<AnyRow<'_>> {
        self.row(0)
    }

    fn row(&self, place: usize) -> Option<AnyRow<'_>> {
        match self {
            Self::File(rows) => rows.row(place).map(AnyRow::File),
            Self::Postgres(rows) => rows.get(place).map(AnyRow::Postgres),
        }
    }
}

impl<'r> AnyRow<'r> {
    fn place(self, name: &str) -> sqlx::Result<usize> {
        let place = match self {
            Self::File(row) => row.place(name),
            Self::Postgres(row) => row.columns().iter().position(|column| column.name() == name),
        };
        place.ok_or_else(|| sqlx::Error::ColumnNotFound(name.to_owned()))
    }

    #[inline]
    fn at<T: Column<'r>>(self, place: usize) -> sqlx::Result<T> {
        match self {
            Self::File(row) => row.at(place),
            Self::Postgres(row) => row.try_get(place),
        }
    }

    /// The column in the next of these places.
    #[inline]
    pub(crate) fn next<T: Column<'r>>(self, places: &mut impl Iterator<Item = usize>) -> sqlx::Result<T> {
        self.at(places.next().unwrap_or(usize::MAX))
    }

    /// One column; none if it does not decode.
    pub(crate) fn column<T: Column<'r>>(self, name: &str) -> Option<T> {
        self.at(self.place(name).ok()?).ok()
    }

    /// What the first column holds, which identifies the row.
    pub(super) fn id(self) -> Option<String> {
        self.at::<Uuid>(0).map(|id| id.to_string()).or_else(|_| self.at(0)).ok()
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

    fn fetch_all(&self, statement: Statement, bound: Bound) -> Answer<'_, AnyRows> {
        match self {
            Self::Sqlite(pools) => Box::pin(pools.fetch_all(statement, bound)),
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
        self.fetch_all(self.dialect().statement(Query::select().expr(Expr::val(1))), Bound::NONE).await.map(drop)
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
    pub(super) async fn fetch_all(&mut self, statement: Statement, bound: Bound) -> sqlx::Result<AnyRows> {
        let queued = mem::take(&mut self.queued);
        match &mut self.open {
            Open::Sqlite(transaction) => {
                transaction.execute_each(&queued)?;
                transaction.fetch_all(&statement, bound)
            }
            Open::Postgres(transaction) => {
                Box::pin(async move {
                    transaction.execute_each(queued).await?;
                    transaction.fetch_all(statement, bound).await
                })
                .await
            }
        }
    }

    /// Runs a change; gives the number of changed rows.
    pub(super) async fn execute(&mut self, statement: Statement) -> sqlx::Result<u64> {
        let queued = mem::take(&mut self.queued);
        match &mut self.open {
            Open::Sqlite(transaction) => {
                transaction.execute_each(&queued)?;
                transaction.execute(&statement)
            }
            Open::Postgres(transaction) => {
                Box::pin(async move {
                    transaction.execute_each(queued).await?;
                    transaction.execute(statement).await
                })
                .await
            }
        }
    }

    /// Runs a change with the next statement, which fails if it does.
    pub(super) fn queue(&mut self, statement: Statement) {
        self.queued.push(statement);
    }

    /// Runs what is queued.
    pub(super) async fn flush(&mut self) -> sqlx::Result<()> {
        let queued = mem::take(&mut self.queued);
        match &mut self.open {
            Open::Sqlite(transaction) => transaction.execute_each(&queued),
            Open::Postgres(transaction) => Box::pin(transaction.execute_each(queued)).await,
        }
    }

    /// Begins a part that can be taken back alone.
    pub(super) async fn save(&mut self) -> sqlx::Result<()> {
        self.command(SAVE).await
    }

    /// Ends that part: it stays if the transaction does.
    pub(super) async fn release(&mut self) -> sqlx::Result<()> {
        self.flush().await?;
        self.command(RELEASE).await
    }

    async fn command(&mut self, sql: &'static str) -> sqlx::Result<()> {
        match &mut self.open {
            Open::Sqlite(transaction) => transaction.command(sql),
            Open::Postgres(transaction) => Box::pin(transaction.command(sql)).await,
        }
    }

    /// Takes that part back.
    pub(super) async fn take_back(&mut self) -> sqlx::Result<()> {
        self.queued.clear();
        match &mut self.open {
            Open::Sqlite(transaction) => transaction.take_back([TAKE_BACK, RELEASE]),
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
            Open::Sqlite(mut transaction) => {
                transaction.execute_each(&self.queued)?;
                Ok(transaction.commit()?)
            }
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
    pub(super) fn fetch_all(&mut self, query: &impl SqlxBinder, bound: Bound) -> Answer<'_, AnyRows> {
        self.fetch_statement(self.dialect().statement(query), bound)
    }

    /// All rows of a statement, up to a bound.
    pub(super) fn fetch_statement(&mut self, statement: Statement, bound: Bound) -> Answer<'_, AnyRows> {
        match self {
            Self::Committed(pools) => pools.fetch_all(statement, bound),
            Self::UnitOfWork(unit) => match unit.transaction() {
                Ok(transaction) => Box::pin(transaction.fetch_all(statement, bound)),
                Err(error) => Box::pin(async { Err(error) }),
            },
        }
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
