//! Connections, transactions, and the one place that runs SQL.
//!
//! INVARIANT: no other module names a driver. All differences between databases belong here.
mod copy;
mod dialect;
mod driver;
mod fixed;
mod json;
mod lists;
mod migrations;
mod postgres;
mod search;
mod sqlite;
mod stored;
mod writer;

pub use copy::{CopyError, CopyProgress, CopyStep, backup_database, copy_database};
pub(crate) use dialect::{Dialect, lower};
pub(crate) use driver::{AnyRow, AnyRows, Fault, Places, TooLong, fault};
pub(crate) use fixed::Fixed;
pub(crate) use json::{Json, Lists, Texts, json};
pub use postgres::PostgresOptions;
pub use sqlite::Limits;
pub(crate) use stored::{Remains, Stored, without_corrupt};

use std::{path::Path, time::Duration};

use driver::{Bound, Pools, Source};
use jiff::Timestamp;
use sea_query::{Asterisk, Expr, ExprTrait as _, SimpleExpr, Value};
use sea_query_sqlx::SqlxBinder;
use sqlx::postgres::PgListener;
use writer::{Unit, Writer};

use crate::{
    StoreError,
    beginning::Beginning,
    reach::{Reach, Reached},
    uses::Uses,
};

/// The maximum number of values in a list of a statement; SQLite takes 32766 in a whole statement.
pub(crate) const MAX_IN_LIST: usize = 10_000;

/// The most bytes that the rows of an answer to a client may have. Decoded, and written as JSON, they take several times
/// as many.
pub(crate) const LONGEST_ANSWER: usize = 8 << 20;

/// A handle to the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pools: Pools,
    writer: Writer,
    /// Uses of keys that are not written yet.
    pub(crate) uses: Uses,
}

/// One unit of work. Dropping it without [`Tx::commit`] rolls it back.
#[derive(Debug)]
pub struct Tx {
    unit: Unit,
    uses: Uses,
    reached: Reached,
}

/// A row struct.
pub(crate) trait Row<'r>: Sized {
    /// The names of its columns.
    const COLUMNS: &'static [&'static str];

    /// Decodes a row of either database, which has these columns in these places.
    fn decode(row: AnyRow<'r>, places: &Places) -> sqlx::Result<Self>;
}

/// Reads: of the committed state ([`Store::read`]), or in a unit of work, with its own changes ([`Tx::read`]).
///
/// A row that does not decode is an error where it alone is asked for; a list leaves it out, and the log names it.
#[derive(Debug)]
pub struct Reader<'a> {
    source: Source<'a>,
    uses: &'a Uses,
    salvages: bool,
    bound: Bound,
}

/// Rings when another process has changed rights. It is only a hint: the log of changes says what they are.
#[derive(Debug)]
pub struct Bell(PgListener);

impl Bell {
    /// Waits until it rings, or may have rung unheard.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn rung(&mut self) -> Result<(), StoreError> {
        Ok(self.0.try_recv().await.map(drop)?)
    }
}

impl Store {
    /// Opens the database file of SQLite, creates it if there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be opened or written, [`StoreError::NewerSchema`] when a later
    /// version of this program changed it, [`StoreError::Migrate`] when it holds a schema of another program.
    pub async fn open(file: &Path, limits: Limits) -> Result<Self, StoreError> {
        Ok(Self::with(Pools::Sqlite(sqlite::Pools::open(file, limits).await?)))
    }

    /// Connects to a PostgreSQL database, and brings its schema up to date. Several processes may do so at once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not answer or refuses, [`StoreError::Unfit`] when the URL is not valid
    /// or the database does not store UTF-8, [`StoreError::NewerSchema`] and [`StoreError::Migrate`] as for a file.
    pub async fn connect(options: PostgresOptions) -> Result<Self, StoreError> {
        Ok(Self::with(Pools::Postgres(postgres::Pools::connect(options).await?)))
    }

