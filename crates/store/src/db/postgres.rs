//! PostgreSQL: a pool of connections that read, and one connection that writes.
//!
//! Units of work run one at a time, in all processes that share the database: each takes the same advisory lock for the
//! length of its transaction, which gives them what SQLite's one writer gives. Every statement then sees all that was
//! committed before the lock was taken, because the isolation level is "read committed". The lock can be narrowed to one
//! lock a user and one of the audit chain's end for units that touch a single user's keys; whatever reads rows of
//! several users, or organizations, would still need all.
use std::{
    fmt, io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection, PgPool, Postgres, Row as _,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgDatabaseError, PgListener, PgPoolOptions, PgSslMode},
};

use super::{
    dialect::Statement,
    driver::{AnyRows, Bound, Fault, TooLong, take},
    migrations::{self, Dialects},
};
use crate::StoreError;

/// The advisory lock of units of work. The number means nothing.
const UNITS_OF_WORK: i64 = 0x6b65_7966_6f62;
/// How long a connection is waited for.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long one statement may take. The database is told a little less, so that it answers first.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// What every connection is told first. A process that stops within a unit of work must not hold the others up. Compiling a
/// statement about all types takes a second, and running it some milliseconds.
const SESSION: &str = "SELECT pg_is_in_recovery(), set_config('jit', 'off', false), \
                       set_config('statement_timeout', '4500', false), set_config('lock_timeout', '4000', false), \
                       set_config('idle_in_transaction_session_timeout', '4000', false)";
/// A connection that nobody used for so long is tried before it is used.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// How to reach a PostgreSQL database.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "the URL may hold a password")]
pub struct PostgresOptions {
    /// `postgres://user:password@host:port/database?sslmode=verify-full`, as libpq reads it.
    pub url: String,
    /// A file with the password, in place of one in the URL. It is read again when the database refuses a password.
    pub password_file: Option<PathBuf>,
    /// The maximum number of open connections, at least two.
    pub max_connections: u32,
}

impl PostgresOptions {
    /// Whether a text is the address of a PostgreSQL database.
    pub fn is_url(text: &str) -> bool {
        is_url(text)
    }

    /// For a command that runs alone and shortly.
    pub fn alone(url: &str) -> Self {
        Self { url: url.to_owned(), password_file: None, max_connections: 2 }
    }

    /// Whether the URL is one.
    ///
    /// # Errors
    /// [`StoreError::Unfit`] with what is wrong with it, without the URL.
    pub fn check(&self) -> Result<(), StoreError> {
        Access::new(self.clone()).map(drop)
    }

    /// Whether what goes over the network can be read, or answered by another server: a connection that is not to this
    /// machine, and does not verify the server's certificate.
    pub fn is_unprotected(&self) -> bool {
        let Ok(Access { options, .. }) = Access::new(self.clone()) else { return false };
        let host = options.get_host();
        let is_local = options.get_socket().is_some()
            || host.starts_with('/')
            || host == "localhost"
            || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        !is_local && !matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull)
    }
}

/// The settings, and where the password comes from.
struct Access {
    options: PgConnectOptions,
    password_file: Option<PathBuf>,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The settings hold the password.
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

impl Access {
    fn new(options: PostgresOptions) -> Result<Self, StoreError> {
        let unfit = |error: sqlx::Error| StoreError::Unfit(format!("its URL is not valid: {}", without_url(&error)));
        if !is_url(&options.url) {
            return Err(StoreError::Unfit("its URL must begin with postgres:// or postgresql://".to_owned()));
        }
        let connect: PgConnectOptions = options.url.parse().map_err(unfit)?;
        Ok(Self { options: connect.application_name("keyfob"), password_file: options.password_file })
    }

