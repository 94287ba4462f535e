//! A server whose users have keys of many kinds, and both ways through it.
use std::ops::ControlFlow;

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, Method},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    Clock,
    http::{
        router, short_way,
        test_server::{Answer, TestServer},
        tidy_path,
    },
};

pub(super) const PASSWORD: &str = "Sup3rSecret!pw";
pub(super) const ME: &str = "/api/v2/users/me";
const TOKENS: &str = "/api/v2/users/me/keys/tokens";
const HOUR: i64 = 3_600_000_000_000;

pub(super) struct World {
    pub(super) server: TestServer,
    pub(super) clock: Clock,
    /// The long way alone.
    router: Router,
    pub(super) owner: String,
}

/// An answer, and whether the short way gave it.
pub(super) struct Answered {
    pub(super) is_short: bool,
    pub(super) answer: Answer,
}

pub(super) fn request(method: Method, path: &str, key: &str, body: Option<&Value>) -> Request {
    let request = Request::builder().method(method).uri(path).header("Coder-Session-Token", key);
    request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap()
}

pub(super) fn get(path: &str, key: &str) -> Request {
    request(Method::GET, path, key, None)
}

/// Whether the bearer may read workspaces.
pub(super) fn check(key: &str) -> Request {
    let checks = json!({"checks": {"it": {"action": "read", "object": {"resource_type": "workspace"}}}});
    request(Method::POST, "/api/v2/authcheck", key, Some(&checks))
}

impl World {
    /// A server with an owner.
    pub(super) async fn with(flags: &[&str]) -> Self {
        let clock = Clock::fixed("2026-01-02T03:04:05Z".parse().unwrap());
        let server = TestServer::at(clock.clone(), flags).await;
        let router = router(server.app().clone());
        let mut world = Self { server, clock, router, owner: String::new() };
        let first = json!({"email": "owner@example.com", "username": "owner", "password": PASSWORD});
        world.done(request(Method::POST, "/api/v2/users/first", "", Some(&first))).await;
        world.owner = world.sign_in("owner").await;
        world
    }

    /// A server without limits.
    pub(super) async fn new() -> Self {
        Self::with(&["--dangerous-disable-rate-limits"]).await
    }

    /// The answer of the server as it is.
    pub(super) async fn send(&self, request: Request) -> Answered {
        match short_way::answer(self.server.app(), None, request) {
            ControlFlow::Break(response) => Answered { is_short: true, answer: Answer::of(response).await },
            ControlFlow::Continue(request) => Answered { is_short: false, answer: self.send_long(request).await },
        }
    }

    /// The answer of the long way.
    pub(super) async fn send_long(&self, request: Request) -> Answer {
        Answer::of(self.router.clone().oneshot(tidy_path(request)).await.unwrap()).await
    }

    /// Sends what must succeed.
    pub(super) async fn done(&self, request: Request) -> Value {
        let answer = self.send_long(request).await;
        assert!(answer.status.is_success(), "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap_or_default()
    }

    pub(super) async fn sign_in(&self, name: &str) -> String {
        let login = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
        let session = self.done(request(Method::POST, "/api/v2/users/login", "", Some(&login))).await;
        session["session_token"].as_str().unwrap().to_owned()
    }

    /// A new user, signed in.
    pub(super) async fn user(&self, name: &str) -> String {
        let home = self.done(get("/api/v2/organizations/default", &self.owner)).await;
        let user = json!({
            "username": name, "email": format!("{name}@example.com"), "password": PASSWORD, "user_status": "active",
            "organization_ids": [home["id"]],
        });
        self.done(request(Method::POST, "/api/v2/users", &self.owner, Some(&user))).await;
        self.sign_in(name).await
    }

    pub(super) async fn token(&self, by: &str, wish: Value) -> String {
        let minted = self.done(request(Method::POST, TOKENS, by, Some(&wish))).await;
        minted["key"].as_str().unwrap().to_owned()
    }

    /// Makes a key known, and its use noted.
    pub(super) async fn used(&self, key: &str) {
        self.done(get(ME, key)).await;
    }

    /// A key of each kind.
    pub(super) async fn keys(&mut self) -> Vec<String> {
        let expired = self.token(&self.owner, json!({"lifetime": HOUR})).await;
        let ending = self.token(&self.owner, json!({"lifetime": 100 * HOUR})).await;
        self.clock.advance(SignedDuration::from_hours(95));
        self.owner = self.sign_in("owner").await;
        let alice = self.user("alice").await;
        let suspended = self.user("bob").await;
        let token = async |wish: Value| self.token(&self.owner, wish).await;
        let full = token(json!({})).await;
        let narrow = token(json!({"scopes": ["workspace:read", "user:read"]})).await;
        let blind = token(json!({"scopes": ["workspace:read"]})).await;
        let listed = token(json!({"scopes": ["user:read"], "allow_list": ["user:*", "workspace:*"]})).await;
        let deleted = token(json!({})).await;
        let known = [&self.owner, &ending, &alice, &suspended, &full, &narrow, &blind, &listed, &deleted];
        for key in known {
            self.used(key).await;
        }
        let suspend = request(Method::PUT, "/api/v2/users/bob/status/suspend", &self.owner, None);
        self.done(suspend).await;
        let own = format!("{ME}/keys/{}", deleted.split('-').next().unwrap());
        self.done(request(Method::DELETE, &own, &self.owner, None)).await;
        let live = [&self.owner, &ending, &alice, &full, &narrow, &blind, &listed];
        for key in live {
            self.used(key).await;
        }
        let wrong = format!("{}-{}", full.split('-').next().unwrap(), "a".repeat(22));
        let unknown = format!("{}-{}", "a".repeat(10), "b".repeat(22));
        let others = [expired, suspended, deleted, wrong, unknown, "no key".to_owned(), String::new()];
        live.into_iter().cloned().chain(others).collect()
    }
}

impl Answered {
    /// The answer of the short way.
    #[track_caller]
    pub(super) fn short(self) -> Answer {
        assert!(self.is_short, "the long way answered {}", self.answer.body);
        self.answer
    }

    /// The answer of the long way.
    #[track_caller]
    pub(super) fn long(self) -> Answer {
        assert!(!self.is_short, "the short way answered {}", self.answer.body);
        self.answer
    }
}

/// All headers, without what is drawn for each answer, and the length, which a connection writes where it is not there.
pub(super) fn fixed_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let others = |name: &str| !["x-coder-request-id", "content-length"].contains(&name);
    let fixed = headers.iter().filter(|(name, _)| others(name.as_str())).map(|(name, value)| {
        let text = value.to_str().unwrap();
        let text = text.split_once("csrf_token=").map_or(text, |(_, token)| &token[44..]);
        (name.to_string(), text.to_owned())
    });
    let mut all: Vec<(String, String)> = fixed.collect();
    all.sort();
    all
}
