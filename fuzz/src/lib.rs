//! A server in memory for fuzz targets.
use std::sync::OnceLock;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use clap::Parser;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use keyfob_server::{Clock, Random, Server, ServerArgs};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

const PASSWORD: &str = "Sup3rSecret!pw";

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    args: ServerArgs,
}

/// A server with its owner. Time stands still on it.
pub struct Target {
    runtime: Runtime,
    server: Server,
    /// The key of the owner's session.
    pub key: String,
    _data: TempDir,
}

/// An answer.
pub struct Answer {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The server of this process.
pub fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(Target::new)
}

impl Target {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let data = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let args = Settings::parse_from(["server", "--dangerous-disable-rate-limits", "--allow-query-tokens"]).args;
        let opened = Server::open(&args, data.path(), "http://keyfob.test", Clock::fixed(now), Random::seeded(1));
        let server = runtime.block_on(opened).unwrap();
        let mut target = Self { runtime, server, key: String::new(), _data: data };
        let first = json!({"email": "owner@example.com", "username": "owner", "password": PASSWORD});
        assert_eq!(target.post("/api/v2/users/first", first.to_string()).status, StatusCode::CREATED);
        let login = json!({"email": "owner@example.com", "password": PASSWORD});
        let session = target.post("/api/v2/users/login", login.to_string());
        target.key = session.json()["session_token"].as_str().unwrap().to_owned();
        target
    }

    /// Sends a request; its answer must not be an error of the server's.
    pub fn ask(&self, request: Request<Body>) -> Answer {
        let called = format!("{} {}", request.method(), request.uri());
        self.runtime.block_on(async {
            let response = self.server.service().oneshot(request).await.unwrap();
            let status = response.status();
            let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
            assert!(!status.is_server_error(), "{called}: {status} {}", String::from_utf8_lossy(&body));
            Answer { status, body }
        })
    }

    /// Reads as the owner. A path that cannot be sent is not sent.
    pub fn get(&self, path: &str) -> Option<Answer> {
        let request = Request::get(path).header("Coder-Session-Token", &self.key).body(Body::empty()).ok()?;
        Some(self.ask(request))
    }

    /// Sends JSON as the owner.
    pub fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.send(Method::POST, path, body)
    }

    /// The same with another method.
    pub fn send(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder().method(method).uri(path).header("Content-Type", "application/json");
        let request = if self.key.is_empty() { request } else { request.header("Coder-Session-Token", &self.key) };
        self.ask(request.body(body.into()).unwrap())
    }
}