    /// The settings, with the password that the file has now.
    fn options(&self) -> sqlx::Result<PgConnectOptions> {
        let Some(file) = &self.password_file else { return Ok(self.options.clone()) };
        let password = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
        // As all secrets in files: one newline at the end is not part of it.
        let line = ["\r\n", "\n"].into_iter().find_map(|newline| password.strip_suffix(newline));
        Ok(self.options.clone().password(line.unwrap_or(&password)))
    }
}

/// Whether a text is the address of a PostgreSQL database.
pub(crate) fn is_url(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// What is wrong with a URL, without the URL.
fn without_url(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(reason) => reason.to_string(),
        _ => "it cannot be parsed".to_owned(),
    }
}

fn unreadable(file: &Path, error: &io::Error) -> sqlx::Error {
    sqlx::Error::Io(io::Error::new(error.kind(), format!("the password file {}: {error}", file.display())))
}

/// The channel on which changes of rights are announced.
const BELL: &str = "keyfob_rights";

#[derive(Clone, Debug)]
pub(super) struct Pools {
    reader: PgPool,
    /// One connection for what must not wait for other work.
    apart: PgPool,
    /// One connection that listens.
    bell: PgPool,
    /// Exactly one connection: units of work of this process wait for it in turn, and only one waits in the database.
    writer: PgPool,
    access: Arc<Access>,
}

impl Pools {
    /// Connects, and brings the schema up to date.
    pub(super) async fn connect(options: PostgresOptions) -> Result<Self, StoreError> {
        let connect = Access::new(options.clone())?.options()?;
        let mut first = within(ACQUIRE_TIMEOUT, PgConnection::connect_with(&connect)).await?;
        // That the table of migrations is there already is no news.
        sqlx::query("SET client_min_messages = warning").execute(&mut first).await?;
        require_utf8(&mut first).await?;
        migrations::run(Dialects::postgres, &mut first).await?;
        first.close().await?;
        Self::attach(options)
    }

    /// Connects to a database whose schema is up to date, when something is asked of it.
    pub(super) fn attach(options: PostgresOptions) -> Result<Self, StoreError> {
        let readers = options.max_connections.saturating_sub(1).max(1);
        let access = Access::new(options)?;
        let connect = access.options()?;
        let pool = |connections| {
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .test_before_acquire(false)
                .after_connect(|connection, _| Box::pin(prepare(connection)))
                .before_acquire(|connection, idle| {
                    Box::pin(async move {
                        if idle.idle_for > TRUSTED_FOR {
                            within(TRUSTED_FOR, connection.ping()).await?;
                        }
                        Ok(true)
                    })
                })
        };
        Ok(Self {
            reader: pool(readers).connect_lazy_with(connect.clone()),
            writer: pool(1).connect_lazy_with(connect.clone()),
            apart: pool(1).connect_lazy_with(connect.clone()),
            bell: pool(1).connect_lazy_with(connect),
            access: Arc::new(access),
        })
    }

    /// A connection. If the database refuses the password, the file is read once more: it may have a new one.
    async fn acquire(&self, pool: &PgPool) -> sqlx::Result<PoolConnection<Postgres>> {
        match pool.acquire().await {
            Err(error) if is_refused_password(&error) && self.access.password_file.is_some() => {
                pool.set_connect_options(self.access.options()?);
                pool.acquire().await
            }
            acquired => acquired,
        }
    }

    /// All rows of a query, up to a bound. One whose connection is lost is asked once more, on another.
    pub(super) async fn fetch_all(&self, statement: Statement, bound: Bound) -> sqlx::Result<AnyRows> {
        match self.clone().fetch_once(statement.clone(), bound).await {
            Err(error) if is_lost(&error) && !is_timeout(&error) => self.clone().fetch_once(statement, bound).await,
            fetched => fetched,
        }
    }

