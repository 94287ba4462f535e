//! A server in memory, and clients of it: identities with methods such as `get` and `post`.
use std::{
    io,
    path::Path,
    sync::{Arc, Mutex},
};

use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
    response::Response,
};
use clap::Parser;
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use keyfob_server::{Clock, Random, Server, ServerArgs, StartError};
use keyfob_testdb::TestDatabase;
use keyfob_testkit::store::{Limits, PostgresOptions, Store};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

pub(crate) const PASSWORD: &str = "Sup3rSecret!pw";

/// A mail server, which mails are written for and never reach. With one there is a page that resets passwords.
pub(crate) const MAILS: [&str; 2] = ["--email-smarthost=127.0.0.1:25", "--email-from=keys@example.com"];

/// The time at which every test starts.
pub(crate) const NOW: &str = "2026-01-02T03:04:05Z";

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    args: ServerArgs,
}

/// Parses settings from flags. In most tests, time stands still, so that all their requests fall into one minute;
/// therefore, there are no rate limits unless a test sets some.
pub(crate) fn args(flags: &[&str]) -> ServerArgs {
    let is_limited = flags.iter().any(|flag| flag.contains("rate-limit"));
    let unlimited = (!is_limited).then_some("--dangerous-disable-rate-limits");
    Settings::parse_from(["server"].into_iter().chain(flags.iter().copied()).chain(unlimited)).args
}

/// A server with its own data folder, a clock that stands still and a seeded generator.
pub(crate) struct TestApp {
    pub(crate) server: Server,
    pub(crate) clock: Clock,
    pub(crate) data: Data,
}

/// The data of a server.
pub(crate) struct Data {
    folder: TempDir,
    database: TestDatabase,
}

impl Data {
    /// An empty folder, and an empty database.
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let migrate = async |url: &str| Store::connect(at_url(url)).await.unwrap().close().await;
        Self { database: TestDatabase::new_in(folder.path(), migrate).await, folder }
    }

    /// An empty folder with the database in a file, also where other tests have theirs on PostgreSQL.
    pub(crate) fn in_a_file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { database: TestDatabase::file_in(folder.path()), folder }
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the database is, if it is one of PostgreSQL.
    pub(crate) fn postgres_url(&self) -> Option<&str> {
        self.database.postgres_url()
    }

    /// The settings of a server on this data.
    pub(crate) fn args(&self, flags: &[&str]) -> ServerArgs {
        let given = |name: &str| flags.iter().any(|flag| flag.starts_with(name));
        let url = self.postgres_url().filter(|_| !given("--postgres-url"));
        let url = url.map(|url| format!("--postgres-url={url}"));
        // No background work renews it.
        let lease = (url.is_some() && !given("--revocation-lease")).then_some("--revocation-lease=1h");
        args(&url.iter().map(String::as_str).chain(lease).chain(flags.iter().copied()).collect::<Vec<_>>())
    }

    /// Opens a server on this data.
    pub(crate) async fn open(&self, flags: &[&str], clock: &Clock) -> Result<Server, StartError> {
        open_with(&self.args(flags), self.path(), clock).await
    }

    /// The database, behind the server's back.
    pub(crate) async fn store(&self) -> Store {
        let store = match &self.database {
            TestDatabase::Sqlite(file) => Store::open(file.path(), Limits::default()).await,
            TestDatabase::Postgres(database) => Store::connect(at_url(database.url())).await,
        };
        store.unwrap()
    }
}

fn at_url(url: &str) -> PostgresOptions {
    PostgresOptions { url: url.to_owned(), password_file: None, max_connections: 4 }
}

impl TestApp {
    /// A server without users.
    pub(crate) async fn empty(flags: &[&str]) -> Self {
        Self::on(Data::new().await, flags).await
    }

    async fn on(data: Data, flags: &[&str]) -> Self {
        let clock = Clock::fixed(NOW.parse().unwrap());
        let server = data.open(flags, &clock).await.unwrap();
        Self { server, clock, data }
    }

    /// A server with these flags, and its first user, an owner.
    pub(crate) async fn with(flags: &[&str]) -> (Self, Identity) {
        Self::empty(flags).await.set_up().await
    }

