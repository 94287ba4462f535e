//! A deployment with any number of keys, some of which are used.
use std::path::Path;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use clap::Parser;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use keyfob_server::{Clock, Random, Server, ServerArgs};
use rusqlite::{Connection, OpenFlags, params, types::Value};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// How many keys are used, of how many users, each of whom has so many.
pub(crate) const HOT: usize = 10_000;
pub(crate) const TOKENS: usize = 50;
const USERS: usize = HOT / TOKENS;
/// How many users the keys belong to that are not used.
const OTHERS: usize = 1_000;
const NOW: &str = "2026-01-02T03:04:05Z";

/// What the server asks SQLite for when it lists the tokens of a user.
const QUERY: &str = "
    SELECT id, secret_hash, user_id, parent_id, login_type, token_name, scopes, allow_list, narrow_depth, lifetime_seconds,
           created_at, last_used, expires_at, absolute_end, revoked_at, ip_address, user_agent,
           (SELECT count(*) FROM api_keys AS below
            JOIN api_key_ancestors AS chain ON chain.key_id = below.id
            WHERE chain.ancestor_id = api_keys.id AND below.revoked_at IS NULL AND below.expires_at > ?2)
    FROM api_keys
    WHERE login_type = 'token' AND user_id = ?1 AND revoked_at IS NULL AND expires_at > ?2
    ORDER BY created_at, id";

/// The settings of the server.
#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    args: ServerArgs,
}

/// A server over a database with keys.
pub(crate) struct Deployment {
    server: Server,
    /// The keys that are used, `TOKENS` of a user after the other.
    keys: Vec<String>,
    sqlite: Connection,
    /// The first of their users.
    user: Vec<u8>,
    now: Timestamp,
    _data: TempDir,
}

/// What is drawn at random must differ each time.
async fn open(data: &Path, now: Timestamp, seed: u64) -> Server {
    let args = Settings::parse_from(["server", "--dangerous-disable-rate-limits"]).args;
    Server::open(&args, data, "http://keyfob.test", Clock::fixed(now), Random::seeded(seed)).await.unwrap()
}

impl Deployment {
    pub(crate) async fn with_keys(count: usize) -> Self {
        let (data, now) = (tempfile::tempdir().unwrap(), NOW.parse().unwrap());
        let server = open(data.path(), now, 1).await;
        let (user, keys) = mint(&server).await;
        server.close().await;
        drop(server);
        let file = data.path().join("keyfob.db");
        fill(&file, count.saturating_sub(HOT), now);
        let server = open(data.path(), now, 2).await;
        // As the server opens it.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let sqlite = Connection::open_with_flags(&file, flags).unwrap();
        Self { server, keys, sqlite, user, now, _data: data }
    }

    /// One request with each of the keys that are used.
    pub(crate) async fn use_all(&self) {
        for place in 0..HOT {
            // Of different users, one after the other.
            let key = &self.keys[place % USERS * TOKENS + place / USERS];
            send(&self.server, key, Method::GET, "/api/v2/users/me", None, StatusCode::OK).await;
        }
    }

    /// The tokens of one user.
    pub(crate) async fn list(&self) -> Vec<u8> {
        let path = "/api/v2/users/me/keys/tokens";
        send(&self.server, &self.keys[0], Method::GET, path, None, StatusCode::OK).await
    }

    /// The rows of these tokens.
    pub(crate) fn query(&self) -> Vec<Vec<Value>> {
        let mut query = self.sqlite.prepare_cached(QUERY).unwrap();
        let values = params![self.user, self.now.as_microsecond()];
        let columns = query.column_count();
        let rows = query.query_map(values, |row| (0..columns).map(|column| row.get(column)).collect());
        rows.unwrap().map(Result::unwrap).collect()
    }
}

/// Makes the users and the keys that are used; gives the id of the first user, and the keys.
async fn mint(server: &Server) -> (Vec<u8>, Vec<String>) {
    let ask = async |key: &str, path: &str, body: Json| -> Json {
        let body = send(server, key, Method::POST, path, Some(body), StatusCode::CREATED).await;
        serde_json::from_slice(&body).unwrap()
    };
    let (email, password) = ("owner@example.com", "Sup3rSecret!pw");
    let first = json!({"email": email, "username": "owner", "password": password});
    let first = ask("", "/api/v2/users/first", first).await;
    let session = ask("", "/api/v2/users/login", json!({"email": email, "password": password})).await;
    let session = session["session_token"].as_str().unwrap();
    let (mut user, mut keys) = (Vec::new(), Vec::new());
    for number in 0..USERS {
        let name = format!("user{number}");
        let new = json!({
            "username": name, "service_account": true, "organization_ids": [first["organization_id"]],
        });
        let made = ask(session, "/api/v2/users", new).await;
        if user.is_empty() {
            user = made["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap().into_bytes().to_vec();
        }
        for _ in 0..TOKENS {
            let token = ask(session, &format!("/api/v2/users/{name}/keys/tokens"), json!({})).await;
            keys.push(token["key"].as_str().unwrap().to_owned());
        }
    }
    (user, keys)
}

/// Adds keys that are not used, of users who are not there.
fn fill(file: &Path, count: usize, now: Timestamp) {
    let sqlite = Connection::open(file).unwrap();
    // What is lost in a crash is made anew.
    let quickly = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;
                   PRAGMA foreign_keys = OFF";
    sqlite.execute_batch(quickly).unwrap();
    let keys = "
        WITH RECURSIVE n(i) AS (SELECT 1 WHERE ?1 > 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT OR IGNORE INTO api_keys
            (id, secret_hash, user_id, login_type, token_name, live_name, scopes, allow_list, narrow_depth,
             lifetime_seconds, created_at, updated_at, expires_at)
        SELECT lower(hex(randomblob(5))), randomblob(32), CAST(printf('other-user-%05d', i % ?3) AS BLOB), 'token',
               'key-' || i, 'key-' || i, '[\"coder:all\"]', '[\"*:*\"]', 0, 2592000, ?2 + i, ?2 + i,
               ?2 + 2592000000000 + i
        FROM n";
    let count = i64::try_from(count).unwrap();
    sqlite.execute(keys, params![count, now.as_microsecond(), i64::try_from(OTHERS).unwrap()]).unwrap();
    sqlite.execute_batch("PRAGMA journal_mode = WAL; PRAGMA optimize").unwrap();
}

/// Sends a request; gives the body of the answer, which must have this status.
async fn send(
    server: &Server,
    key: &str,
    method: Method,
    path: &str,
    body: Option<Json>,
    status: StatusCode,
) -> Vec<u8> {
    let mut request = Request::builder().method(method).uri(path);
    if !key.is_empty() {
        request = request.header("Coder-Session-Token", key);
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let response = server.service().oneshot(request.body(body).unwrap()).await.unwrap();
    let answered = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
    assert_eq!(answered, status, "{}", String::from_utf8_lossy(&body));
    body
}
