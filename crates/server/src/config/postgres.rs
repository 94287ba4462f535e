//! The PostgreSQL database, if the data is not in a file.
use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use clap::{ValueEnum, builder::RangedU64ValueParser};
use keyfob_api::secret::SecretText;
use keyfob_authority::{
    Database,
    data::{Limits, PostgresOptions},
};

use super::{BadSetting, BadSettings, ServerArgs, parse_duration, secret};

const POSTGRES: &str = "PostgreSQL";

/// The PostgreSQL database. Without a URL, the data is in a file of SQLite.
#[derive(Clone, clap::Args)]
#[expect(missing_debug_implementations, reason = "holds a password")]
pub struct PostgresArgs {
    /// PostgreSQL database to keep the data in, such as `postgres://keyfob@db.example.com/keyfob?sslmode=verify-full`
    /// [default: a file of SQLite in the data folder].
    #[arg(long, env = "KEYFOB_POSTGRES_URL", value_name = "URL", value_parser = secret, hide_env_values = true,
        global = true, help_heading = POSTGRES)]
    pub postgres_url: Option<SecretText>,
    /// How this server signs in to PostgreSQL.
    #[arg(long, env = "KEYFOB_POSTGRES_AUTH", value_name = "WAY", value_enum, default_value = "password",
        global = true, help_heading = POSTGRES)]
    pub postgres_auth: PostgresAuth,
    /// File with the password for PostgreSQL, in place of one in the URL. It is read again when the database refuses the
    /// password, so that it can be changed while the server runs.
    #[arg(long, env = "KEYFOB_POSTGRES_PASSWORD_FILE", value_name = "FILE", global = true, help_heading = POSTGRES)]
    pub postgres_password_file: Option<PathBuf>,
    /// Maximum number of connections to PostgreSQL; two more follow the changes that other replicas make.
    #[arg(long, env = "KEYFOB_POSTGRES_CONN_MAX_OPEN", value_name = "CONNECTIONS", default_value = "10",
        value_parser = RangedU64ValueParser::<u32>::new().range(2..=1000), global = true, help_heading = POSTGRES)]
    pub postgres_conn_max_open: u32,
    /// How long after a revocation another replica may still accept what was revoked, at most, if it is cut off from the
    /// database; otherwise it takes milliseconds.
    #[arg(long, env = "KEYFOB_REVOCATION_LEASE", value_name = "DURATION", default_value = "2s",
        allow_hyphen_values = true, value_parser = parse_lease, global = true, help_heading = POSTGRES)]
    pub revocation_lease: Duration,
}

/// The shortest and the longest lease.
const LEASES: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_hours(1);

fn parse_lease(text: &str) -> Result<Duration, String> {
    let lease = parse_duration(text)?;
    if LEASES.contains(&lease) { Ok(lease) } else { Err("must be between 100ms and 1h".to_owned()) }
}

/// How the server signs in to PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PostgresAuth {
    /// With a password, or with the certificate that the URL names.
    Password,
}

/// Which database these settings mean.
pub(crate) fn database(args: &ServerArgs) -> Result<Database, BadSettings> {
    let PostgresArgs { postgres_url, postgres_password_file, postgres_conn_max_open, .. } = &args.postgres;
    let mut bad = BadSettings::default();
    let Some(url) = postgres_url.as_ref().filter(|url| !url.is_empty()) else {
        if postgres_password_file.is_some() {
            bad.note("postgres-url", "needed, because there is --postgres-password-file");
            return Err(bad);
        }
        return Ok(Database::File(Limits { max_pages: args.max_database_pages }));
    };
    if args.max_database_pages.is_some() {
        bad.note("max-database-pages", "leave it out, or --postgres-url: it bounds a database file");
    }
    if let Some(file) = postgres_password_file {
        bad.take(super::secret_in(file).map_err(|error| BadSetting::new("postgres-password-file", error)));
    }
    let options = PostgresOptions {
        url: url.reveal().to_owned(),
        password_file: postgres_password_file.clone(),
        max_connections: *postgres_conn_max_open,
    };
    if let Err(error) = options.check() {
        bad.note("postgres-url", error.to_string());
    }
    if bad.0.is_empty() { Ok(Database::Postgres(options)) } else { Err(bad) }
}