    /// Opens a database file of SQLite for reading only; other processes may use it meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be opened, or is no database.
    pub async fn open_read_only(file: &Path) -> Result<Self, StoreError> {
        Ok(Self::with(Pools::Sqlite(sqlite::Pools::open_read_only(file).await?)))
    }

    /// Connects to a PostgreSQL database for reading only; others may use it meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Unfit`] when the URL is not valid. Whether the database answers shows when it is read.
    pub fn connect_read_only(options: PostgresOptions) -> Result<Self, StoreError> {
        Ok(Self::with(Pools::Postgres(postgres::Pools::attach(options)?)))
    }

    fn with(pools: Pools) -> Self {
        Self { writer: Writer::new(pools.clone()), pools, uses: Uses::default() }
    }

    /// The language of the database.
    pub(crate) fn dialect(&self) -> Dialect {
        self.pools.dialect()
    }

    /// The same store, with a connection that waits for no other work.
    pub(crate) fn apart(&self) -> Self {
        Self { pools: self.pools.apart(), ..self.clone() }
    }

    /// Makes one change that is no unit of work, and concerns no rights; gives the number of changed rows.
    pub(crate) async fn execute(&self, query: &(impl SqlxBinder + Sync)) -> Result<u64, StoreError> {
        Ok(self.pools.execute(query).await?)
    }

    /// What rings when another process has changed rights; none where there is no other.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn bell(&self) -> Result<Option<Bell>, StoreError> {
        match &self.pools {
            Pools::Sqlite(_) => Ok(None),
            Pools::Postgres(pools) => Ok(Some(Bell(pools.listen().await?))),
        }
    }

    /// Begins a unit of work. There is one at a time: others wait until it is committed or dropped. Those that arrive
    /// together are made durable together.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when no connection is available.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let unit = self.writer.begin().await?;
        Ok(Tx { unit, uses: self.uses.clone(), reached: Reached::default() })
    }

    /// Waits until all is durable that a unit of work which was given up may have seen of others: until then, what is
    /// read outside of units of work may be older.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the writer is busy for too long.
    pub async fn settle(&self) -> Result<(), StoreError> {
        self.writer.settle().await
    }

    /// Forgets what is known from one unit of work to the next, for an operator who has changed the database by other means.
    pub fn forget(&self) {
        self.writer.forget();
    }

    /// Tells of each commit from now on: how many units of work were made durable together, and how long the first of them
    /// waited for that.
    pub fn watch_commits(&self, watch: impl Fn(usize, Duration) + Send + Sync + 'static) {
        self.writer.watch(Box::new(watch));
    }

    /// How many connections are in use, and how many are open and are not.
    pub fn connections(&self) -> (u64, u64) {
        self.pools.connections()
    }

    /// Reads the committed state.
    pub fn read(&self) -> Reader<'_> {
        Reader { source: Source::Committed(&self.pools), uses: &self.uses, salvages: false, bound: Bound::NONE }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.pools.ping().await?)
    }

    /// Closes all connections, after the statements that are under way.
    pub async fn close(&self) {
        self.pools.close().await;
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

    /// The same for an answer to a client: a list that takes more memory than one answer may is
    /// [`StoreError::TooLong`].
    #[must_use]
    pub fn bounded(self) -> Self {
        Self { bound: Bound(Some(LONGEST_ANSWER)), ..self }
    }

    /// The same, without salvaging.
    pub fn exact(&mut self) -> Reader<'_> {
        Reader { source: self.source.reborrow(), uses: self.uses, salvages: false, bound: self.bound }
    }

    /// The language of the database.
    pub(crate) fn dialect(&self) -> Dialect {
        self.source.dialect()
    }

    /// What a unit of work knows without another look at the database; none outside of one.
    pub(crate) fn beginning(&mut self) -> Option<Beginning> {
        match &mut self.source {
            Source::Committed(_) => None,
            Source::UnitOfWork(unit) => Some(*unit.beginning()),
        }
    }

    /// All rows of a query.
    pub(crate) async fn fetch_all<T: for<'r> Row<'r>>(
        &mut self,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.source.fetch_all(query, self.bound).await?;
        let places = rows.places(T::COLUMNS)?;
        Ok(rows.iter().map(|row| T::decode(row, &places)).collect::<Result<_, _>>()?)
    }

    /// All rows of a query but those that do not decode.
    pub(crate) async fn fetch_readable<T: for<'r> Row<'r>>(
        &mut self,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.source.fetch_all(query, self.bound).await?;
        let places = rows.places(T::COLUMNS)?;
        rows.iter().map(|row| Ok(T::decode(row, &places)?)).filter_map(without_corrupt).collect()
    }

    /// The values in all rows of a query, but for those that do not decode.
    pub(crate) async fn fetch_list<T: Stored>(
        &mut self,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.source.fetch_all(query, self.bound).await?;
        stored::list(&rows, self.uses, self.salvages)
    }

    /// The same for a statement whose text is always the same.
    pub(crate) async fn fetch_fixed_list<T: Stored, const N: usize>(
        &mut self,
        fixed: &Fixed<N, impl SqlxBinder>,
        values: [Value; N],
    ) -> Result<Vec<T>, StoreError> {
        let statement = fixed.statement(self.dialect(), values);
        let rows = self.source.fetch_statement(statement, self.bound).await?;
        stored::list(&rows, self.uses, self.salvages)
    }

    /// The values in all rows of a query: where one that is left out would change what somebody may do.
    pub(crate) async fn fetch_whole_list<T: Stored>(
        &mut self,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.source.fetch_all(query, self.bound).await?;
        stored::whole_list(&rows, self.uses, self.salvages)
    }

    /// The value in the first row of a query, if there is one.
    pub(crate) async fn fetch_value<T: Stored>(
        &mut self,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<Option<T>, StoreError> {
        let rows = self.source.fetch_all(query, self.bound).await?;
        stored::first(&rows, self.uses, self.salvages)
    }

    /// The first row of a query, if there is one.
    pub(crate) async fn fetch_optional<T: for<'r> Row<'r>>(
        &mut self,
        query: &(impl SqlxBinder + Sync),
    ) -> Result<Option<T>, StoreError> {
        let rows = self.source.fetch_all(query, self.bound).await?;
        let places = rows.places(T::COLUMNS)?;
        Ok(rows.first().map(|row| T::decode(row, &places)).transpose()?)
    }
}

