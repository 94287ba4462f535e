//! The two schemas are one: the same tables with the same columns, which may or may not be empty, and the same keys.
use std::collections::BTreeSet;

use sqlx::{Connection as _, PgConnection, Row as _, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::support::TestStore;
use keyfob_store::Limits;
use keyfob_testdb::TestDatabase;

/// What a schema says, a line each: columns of tables, and the columns of what is unique.
type Schema = BTreeSet<String>;

/// PostgreSQL's type of a column, and SQLite's of the same.
const TYPES: [(&str, &str); 6] = [
    ("bigint", "INTEGER"),
    ("integer", "INTEGER"),
    ("boolean", "INTEGER"),
    ("text", "TEXT"),
    ("uuid", "BLOB"),
    ("bytea", "BLOB"),
];

async fn of_file(store: &TestStore) -> Schema {
    let TestDatabase::Sqlite(file) = &store.database else { panic!("no file") };
    let mut connection =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file.path())).await.unwrap();
    let columns = "SELECT m.name AS of, c.name, c.type, c.\"notnull\" AS filled FROM sqlite_schema AS m, \
                   pragma_table_xinfo(m.name) AS c WHERE m.type = 'table' AND m.name NOT LIKE '\\_%' ESCAPE '\\'";
    // A single whole number as the primary key has no index: it is the row's own number.
    let keys = "SELECT m.name AS of, i.name AS key, c.name FROM sqlite_schema AS m, pragma_index_list(m.name) AS i, \
                pragma_index_xinfo(i.name) AS c WHERE m.type = 'table' AND m.name NOT LIKE '\\_%' ESCAPE '\\' \
                AND i.\"unique\" = 1 AND c.key = 1 \
                UNION ALL SELECT m.name, 'rowid', c.name FROM sqlite_schema AS m, pragma_table_info(m.name) AS c \
                WHERE m.type = 'table' AND c.pk = 1 AND c.type = 'INTEGER' AND NOT EXISTS \
                (SELECT 1 FROM pragma_index_list(m.name) WHERE origin = 'pk')";
    let columns = sqlx::query(columns).fetch_all(&mut connection).await.unwrap();
    let keys = sqlx::query(keys).fetch_all(&mut connection).await.unwrap();
    let column = |row: &sqlx::sqlite::SqliteRow| {
        // SQLite lets a computed column be anything.
        let is_filled: bool = row.get("filled");
        line(row.get("of"), row.get("name"), row.get("type"), is_filled)
    };
    let keys = keys.iter().map(|row| {
        let name: Option<String> = row.get("name");
        (row.get("of"), row.get("key"), name.unwrap_or_else(|| "(computed)".to_owned()))
    });
    columns.iter().map(column).chain(uniques(keys)).collect()
}

async fn of_server(url: &str) -> Schema {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let columns = "SELECT table_name::text AS of, column_name::text AS name, data_type::text AS type, \
                   is_nullable = 'NO' AS filled FROM information_schema.columns WHERE table_schema = 'public' \
                   AND table_name NOT LIKE '\\_%'";
    let keys = "SELECT t.relname::text AS of, i.relname::text AS key, a.attname::text AS name FROM pg_index AS x \
                JOIN pg_class AS t ON t.oid = x.indrelid JOIN pg_class AS i ON i.oid = x.indexrelid \
                JOIN pg_namespace AS n ON n.oid = t.relnamespace AND n.nspname = 'public' \
                CROSS JOIN unnest(x.indkey) WITH ORDINALITY AS k (number, place) \
                LEFT JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = k.number AND k.number > 0 \
                WHERE x.indisunique AND t.relname NOT LIKE '\\_%' ORDER BY 1, 2, k.place";
    let columns = sqlx::query(columns).fetch_all(&mut connection).await.unwrap();
    let keys = sqlx::query(keys).fetch_all(&mut connection).await.unwrap();
    let column = |row: &sqlx::postgres::PgRow| {
        let known: &str = row.get("type");
        let of_sqlite = TYPES.iter().find(|(of_postgres, _)| *of_postgres == known);
        line(row.get("of"), row.get("name"), of_sqlite.unwrap_or_else(|| panic!("{known}")).1, row.get("filled"))
    };
    let keys = keys.iter().map(|row| {
        let name: Option<String> = row.get("name");
        (row.get("of"), row.get("key"), name.unwrap_or_else(|| "(computed)".to_owned()))
    });
    columns.iter().map(column).chain(uniques(keys)).collect()
}

fn line(table: &str, column: &str, of: &str, is_filled: bool) -> String {
    format!("{table}.{column}: {of}{}", if is_filled { "" } else { ", may be empty" })
}

/// The columns of each unique index, in their order; the names of indexes differ.
fn uniques(columns: impl Iterator<Item = (String, String, String)>) -> Vec<String> {
    let mut all: Vec<(String, String, Vec<String>)> = Vec::new();
    for (table, key, column) in columns {
        match all.last_mut() {
            Some((of, last, columns)) if *of == table && *last == key => columns.push(column),
            _ => all.push((table, key, vec![column])),
        }
    }
    all.into_iter().map(|(table, _, columns)| format!("{table} is unique by {}", columns.join(", "))).collect()
}

#[tokio::test]
async fn both_databases_have_the_same_schema() {
    let on_server = TestStore::new().await;
    let Some(url) = on_server.database.postgres_url() else { return };
    let in_file = TestStore::in_a_file(Limits::default()).await;
    let (file, server) = (of_file(&in_file).await, of_server(url).await);
    assert!(file.len() > 100, "{file:#?}");
    let only = |one: &Schema, other: &Schema| one.difference(other).cloned().collect::<Vec<_>>();
    assert_eq!((only(&file, &server), only(&server, &file)), (Vec::new(), Vec::new()));
}
