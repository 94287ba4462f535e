//! The schema's history. A migration is a pair of texts with one number, for each database one; never edit one after a
//! release.
use sqlx::{
    SqlSafeStr as _,
    migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator},
};

use crate::StoreError;

/// The texts of a migration.
pub(super) struct Dialects {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Dialects {
    pub(super) fn sqlite(&self) -> &'static str {
        self.sqlite
    }

    pub(super) fn postgres(&self) -> &'static str {
        self.postgres
    }
}

macro_rules! migrations {
    ($($number:literal $name:literal),* $(,)?) => {
        [$(($number, $name, Dialects {
            sqlite: include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        })),*]
    };
}

/// All migrations, in order.
const MIGRATIONS: [(i64, &str, Dialects); 10] = migrations![
    1 "0001_init",
    2 "0002_rights_version",
    3 "0003_passcodes",
    4 "0004_ascii_identifiers",
    5 "0005_audit_ids",
    6 "0006_chains",
    7 "0007_passcode_requests",
    8 "0008_counted_mails",
    9 "0009_replicas",
    10 "0010_audit_keys",
];

/// The table in which a database keeps which migrations it has had.
const TABLE: &str = "_sqlx_migrations";

/// Brings a schema up to date.
pub(super) async fn run<C>(of: fn(&Dialects) -> &'static str, connection: &mut C) -> Result<(), StoreError>
where
    C: Migrate + Send,
{
    let migrations = MIGRATIONS.iter().map(|(number, name, texts)| {
        let description = name.split_once('_').map_or(*name, |(_, description)| description);
        Migration::new(*number, description.into(), MigrationType::Simple, of(texts).into_sql_str(), false)
    });
    match Migrator::with_migrations(migrations.collect()).run_direct(None, connection, false).await {
        Err(MigrateError::VersionMissing(first)) => {
            let applied = connection.list_applied_migrations(TABLE).await?;
            let found = applied.iter().map(|migration| migration.version).max().unwrap_or(first);
            let known = MIGRATIONS.last().map_or(0, |(number, ..)| *number);
            Err(StoreError::NewerSchema { found, known })
        }
        done => Ok(done?),
    }
}