impl Tx {
    /// Reads in this unit of work: what is committed, and its own changes.
    pub fn read(&mut self) -> Reader<'_> {
        Reader { source: Source::UnitOfWork(&mut self.unit), uses: &self.uses, salvages: false, bound: Bound::NONE }
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

    /// The language of the database.
    pub(crate) fn dialect(&self) -> Dialect {
        self.unit.dialect()
    }

    /// Commits this unit of work; its changes are then durable. Moves the version of rights on if it changed any.
    ///
    /// # Errors
    /// When the commit failed; then no change was stored. [`StoreError::Interrupted`] when that is not known.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if !self.reached.is_nobody() {
            self.advance_rights_version().await?;
            if self.dialect() == Dialect::Postgres {
                let reached = self.reached.clone();
                self.log_rights_change(&reached).await?;
            }
        }
        self.unit.commit().await
    }

    /// What this unit of work knows without another look at the database.
    pub(crate) fn beginning(&mut self) -> &mut Beginning {
        self.unit.beginning()
    }

    /// Wakes the replicas that wait for changes, once this unit of work is committed.
    pub(crate) async fn ring(&mut self) -> Result<(), StoreError> {
        Ok(self.unit.transaction()?.ring().await?)
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
        let statement = self.dialect().statement(query);
        let changed = self.unit.transaction()?.execute(statement).await?;
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

    /// Runs a change that concerns nobody's rights with the next statement of this unit of work, which fails if it does:
    /// one way to the database for both. For changes of few rows, whose number does not matter.
    pub(crate) fn queue(&mut self, query: &impl SqlxBinder) -> Result<(), StoreError> {
        let statement = self.dialect().statement(query);
        self.unit.transaction()?.queue(statement);
        Ok(())
    }

    /// The same for a statement whose text is always the same.
    pub(crate) fn queue_fixed<const N: usize>(
        &mut self,
        fixed: &Fixed<N, impl SqlxBinder>,
        values: [Value; N],
    ) -> Result<(), StoreError> {
        let statement = fixed.statement(self.dialect(), values);
        self.unit.transaction()?.queue(statement);
        Ok(())
    }

    /// Runs the changes that wait for the next statement, so that those which fail do it here.
    ///
    /// # Errors
    /// When one of them fails.
    pub async fn flush(&mut self) -> Result<(), StoreError> {
        Ok(self.unit.transaction()?.flush().await?)
    }
}

