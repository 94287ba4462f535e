//! A database of a PostgreSQL server.
use std::{env, thread};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::{runtime, sync::OnceCell};
use uuid::Uuid;

/// Where tests may make databases; unset, they use SQLite.
const SERVER: &str = "TEST_DATABASE_URL";

/// The database that others are copies of: copying one takes a fraction of the time that the schema takes.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// Takes away what the schema forbids.
const WITHOUT_CHECKS: &str = "DO $$ DECLARE bound record; BEGIN \
    FOR bound IN SELECT conrelid::regclass AS of, conname FROM pg_constraint WHERE contype = 'c' AND connamespace = \
    'public'::regnamespace LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', bound.of, bound.conname); END LOOP; \
    END $$";

/// A database that is removed when it is dropped.
#[derive(Debug)]
pub struct PostgresDatabase {
    server: String,
    name: String,
    url: String,
}

impl PostgresDatabase {
    /// A copy of the template, which `migrate` fills; none where tests use SQLite.
    pub(crate) async fn new(migrate: impl AsyncFnOnce(&str)) -> Option<Self> {
        let server = env::var(SERVER).ok().filter(|url| !url.is_empty())?;
        let template = TEMPLATE.get_or_init(async || {
            let template = format!("keyfob_template_{}", Uuid::now_v7().simple());
            on(&server, &format!("CREATE DATABASE {template}")).await;
            migrate(&url_of(&server, &template)).await;
            template
        });
        let template = template.await;
        let name = format!("keyfob_{}", Uuid::now_v7().simple());
        on(&server, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Some(Self { url: url_of(&server, &name), server, name })
    }

    /// The address of the database.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn tamper(&self, sql: &str) -> u64 {
        on(&self.url, WITHOUT_CHECKS).await;
        on(&self.url, &with_bytes(sql)).await
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // The test's own runtime may be ending.
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(on(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
        });
    }
}

/// Runs SQL on a connection of its own; gives the number of changed rows.
async fn on(url: &str, sql: &str) -> u64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
    let changed = done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected();
    connection.close().await.unwrap();
    changed
}

/// The address of another database of the same server.
fn url_of(server: &str, database: &str) -> String {
    let (address, parameters) = server.split_once('?').map_or((server, None), |(at, rest)| (at, Some(rest)));
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address.get(host..).and_then(|rest| rest.find('/')).map_or(address.len(), |at| host + at);
    let address = address.get(..end).unwrap_or(address);
    match parameters {
        Some(parameters) => format!("{address}/{database}?{parameters}"),
        None => format!("{address}/{database}"),
    }
}

/// SQL in which bytes and ids are written as in PostgreSQL.
fn with_bytes(sql: &str) -> String {
    let sql = sql.replace("randomblob(16)", "gen_random_uuid()");
    let mut parts = sql.split("x'");
    let mut all = vec![parts.next().unwrap_or_default().to_owned()];
    for part in parts {
        let before = all.last().and_then(|before| before.chars().next_back());
        let is_text = before.is_some_and(|before| before == '\'' || before.is_alphanumeric());
        all.push(match part.split_once('\'').filter(|_| !is_text) {
            // An id has sixteen bytes, and nothing else has.
            Some((bytes, rest)) if bytes.len() == 32 => format!("'{bytes}'::uuid{rest}"),
            Some((bytes, rest)) => format!("'\\x{bytes}'::bytea{rest}"),
            None => format!("x'{part}"),
        });
    }
    all.concat()
}