    async fn fetch_once(self, statement: Statement, bound: Bound) -> sqlx::Result<AnyRows> {
        // In a task of its own: a client that goes away in the middle leaves no connection with half an answer.
        let fetching = tokio::spawn(async move {
            let mut connection = Leased(Some(self.acquire(&self.reader).await?));
            connection.fetch_all(statement, bound).await
        });
        fetching.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    pub(super) async fn begin(&self) -> sqlx::Result<Transaction> {
        let connection = Leased(Some(self.acquire(&self.writer).await?));
        let mut transaction = Transaction { connection: Some(connection), is_failed: false };
        transaction.command(&begin()).await?;
        Ok(transaction)
    }

    /// The same with the connection that is apart.
    pub(super) fn apart(&self) -> Self {
        Self { reader: self.apart.clone(), ..self.clone() }
    }

    /// Runs one change on the connection for reading.
    pub(super) async fn execute(&self, statement: Statement) -> sqlx::Result<u64> {
        let pools = self.clone();
        let executing = tokio::spawn(async move {
            let mut connection = Leased(Some(pools.acquire(&pools.reader).await?));
            connection.execute(statement).await
        });
        executing.await.map_err(|_| sqlx::Error::WorkerCrashed)?
    }

    /// Listens for changes of rights.
    pub(super) async fn listen(&self) -> sqlx::Result<PgListener> {
        // So that a new password is read.
        drop(self.acquire(&self.bell).await?);
        let mut listener = PgListener::connect_with(&self.bell).await?;
        listener.listen(BELL).await?;
        Ok(listener)
    }

    /// How many connections are open, and how many of them are idle.
    pub(super) fn connections(&self) -> (u64, u64) {
        let pools = [&self.reader, &self.writer, &self.apart, &self.bell];
        (pools.iter().map(|pool| u64::from(pool.size())).sum(), pools.iter().map(|pool| pool.num_idle() as u64).sum())
    }

    pub(super) async fn close(&self) {
        for pool in [&self.bell, &self.apart, &self.reader, &self.writer] {
            pool.close().await;
        }
    }
}

/// A connection from a pool, until it is lost: one that does not answer in time is closed, whatever it was doing.
#[derive(Debug)]
struct Leased(Option<PoolConnection<Postgres>>);

impl Leased {
    fn connection(&mut self) -> sqlx::Result<&mut PgConnection> {
        self.0.as_deref_mut().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected).into())
    }

    async fn fetch_all(&mut self, statement: Statement, bound: Bound) -> sqlx::Result<AnyRows> {
        let query = sqlx::query_with(AssertSqlSafe(statement.sql), statement.values);
        let answer = within(STATEMENT_TIMEOUT, take(query.fetch(self.connection()?), bound)).await;
        // The rest of the rows would be read before the next statement.
        if matches!(&answer, Err(sqlx::Error::Decode(cause)) if cause.is::<TooLong>()) {
            self.close();
        }
        self.settle(answer)
    }

    async fn execute(&mut self, statement: Statement) -> sqlx::Result<u64> {
        let query = sqlx::query_with(AssertSqlSafe(statement.sql), statement.values);
        let answer = within(STATEMENT_TIMEOUT, query.execute(self.connection()?)).await;
        self.settle(answer).map(|done| done.rows_affected())
    }

    /// Runs a command that has no values.
    async fn command(&mut self, sql: &str) -> sqlx::Result<()> {
        let command = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let answer = within(STATEMENT_TIMEOUT, command.execute(self.connection()?)).await;
        self.settle(answer).map(drop)
    }

    fn settle<T>(&mut self, answer: sqlx::Result<T>) -> sqlx::Result<T> {
        if answer.as_ref().is_err_and(is_lost) {
            self.close();
        }
        answer
    }

