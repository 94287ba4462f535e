//! Metrics: each number moves when it should, and no label holds anything of a request.
use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use keyfob_testkit::MailServer;
use serde_json::json;

use crate::support::{Identity, PASSWORD, TestApp};

const ADDRESS: &str = "--prometheus-address=127.0.0.1:0";

/// One scrape: the value of each series, by its name and labels as they are written.
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    fn of(app: &TestApp) -> Self {
        let text = app.server.metrics().unwrap();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(
            lines
                .map(|line| line.rsplit_once(' ').unwrap())
                .map(|(series, value)| (series.to_owned(), value.parse().unwrap()))
                .collect(),
        )
    }

    /// The value of a series; 0 if there is none.
    fn value(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or_default()
    }

    /// The sum of all series that begin like this.
    fn sum(&self, beginning: &str) -> f64 {
        self.0.iter().filter(|(series, _)| series.starts_with(beginning)).map(|(_, value)| value).sum()
    }

    /// All values of labels.
    fn label_values(&self) -> BTreeSet<String> {
        let labels = self.0.keys().filter_map(|series| series.split_once('{'));
        let pairs = labels.flat_map(|(_, labels)| labels.trim_end_matches('}').split("\","));
        pairs.map(|pair| pair.split_once("=\"").unwrap().1.trim_end_matches('"').to_owned()).collect()
    }
}

/// How much a series moved while this was done.
async fn moved(app: &TestApp, series: &str, done: impl AsyncFnOnce()) -> f64 {
    let before = Scrape::of(app).value(series);
    done().await;
    Scrape::of(app).value(series) - before
}

#[track_caller]
fn is(found: f64, expected: f64) {
    assert!((found - expected).abs() < f64::EPSILON, "{found} in place of {expected}");
}

#[tokio::test]
async fn a_server_without_an_address_for_metrics_has_none() {
    let (app, _) = TestApp::new().await;
    assert_eq!(app.server.metrics(), None);
}

#[tokio::test]
async fn requests_are_counted_by_method_route_and_status() {
    let (app, owner) = TestApp::with(&[ADDRESS]).await;
    let of = |method: &str, route: &str, status: u16| {
        format!("keyfob_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}")
    };
    let user = "/api/v2/users/{user}";
    let found = of("GET", user, 200);
    let found = moved(&app, &found, async || {
        owner.get("/api/v2/users/me").await;
        owner.get("/api/v2/users/owner").await;
        owner.get("/api/v2/users/nobody").await;
    });
    is(found.await, 2.0);
    is(Scrape::of(&app).value(&of("GET", user, 404)), 1.0);
    for (method, path, route, status) in [
        (Method::GET, "/api/v2/users/me", user, 401),
        (Method::PATCH, "/api/v2/users/me", user, 405),
        (Method::GET, "/no/such/place", "none", 404),
        (Method::HEAD, "/healthz", "/healthz", 200),
    ] {
        let series = of(method.as_str(), route, status);
        let asked = async || drop(app.anonymous().send(method, path, None).await);
        is(moved(&app, &series, asked).await, 1.0);
    }
    let made_up = Method::from_bytes(b"XYZZY").unwrap();
    owner.send(made_up, "/healthz", None).await;
    is(Scrape::of(&app).sum("keyfob_http_requests_total{method=\"other\",route=\"/healthz\""), 1.0);

    let took = format!("keyfob_http_request_duration_seconds_count{{route=\"{user}\"}}");
    is(moved(&app, &took, async || drop(owner.get("/api/v2/users/me").await)).await, 1.0);
    let bounded = format!("keyfob_http_request_duration_seconds_bucket{{route=\"{user}\",le=\"+Inf\"}}");
    is(Scrape::of(&app).value(&bounded), Scrape::of(&app).value(&took));
}

