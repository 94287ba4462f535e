//! Measures what pages of the console cost: the list of 10,000 tokens, beside an empty page.
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its results, and may panic"
)]

use std::{
    cell::RefCell,
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use clap::Parser;
use criterion::Criterion;
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use keyfob_server::{Clock, Random, Server, ServerArgs};
use keyfob_store::{ApiKey, KeyId, KeyLoginType, Limits, Origin, SecretHash, Store, UserId};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

const TOKENS: usize = 10_000;
const PASSWORD: &str = "Sup3rSecret!pw";
/// A page with the frame of all others, and next to nothing in it.
const EMPTY: (&str, &str) = ("an empty page", "/settings/tokens?q=nothing-has-this-name");
/// The pages that are measured beside it, with what they must show.
const PAGES: [(&str, &str, &str); 4] = [
    ("the first of 10,000 tokens", "/settings/tokens", "token-09999"),
    ("the last of them", "/settings/tokens?offset=9975", "token-00000"),
    ("a search among them", "/settings/tokens?q=0500", "token-00500"),
    ("those of everyone, with findings", "/deployment/tokens", "token-09999"),
];
/// How many times as long as an empty page each may take.
const MOST: f64 = 10.0;

/// The settings of the server.
#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    args: ServerArgs,
}

/// A server, and the session of its owner, who has all the tokens.
struct Deployment {
    server: Server,
    session: String,
    data: TempDir,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let deployment = runtime.block_on(Deployment::new());
    let mut criterion = Criterion::default().configure_from_args();
    let mut cost = |name: &str, path: &str, shown: &str| {
        let page = runtime.block_on(deployment.open(path));
        assert!(page.contains(shown), "{path} does not show {shown}: {page}");
        let samples = RefCell::new(Vec::new());
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let took = time(times, || runtime.block_on(deployment.open(path)));
                samples
                    .borrow_mut()
                    .push(took.as_secs_f64() * 1e3 / f64::from(u32::try_from(times).unwrap_or(u32::MAX)));
                took
            });
        });
        (tenth_percentile(samples.into_inner()), page.len())
    };
    let (empty, size) = cost(EMPTY.0, EMPTY.1, "No tokens found.");
    let measured = PAGES.map(|(name, path, shown)| (name, cost(name, path, shown)));
    criterion.final_summary();
    let Some(empty) = empty else { return };
    println!("{:<40} {empty:>8.3} ms {size:>8} bytes", EMPTY.0);
    let mut is_met = true;
    for (name, (cost, size)) in measured {
        let Some(cost) = cost else { continue };
        let ratio = cost / empty;
        is_met &= ratio <= MOST;
        println!("{name:<40} {cost:>8.3} ms {size:>8} bytes, {ratio:.2} times as long as an empty page");
    }
    println!("Each takes at most {MOST} times as long: {}", if is_met { "met" } else { "NOT MET" });
    if !is_met {
        std::process::exit(1);
    }
}

fn time(times: u64, mut open: impl FnMut() -> String) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        black_box(open());
    }
    start.elapsed()
}

/// Other load on the machine hardly changes it.
fn tenth_percentile(mut samples: Vec<f64>) -> Option<f64> {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 10).copied()
}

impl Deployment {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let args = Settings::parse_from(["server", "--dangerous-disable-rate-limits"]).args;
        let url = "http://keyfob.test";
        let server = Server::open(&args, data.path(), url, Clock::fixed(now), Random::seeded(1)).await.unwrap();
        let mut deployment = Self { server, session: String::new(), data };
        let owner = json!({"email": "owner@example.com", "username": "owner", "password": PASSWORD});
        let made = deployment.post("/api/v2/users/first", &owner).await;
        let login = json!({"email": "owner@example.com", "password": PASSWORD});
        let session = deployment.post("/api/v2/users/login", &login).await;
        deployment.session = session["session_token"].as_str().unwrap().to_owned();
        let owner = UserId(made["user_id"].as_str().unwrap().parse().unwrap());
        insert_tokens(deployment.data.path(), owner, now).await;
        deployment
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = Request::post(path).body(Body::from(body.to_string())).unwrap();
        serde_json::from_slice(&self.send(request, StatusCode::CREATED).await).unwrap()
    }

    /// Opens a page as a browser does.
    async fn open(&self, path: &str) -> String {
        let request = Request::builder().method(Method::GET).uri(path).header(header::ACCEPT, "text/html");
        let request = request.header(header::COOKIE, format!("coder_session_token={}", self.session));
        String::from_utf8(self.send(request.body(Body::empty()).unwrap(), StatusCode::OK).await).unwrap()
    }

    async fn send(&self, request: Request<Body>, status: StatusCode) -> Vec<u8> {
        let response = self.server.service().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status);
        response.into_body().collect().await.unwrap().to_bytes().to_vec()
    }
}

/// Inserts all tokens in one transaction. Some were never used, some are full, and some end soon.
async fn insert_tokens(data: &std::path::Path, owner: UserId, now: Timestamp) {
    let store = Store::open(&data.join("keyfob.db"), Limits::default()).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    for number in 0..TOKENS {
        tx.insert_key(&token(owner, number, now)).await.unwrap();
    }
    tx.commit().await.unwrap();
    store.close().await;
}

fn token(owner: UserId, number: usize, now: Timestamp) -> ApiKey {
    let age = SignedDuration::from_mins(i64::try_from(TOKENS - number).unwrap());
    let is_full = number.is_multiple_of(100);
    let scopes = if is_full { vec!["coder:all"] } else { vec!["workspace:read", "workspace:start", "template:read"] };
    ApiKey {
        id: KeyId::parse(&format!("t{number:09}")).unwrap(),
        secret_hash: SecretHash([0; 32]),
        user_id: owner,
        parent_id: None,
        login_type: KeyLoginType::Token,
        token_name: format!("token-{number:05}"),
        scopes: scopes.into_iter().map(str::to_owned).collect(),
        allow_list: ["*:*".to_owned()].into(),
        narrow_depth: u32::from(!is_full),
        lifetime_seconds: 30 * 86_400,
        created_at: now - age,
        last_used: if number.is_multiple_of(3) { Timestamp::UNIX_EPOCH } else { now - age },
        expires_at: now + SignedDuration::from_hours(24 * (1 + i64::try_from(number % 60).unwrap())),
        absolute_end: None,
        is_revoked: false,
        live_descendants: 0,
        origin: Origin { ip_address: IpAddr::V4(Ipv4Addr::LOCALHOST), user_agent: "curl/8.14.1".to_owned() },
    }
}