/// A struct that is decoded column by column, by name. The first column identifies the row in the error for another that
/// does not decode. One with a lifetime borrows texts and blobs from the row.
macro_rules! row {
    (struct $name:ident in $table:expr => { $($field:ident : $ty:ty),* $(,)? }) => {
        pub(crate) struct $name { $($field: $ty),* }
        $crate::db::row! { @decode $name, $name, $table => $($field),* }
    };
    (struct $name:ident<'r> in $table:expr => { $($field:ident : $ty:ty),* $(,)? }) => {
        pub(crate) struct $name<'r> { $($field: $ty),* }
        $crate::db::row! { @decode $name<'r>, $name, $table => $($field),* }
    };
    (@decode $row:ty, $name:ident, $table:expr => $($field:ident),*) => {
        impl<'r> $crate::db::Row<'r> for $row {
            const COLUMNS: &'static [&'static str] = &[$(stringify!($field)),*];

            fn decode(row: $crate::db::AnyRow<'r>, places: &$crate::db::Places) -> sqlx::Result<Self> {
                let corrupt = |error| $crate::db::undecodable($table, row, error);
                let mut places = places.iter();
                Ok($name { $($field: row.next(&mut places).map_err(corrupt)?),* })
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

pub(crate) fn undecodable(table: &'static str, row: AnyRow<'_>, error: sqlx::Error) -> sqlx::Error {
    if !matches!(error, sqlx::Error::ColumnDecode { .. }) {
        return error;
    }
    let id = row.id().unwrap_or_else(|| "?".to_owned());
    sqlx::Error::Decode(Box::new(Undecodable { table, id, reason: error.to_string() }))
}

/// A number of rows for a statement; no table has more than its maximum.
pub(crate) fn rows(count: u64) -> u64 {
    Ord::min(count, i64::MAX.cast_unsigned())
}

row! { struct CountRow in "(count)" => { count: i64 } }

/// The number of rows: an index alone tells it, where a column that no index has would be looked up row by row.
pub(crate) fn count_rows() -> SimpleExpr {
    Expr::col(Asterisk).count()
}

/// The number in the column `count` of a query with one row.
pub(crate) async fn fetch_count(source: &mut Reader<'_>, query: &(impl SqlxBinder + Sync)) -> Result<u64, StoreError> {
    let row: Option<CountRow> = source.fetch_optional(query).await?;
    Ok(row.map_or(0, |row| u64::try_from(row.count).unwrap_or(0)))
}

/// The name of a column of numbers, by its place.
pub(crate) fn number_column(place: usize) -> String {
    format!("number_{place}")
}

/// The numbers in the columns of a query with one row, which have the names of their places.
///
/// # Errors
/// When the database cannot be read, or answers anything but that.
pub(crate) async fn fetch_numbers(
    source: &mut Reader<'_>,
    query: &(impl SqlxBinder + Sync),
    columns: usize,
) -> Result<Vec<u64>, StoreError> {
    let rows = source.source.fetch_all(query, source.bound).await?;
    let number = |place| {
        let column = number_column(place);
        let number =
            rows.first().and_then(|row| row.column::<i64>(&column)).and_then(|number| u64::try_from(number).ok());
        number.ok_or_else(|| StoreError::corrupt("(numbers)", &column, "no such number"))
    };
    (0..columns).map(number).collect()
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