#[tokio::test]
async fn decisions_are_counted_by_type_action_and_outcome() {
    let (app, owner) = TestApp::with(&[ADDRESS]).await;
    let amy = owner.invite(&app, "amy", &[]).await;
    let of = |of: &str, action: &str, outcome: &str| {
        format!("keyfob_decisions_total{{type=\"{of}\",action=\"{action}\",outcome=\"{outcome}\"}}")
    };
    let found = moved(&app, &of("user", "read", "allowed"), async || drop(owner.get("/api/v2/users/amy").await)).await;
    assert!(found >= 1.0, "{found}");
    let denied = of("user", "create", "denied");
    is(moved(&app, &denied, async || drop(amy.post("/api/v2/users", json!({"username": "x"})).await)).await, 0.0);
    let refused = async || {
        let body = json!({"username": "bo", "email": "bo@example.com", "password": PASSWORD,
            "organization_ids": [owner.organization().await]});
        amy.post("/api/v2/users", body).await.expect(StatusCode::FORBIDDEN);
    };
    is(moved(&app, &denied, refused).await, 1.0);
    let listed = async || drop(owner.get("/api/v2/users").await);
    is(moved(&app, &of("user", "read", "filtered"), listed).await, 1.0);

    // Checks are decisions, too; names that a client makes up are no labels.
    let checks = json!({"checks": {
        "a": {"action": "read", "object": {"resource_type": "template"}},
        "b": {"action": "xyzzy", "object": {"resource_type": "template"}},
        "c": {"action": "read", "object": {"resource_type": "plugh"}},
    }});
    owner.post("/api/v2/authcheck", checks.clone()).await.expect(StatusCode::OK);
    let scrape = Scrape::of(&app);
    is(scrape.value(&of("template", "read", "allowed")), 1.0);
    is(scrape.sum("keyfob_decisions_total{type=\"template\",action=\"other\""), 1.0);
    is(scrape.sum("keyfob_decisions_total{type=\"other\",action=\"read\""), 1.0);
    owner.post("/api/v2/authcheck?explain=true", checks).await.expect(StatusCode::OK);
    is(Scrape::of(&app).value(&of("template", "read", "allowed")), 2.0);
}

#[tokio::test]
async fn the_cache_of_keys_and_the_server_itself_have_numbers() {
    let (app, owner) = TestApp::with(&[ADDRESS]).await;
    app.server.forget_keys();
    let ask = async || drop(owner.get("/api/v2/users/me").await.expect(StatusCode::OK));
    is(moved(&app, "keyfob_key_cache_misses_total", ask).await, 1.0);
    is(moved(&app, "keyfob_key_cache_hits_total", ask).await, 1.0);
    let scrape = Scrape::of(&app);
    is(scrape.value("keyfob_key_cache_evictions_total"), 0.0);
    assert!(scrape.0.contains_key("keyfob_key_cache_evictions_total"));
    assert!(scrape.value("keyfob_key_cache_keys") >= 1.0);
    assert!(scrape.value("keyfob_key_cache_bytes") > 100.0);
    is(scrape.sum("keyfob_build_info{version=\""), 1.0);
    // The clock of the tests.
    is(scrape.value("process_start_time_seconds"), 1_767_323_045.0);
    // Described, and nothing is described twice.
    let text = app.server.metrics().unwrap();
    assert_eq!(text.matches("# TYPE keyfob_http_requests_total counter").count(), 1, "{text}");
    assert_eq!(text.matches("# HELP keyfob_http_requests_total ").count(), 1, "{text}");
    assert!(text.contains("# TYPE keyfob_http_request_duration_seconds histogram"), "{text}");
}

#[tokio::test]
async fn mails_and_background_work_are_counted() {
    let mails = MailServer::start();
    let smarthost = format!("--email-smarthost={}", mails.address);
    let (app, _) = TestApp::with(&[ADDRESS, "--email-from=keys@example.com", &smarthost]).await;
    let asked = async || {
        app.anonymous().post("/api/v2/users/otp/request", json!({"email": "owner@example.com"})).await;
        app.server.run_jobs_once().await;
    };
    is(moved(&app, "keyfob_mails_total{kind=\"password_reset\",outcome=\"sent\"}", asked).await, 1.0);
    app.advance(SignedDuration::from_mins(30));
    let run = "keyfob_background_runs_total{job=\"remove_keys\",outcome=\"done\"}";
    is(moved(&app, run, async || app.server.run_jobs_once().await).await, 1.0);
}

#[tokio::test]
async fn mails_that_reach_no_mail_server_are_counted() {
    let flags = [ADDRESS, "--email-from=keys@example.com", "--email-smarthost=127.0.0.1:1"];
    let (app, _) = TestApp::with(&flags).await;
    app.anonymous().post("/api/v2/users/otp/request", json!({"email": "owner@example.com"})).await;
    let unreachable = "keyfob_mails_total{kind=\"password_reset\",outcome=\"unreachable\"}";
    is(moved(&app, unreachable, async || app.server.run_jobs_once().await).await, 1.0);
}

