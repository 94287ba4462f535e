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
const MIGRATIONS: [(i64, &str, Dialects); 11] = migrations![
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
    11 "0011_grant_places",
];

/// The table in which a database keeps which migrations it has had.
const TABLE: &str = "_sqlx_migrations";

fn all(of: fn(&Dialects) -> &'static str) -> impl Iterator<Item = Migration> {
    MIGRATIONS.iter().map(move |(number, name, texts)| {
        let description = name.split_once('_').map_or(*name, |(_, description)| description);
        Migration::new(*number, description.into(), MigrationType::Simple, of(texts).into_sql_str(), false)
    })
}

/// Brings a schema up to date.
pub(super) async fn run<C>(of: fn(&Dialects) -> &'static str, connection: &mut C) -> Result<(), StoreError>
where
    C: Migrate + Send,
{
    match Migrator::with_migrations(all(of).collect()).run_direct(None, connection, false).await {
        Err(MigrateError::VersionMissing(first)) => {
            let applied = connection.list_applied_migrations(TABLE).await?;
            let found = applied.iter().map(|migration| migration.version).max().unwrap_or(first);
            let known = MIGRATIONS.last().map_or(0, |(number, ..)| *number);
            Err(StoreError::NewerSchema { found, known })
        }
        done => Ok(done?),
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection as _, Row as _, SqliteConnection};

    use super::*;

    #[tokio::test]
    async fn access_lists_stay_as_they_are() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let before = Migrator::with_migrations(all(Dialects::sqlite).take(10).collect());
        before.run_direct(None, &mut connection, false).await.unwrap();
        let given = "
            INSERT INTO resources VALUES
                ('file', x'01', 'one', x'0a', x'00', '{}', 7, 8), ('file', x'02', 'two', x'0b', x'00', '{}', 9, 9);
            INSERT INTO resource_grants VALUES
                ('file', x'01', 'user', x'cc', 'update'), ('file', x'01', 'user', x'cc', 'read'),
                ('file', x'01', 'group', x'cc', '*'), ('file', x'02', 'user', x'cc', 'read');";
        sqlx::raw_sql(given).execute(&mut connection).await.unwrap();
        run(Dialects::sqlite, &mut connection).await.unwrap();
        let after = "SELECT concat_ws(' ', hex(resource_id), hex(organization_id), created_at, grantee_kind,
                hex(grantee_id), actions)
            FROM resource_grants ORDER BY resource_id, grantee_kind";
        let rows = sqlx::query(after).fetch_all(&mut connection).await.unwrap();
        let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(
            rows,
            ["01 0A 7 group CC [\"*\"]", "01 0A 7 user CC [\"read\",\"update\"]", "02 0B 9 user CC [\"read\"]"]
        );
    }
}
