//! A server with some accounts, known email addresses and unknown ones.
use std::time::{Duration, Instant};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use clap::Parser;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use keyfob_server::{Clock, Random, Server, ServerArgs};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// How many known addresses there are, and as many unknown ones.
pub(crate) const ACCOUNTS: usize = 20;
pub(crate) const PASSWORD: &str = "Sup3rSecret!pw";

/// The settings of the server.
#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    args: ServerArgs,
}

pub(crate) struct Deployment {
    server: Server,
    /// The id of an existing key.
    key_id: String,
    _data: TempDir,
}

impl Deployment {
    pub(crate) async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        // Mails are queued but never sent, because no background jobs run.
        let mails = ["--email-smarthost=127.0.0.1:25", "--email-from=keys@example.com"];
        let flags = [&["server", "--dangerous-disable-rate-limits"][..], &mails].concat();
        let args = Settings::parse_from(flags).args;
        let url = "http://keyfob.test";
        let server = Server::open(&args, data.path(), url, Clock::fixed(now), Random::seeded(1)).await.unwrap();
        let mut deployment = Self { server, key_id: String::new(), _data: data };
        deployment.key_id = deployment.create_accounts().await;
        deployment
    }

    /// Creates the owner and the accounts; returns the id of the key of a session.
    async fn create_accounts(&self) -> String {
        let first = json!({"email": "owner@example.com", "username": "owner", "password": PASSWORD});
        let path = "/api/v2/users/first";
        let owner = self.send("", path, &first, StatusCode::CREATED).await;
        let organization = owner["organization_id"].clone();
        let login = json!({"email": "owner@example.com", "password": PASSWORD});
        let session = self.send("", "/api/v2/users/login", &login, StatusCode::CREATED).await;
        let key = session["session_token"].as_str().unwrap();
        for account in 0..ACCOUNTS {
            let user = json!({
                "username": format!("user{account}"), "email": Self::known(account), "password": PASSWORD,
                "user_status": "active", "organization_ids": [organization],
            });
            self.send(key, "/api/v2/users", &user, StatusCode::CREATED).await;
        }
        key.split('-').next().unwrap().to_owned()
    }

    pub(crate) fn key_id(&self) -> &str {
        &self.key_id
    }

    /// How long the refusal of a key takes that has this id and a wrong secret.
    pub(crate) async fn time_key(&self, id: &str) -> Duration {
        let key = format!("{id}-0123456789abcdefghijkl");
        let request = Request::get("/api/v2/users/me").header("Coder-Session-Token", key).body(Body::empty()).unwrap();
        let start = Instant::now();
        let (status, _) = self.receive(request).await;
        let took = start.elapsed();
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        took
    }

    /// The address of an account.
    pub(crate) fn known(account: usize) -> String {
        format!("user{account}@example.com")
    }

    /// An address without an account, of the same length.
    pub(crate) fn unknown(account: usize) -> String {
        format!("none{account}@example.com")
    }

    async fn send(&self, key: &str, path: &str, body: &Value, expected: StatusCode) -> Value {
        let (status, body) = self.receive(request(key, path, body)).await;
        assert_eq!(status, expected, "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or_default()
    }

    async fn receive(&self, request: Request<Body>) -> (StatusCode, Vec<u8>) {
        let response = self.server.service().oneshot(request).await.unwrap();
        let status = response.status();
        (status, response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    /// How long a response takes, to its last byte.
    pub(crate) async fn time(&self, path: &str, body: &Value, expected: StatusCode) -> Duration {
        let request = request("", path, body);
        let start = Instant::now();
        let (status, body) = self.receive(request).await;
        let took = start.elapsed();
        assert_eq!(status, expected, "{path}: {}", String::from_utf8_lossy(&body));
        took
    }
}

fn request(key: &str, path: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().header("Coder-Session-Token", key);
    if !path.starts_with("/api/") {
        let email: String = form_urlencoded::byte_serialize(body["email"].as_str().unwrap().as_bytes()).collect();
        return request.uri(format!("{path}?email={email}")).body(Body::empty()).unwrap();
    }
    let request = request.method(Method::POST).uri(path).header(header::CONTENT_TYPE, "application/json");
    request.body(Body::from(body.to_string())).unwrap()
}