#[tokio::test]
async fn commits_and_connections_have_numbers() {
    let (app, owner) = TestApp::with(&[ADDRESS]).await;
    let mint = async || drop(owner.token(json!({})).await);
    is(moved(&app, "keyfob_commit_units_sum", mint).await, 1.0);
    is(moved(&app, "keyfob_commit_wait_seconds_count", mint).await, 1.0);
    let scrape = Scrape::of(&app);
    assert!(scrape.sum("keyfob_database_connections{") >= 1.0);
}

#[tokio::test]
async fn background_work_that_fails_is_counted() {
    let (app, owner) = TestApp::in_a_file(&[ADDRESS]).await;
    owner.get("/api/v2/users/me").await.expect(StatusCode::OK);
    app.server.close().await;
    let failed = "keyfob_background_runs_total{job=\"remove_keys\",outcome=\"failed\"}";
    is(moved(&app, failed, async || app.server.run_jobs_once().await).await, 1.0);
}

/// Requests that name ids, names and secrets wherever a request can.
async fn ask_for_much(app: &TestApp, owner: &Identity, secret: &str, name: &str) {
    let organization = owner.organization().await;
    let id = &owner.id;
    let paths = [
        format!("/api/v2/users/{name}"),
        format!("/api/v2/users/{id}/keys/{secret}"),
        format!("/api/v2/users/{id}/keys/tokens?include_all=true&q={secret}"),
        format!("/api/v2/organizations/{organization}/members/{name}"),
        format!("/api/v2/organizations/{name}/groups/{secret}"),
        format!("/api/v2/resources/workspace/{id}"),
        format!("/api/v2/resources?q=name:{name}"),
        format!("/api/v2/audit?q=username:{name}%20request_id:{id}"),
        format!("/{name}/{secret}?token={secret}"),
        format!("/login?redirect=/{name}&message={secret}"),
        format!("/api/v2/{name}/{id}"),
        format!("//api//v2//users//{name}//"),
        format!("/reset-password/change?otp={secret}&email={name}@example.com"),
    ];
    for path in &paths {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", &name.to_uppercase()] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let is_read = method.is_safe();
            owner.send(method.clone(), path, None).await;
            let body = (!is_read).then(|| json!({"name": secret, "email": name}));
            app.bearer_of(secret).send(method, path, body).await;
        }
    }
    let check = json!({"action": name, "object": {"resource_type": name, "owner_id": id}});
    let id_check = json!({"action": "read", "object": {"resource_type": "workspace", "resource_id": id}});
    owner.post("/api/v2/authcheck", json!({"checks": {name: check, secret: id_check}})).await;
    owner.post("/api/v2/users/login", json!({"email": format!("{name}@example.com"), "password": secret})).await;
}

#[tokio::test]
async fn no_label_holds_anything_of_a_request_and_the_number_of_series_is_bounded() {
    let (app, owner) = TestApp::with(&[ADDRESS]).await;
    ask_for_much(&app, &owner, "s3cr3tAAAA-aaaaaaaaaaaaaaaaaaaaaa", "zephyrine").await;
    let few = Scrape::of(&app);
    for number in 0..5 {
        ask_for_much(&app, &owner, &format!("s3cr3tBBB{number}-bbbbbbbbbbbbbbbbbbbbbb"), &format!("zephyrine{number}"))
            .await;
    }
    let many = Scrape::of(&app);
    assert!(many.sum("keyfob_http_requests_total") >= 4.0 * few.sum("keyfob_http_requests_total"));
    // Other ids, names and secrets make no new series.
    let new: Vec<_> = many.0.keys().filter(|series| !few.0.contains_key(*series)).collect();
    assert!(new.is_empty(), "{new:?}");
    assert!(many.0.len() < 2_000, "{} series", many.0.len());
    for value in many.label_values() {
        let lower = value.to_lowercase();
        for private in ["s3cr3t", "zephyrine", "owner@", "example.com", PASSWORD] {
            assert!(!lower.contains(&private.to_lowercase()), "{value}");
        }
        for private in [owner.id.as_str(), owner.key.as_str(), owner.key_id(), &owner.organization().await] {
            assert!(!value.contains(private), "{value}");
        }
        // Patterns, numbers and words of the program; a pattern has parameters where a path has values.
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/{}*_-.+".contains(letter);
        assert!(value.chars().all(is_plain), "{value}");
    }
}