    /// The same with the database in a file, also where other tests have theirs on PostgreSQL.
    pub(crate) async fn in_a_file(flags: &[&str]) -> (Self, Identity) {
        Self::on(Data::in_a_file(), flags).await.set_up().await
    }

    async fn set_up(self) -> (Self, Identity) {
        let app = self;
        let body = json!({"email": "owner@example.com", "username": "owner", "password": PASSWORD});
        app.anonymous().post("/api/v2/users/first", body).await.expect(StatusCode::CREATED);
        let owner = app.sign_in("owner@example.com").await;
        (app, owner)
    }

    /// A server with its first user, an owner.
    pub(crate) async fn new() -> (Self, Identity) {
        Self::with(&[]).await
    }

    /// A server on which only owners sign in with a password, and its first user; these have passwords from before.
    pub(crate) async fn for_owners_alone(users: &[(&str, &[&str])]) -> (Self, Identity) {
        let (app, owner) = Self::new().await;
        for (name, roles) in users {
            owner.make_user(name, roles).await;
        }
        drop(owner);
        let app = app.restarted(&["--disable-password-auth"]).await;
        let owner = app.sign_in("owner@example.com").await;
        (app, owner)
    }

    /// Restarts the server with these flags. Identities must be dropped before, because they keep the folder locked.
    pub(crate) async fn restarted(self, flags: &[&str]) -> Self {
        let Self { server, clock, data } = self;
        server.close().await;
        drop(server);
        let server = data.open(flags, &clock).await.unwrap();
        Self { server, clock, data }
    }

    /// Changes the database behind the server's back; the number of changed rows. It then reads everything again, as
    /// after SIGHUP.
    pub(crate) async fn tamper(&self, sql: &str) -> u64 {
        let changed = self.data.database.tamper(sql).await;
        self.server.forget_keys();
        changed
    }

    /// A client without a credential.
    pub(crate) fn anonymous(&self) -> Identity {
        Identity { server: self.server.clone(), key: String::new(), id: String::new() }
    }

    /// The same clock and data with another server: another replica, where the database is shared.
    pub(crate) async fn replica(&self, flags: &[&str]) -> Server {
        self.data.open(flags, &self.clock).await.unwrap()
    }

    /// A client that presents this key.
    pub(crate) fn bearer_of(&self, key: &str) -> Identity {
        Identity { key: key.to_owned(), ..self.anonymous() }
    }

    /// Signs in with this address and the tests' password.
    pub(crate) async fn sign_in(&self, email: &str) -> Identity {
        self.sign_in_with(email, PASSWORD).await
    }

    /// Signs in with this address and this password.
    pub(crate) async fn sign_in_with(&self, email: &str, password: &str) -> Identity {
        let login = json!({"email": email, "password": password});
        let answer = self.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::CREATED);
        let session = self.bearer_of(answer.text("session_token"));
        let me = session.get("/api/v2/users/me").await.expect(StatusCode::OK);
        Identity { id: me.text("id").to_owned(), ..session }
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
    }
}

/// Opens a server on a folder, with its database in it.
pub(crate) async fn open(data: &Path, flags: &[&str], clock: &Clock) -> Result<Server, StartError> {
    open_with(&args(flags), data, clock).await
}

async fn open_with(args: &ServerArgs, data: &Path, clock: &Clock) -> Result<Server, StartError> {
    Server::open(args, data, "http://keyfob.test", clock.clone(), Random::seeded(1)).await
}

/// A client with a key, or without one.
#[derive(Clone)]
pub(crate) struct Identity {
    server: Server,
    pub(crate) key: String,
    /// The user's id, if it is known.
    pub(crate) id: String,
}

impl Identity {
    /// The same key at another server on the same database.
    pub(crate) fn at(&self, server: &Server) -> Self {
        Self { server: server.clone(), key: self.key.clone(), id: self.id.clone() }
    }

    /// The same client with the user's id.
    pub(crate) fn with_id(self, id: &str) -> Self {
        Self { id: id.to_owned(), ..self }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = if self.key.is_empty() { request } else { request.header("Coder-Session-Token", &self.key) };
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send_request(request.body(body).unwrap()).await
    }