    /// Closes it without a word to the database.
    fn close(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

/// A transaction that holds the lock of units of work.
#[derive(Debug)]
pub(super) struct Transaction {
    /// None once it has ended.
    connection: Option<Leased>,
    /// Whether a statement failed: the database then takes no other, and answers a commit as if it had been asked to roll
    /// back.
    is_failed: bool,
}

impl Transaction {
    fn connection(&mut self) -> sqlx::Result<&mut Leased> {
        self.connection.as_mut().ok_or_else(|| io::Error::from(io::ErrorKind::NotConnected).into())
    }

    pub(super) async fn command(&mut self, sql: &str) -> sqlx::Result<()> {
        let done = self.connection()?.command(sql).await;
        self.note(done)
    }

    pub(super) async fn fetch_all(&mut self, statement: Statement, bound: Bound) -> sqlx::Result<AnyRows> {
        let rows = self.connection()?.fetch_all(statement, bound).await;
        self.note(rows)
    }

    pub(super) async fn execute(&mut self, statement: Statement) -> sqlx::Result<u64> {
        let changed = self.connection()?.execute(statement).await;
        self.note(changed)
    }

    /// Runs changes one after the other.
    pub(super) async fn execute_each(&mut self, statements: Vec<Statement>) -> sqlx::Result<()> {
        for statement in statements {
            self.execute(statement).await?;
        }
        Ok(())
    }

    pub(super) async fn ring(&mut self) -> sqlx::Result<()> {
        self.command(&format!("NOTIFY {BELL}")).await
    }

    fn note<T>(&mut self, done: sqlx::Result<T>) -> sqlx::Result<T> {
        self.is_failed |= done.is_err();
        done
    }

    /// What failed was taken back.
    pub(super) fn is_sound_again(&mut self) {
        self.is_failed = false;
    }

    /// No statement has failed, or what failed was taken back.
    pub(super) fn require_sound(&self) -> Result<(), StoreError> {
        if self.is_failed {
            return Err(StoreError::Driver(sqlx::Error::Protocol("a statement of the transaction failed".to_owned())));
        }
        Ok(())
    }

    /// Runs the last statements, and commits.
    pub(super) async fn commit(mut self, last: Vec<Statement>) -> Result<(), StoreError> {
        self.execute_each(last).await?;
        self.require_sound()?;
        let committed = self.command("COMMIT").await;
        match committed {
            Ok(()) => {
                // What is left in it goes back to the pool.
                self.connection = None;
                Ok(())
            }
            // The database may have committed, and the answer been lost.
            Err(error) if is_lost(&error) => Err(StoreError::Interrupted),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return connection.close() };
        runtime.spawn(async move {
            if connection.command("ROLLBACK").await.is_err() {
                connection.close();
            }
        });
    }
}

/// One connection for a command, whose statements may take long. It is in a transaction, and holds the lock of units of
/// work; dropped before `COMMIT`, it leaves nothing.
pub(super) async fn begin_alone(options: &PostgresOptions) -> Result<PgConnection, StoreError> {
    let connect = Access::new(options.clone())?.options()?;
    let mut connection = within(ACQUIRE_TIMEOUT, PgConnection::connect_with(&connect)).await?;
    sqlx::raw_sql(AssertSqlSafe(begin())).execute(&mut connection).await?;
    Ok(connection)
}

/// Begins a transaction with the lock of units of work.
fn begin() -> String {
    format!("BEGIN; SELECT pg_advisory_xact_lock({UNITS_OF_WORK})")
}

/// Tells a new connection how long it may take. One to a standby, which cannot write, is refused: after a failover, the
/// address leads to the new primary sooner or later.
async fn prepare(connection: &mut PgConnection) -> sqlx::Result<()> {
    let row = sqlx::query(SESSION).fetch_one(connection).await?;
    if row.try_get(0)? {
        let standby = io::Error::new(io::ErrorKind::NotConnected, "the database is a standby, which only reads");
        return Err(standby.into());
    }
    Ok(())
}

async fn require_utf8(connection: &mut PgConnection) -> Result<(), StoreError> {
    let row = sqlx::query("SELECT current_setting('server_encoding')").fetch_one(connection).await?;
    match row.try_get::<String, _>(0)?.as_str() {
        "UTF8" => Ok(()),
        other => Err(StoreError::Unfit(format!("its encoding is {other}, and must be UTF8"))),
    }
}

async fn within<T>(time: Duration, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    match tokio::time::timeout(time, work).await {
        Ok(done) => done,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the database did not answer in time").into()),
    }
}

/// The SQLSTATE of an error of the database, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn state(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error()?.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::code)
}

fn is_refused_password(error: &sqlx::Error) -> bool {
    state(error).is_some_and(|state| state.starts_with("28"))
}

fn is_timeout(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut)
}

/// Whether the connection is no good any more.
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        // Connection exceptions, shutdowns, ended for idling within a transaction, and a primary that is one no more.
        other => state(other).is_some_and(|state| {
            state.starts_with("08") || state.starts_with("57P") || matches!(state, "25P03" | "25006")
        }),
    }
}

/// What an error means.
pub(super) fn fault(error: &PgDatabaseError) -> Fault {
    match error.code() {
        "23505" => Fault::Conflict(error.constraint().unwrap_or_default().to_owned()),
        "53100" => Fault::Full,
        // Canceled for taking too long, or for waiting too long for a lock; a serialization failure, a deadlock; a
        // primary that is one no more.
        "57014" | "55P03" | "40001" | "40P01" | "25006" | "25P03" => Fault::Unavailable,
        // Connection, authorization, catalog, resources, intervention, system.
        code if ["08", "28", "3D", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => Fault::Unavailable,
        _ => Fault::Other,
    }
}