    /// Sends a request as it is, and leaves it to the test how much of the answer's body is taken.
    pub(crate) async fn begin_request(&self, request: Request<Body>) -> Response {
        self.server.service().oneshot(request).await.unwrap()
    }

    /// Sends a request as it is: the identity's key is not added.
    pub(crate) async fn send_request(&self, request: Request<Body>) -> Answer {
        let response = self.begin_request(request).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Creates an active user with these roles, who is a member of the default organization.
    pub(crate) async fn make_user(&self, name: &str, roles: &[&str]) -> Value {
        let body = json!({
            "username": name, "email": format!("{name}@example.com"), "password": PASSWORD, "user_status": "active",
            "organization_ids": [self.organization().await], "roles": roles,
        });
        self.post("/api/v2/users", body).await.expect(StatusCode::CREATED).json()
    }

    /// Creates such a user and signs them in.
    pub(crate) async fn invite(&self, app: &TestApp, name: &str, roles: &[&str]) -> Identity {
        self.make_user(name, roles).await;
        app.sign_in(&format!("{name}@example.com")).await
    }

    /// The default organization's id.
    pub(crate) async fn organization(&self) -> String {
        let organization = self.get("/api/v2/organizations/default").await.expect(StatusCode::OK);
        organization.text("id").to_owned()
    }

    /// Creates an organization, and returns its id.
    pub(crate) async fn add_organization(&self, name: &str) -> String {
        let made = self.post("/api/v2/organizations", json!({"name": name})).await.expect(StatusCode::CREATED);
        made.text("id").to_owned()
    }

    /// Mints a token with this request, and returns a client that presents it.
    pub(crate) async fn token(&self, request: Value) -> Identity {
        self.with_key_of(&self.post("/api/v2/users/me/keys/tokens", request).await)
    }

    /// The same user with the key in this answer.
    #[track_caller]
    pub(crate) fn with_key_of(&self, minted: &Answer) -> Identity {
        assert_eq!(minted.status, StatusCode::CREATED, "{}", minted.body);
        Identity { key: minted.text("key").to_owned(), ..self.clone() }
    }

    /// Mints a token with these scopes and no restriction to objects.
    pub(crate) async fn scoped(&self, scopes: &[&str]) -> Identity {
        self.token(json!({"scopes": scopes})).await
    }

    /// Mints a token with these scopes and this allow list.
    pub(crate) async fn restricted(&self, scopes: &[&str], allow_list: &[&str]) -> Identity {
        self.token(json!({"scopes": scopes, "allow_list": allow_list})).await
    }

    /// The presented key's id.
    pub(crate) fn key_id(&self) -> &str {
        self.key.split('-').next().unwrap()
    }

    /// Registers a resource that the caller owns in the default organization.
    pub(crate) async fn register(&self, resource_type: &str, name: &str) -> String {
        let body = json!({
            "resource_type": resource_type, "name": name, "organization_id": self.organization().await,
        });
        self.post("/api/v2/resources", body).await.expect(StatusCode::CREATED).text("id").to_owned()
    }
}

/// An answer of the server.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// Asserts the status, and returns the answer.
    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A string member of the body.
    #[track_caller]
    pub(crate) fn text(&self, member: &str) -> &str {
        let place = self.body.find(&format!("\"{member}\":\"")).unwrap_or_else(|| panic!("{member}: {}", self.body));
        let rest = &self.body[place + member.len() + 4..];
        &rest[..rest.find('"').unwrap()]
    }

    /// A header as text, empty if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn message(&self) -> String {
        self.json()["message"].as_str().unwrap_or_default().to_owned()
    }

    #[track_caller]
    pub(crate) fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap_or_default().to_owned()
    }
}

/// What the server logs on the thread of a test, warnings and errors alone.
pub(crate) struct Log {
    lines: Lines,
    _subscriber: tracing::subscriber::DefaultGuard,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Captures all that is logged from now on, until it is dropped.
    pub(crate) fn capture() -> Self {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        Self { lines, _subscriber: tracing::subscriber::set_default(subscriber) }
    }

    /// All that was logged.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap()
    }

    /// Takes the lines that were logged.
    pub(crate) fn take(&self) -> Vec<String> {
        let text = self.text();
        self.lines.0.lock().unwrap().clear();
        text.lines().map(str::to_owned).collect()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
