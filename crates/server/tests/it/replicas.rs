//! Several servers on one PostgreSQL database: a change that one has acknowledged is in effect on all, in time.
//!
//! On a file of SQLite there is one server, and nothing to test.
use std::time::Duration;

use axum::http::{Method, StatusCode};
use keyfob_server::Server;
use serde_json::{Value, json};
use tokio::{task::JoinHandle, time::sleep};

use crate::{
    proxy::Proxy,
    support::{Answer, Identity, TestApp},
};

const ME: &str = "/api/v2/users/me";
/// How often a condition is looked at, and for how long.
const STEP: Duration = Duration::from_millis(10);
const STEPS: u32 = 1_000;

/// Two replicas, and an owner's clients on each.
struct Replicas {
    first: TestApp,
    second: Server,
    owner: Identity,
}

impl Replicas {
    /// None where the database is for one server alone.
    async fn new(flags_of_first: &[&str], flags_of_second: &[&str]) -> Option<Self> {
        let (first, owner) = TestApp::with(flags_of_first).await;
        first.data.postgres_url()?;
        let second = first.replica(flags_of_second).await;
        Some(Self { first, second, owner })
    }

    /// The same key at the other replica.
    fn on_second(&self, of: &Identity) -> Identity {
        of.at(&self.second)
    }
}

fn following(server: &Server) -> JoinHandle<()> {
    let server = server.clone();
    tokio::spawn(async move { server.follow_changes().await })
}

async fn eventually(condition: impl AsyncFn() -> bool) {
    for _ in 0..STEPS {
        if condition().await {
            return;
        }
        sleep(STEP).await;
    }
    panic!("it did not come to pass");
}

async fn expire(by: &Identity, key: &Identity, query: &str) -> Answer {
    let path = format!("/api/v2/users/{}/keys/{}/expire{query}", key.id, key.key_id());
    by.send(Method::PUT, &path, None).await
}

#[tokio::test]
async fn what_one_replica_changes_the_others_learn() {
    let flags = ["--revocation-lease=1h"];
    let Some(replicas) = Replicas::new(&flags, &flags).await else { return };
    let task = following(&replicas.second);
    let bob = replicas.owner.invite(&replicas.first, "bob", &["auditor"]).await;
    let token = bob.token(json!({"token_name": "ci"})).await;
    let there = replicas.on_second(&token);
    there.get(ME).await.expect(StatusCode::OK);
    // Another right of the owner's, and then none.
    let roles = json!({"roles": []});
    let audit = "/api/v2/audit?limit=1";
    there.get(audit).await.expect(StatusCode::OK);
    replicas.owner.put(&format!("/api/v2/users/{}/roles", bob.id), roles).await.expect(StatusCode::OK);
    eventually(async || there.get(audit).await.status == StatusCode::FORBIDDEN).await;
    there.get(ME).await.expect(StatusCode::OK);
    expire(&replicas.owner, &token, "").await.expect(StatusCode::NO_CONTENT);
    eventually(async || there.get(ME).await.status == StatusCode::UNAUTHORIZED).await;
    task.abort();
}

/// It has read nothing since before the change, so it may go on only for as long as its lease.
#[tokio::test]
async fn a_replica_without_news_asks_the_database_once_its_lease_has_ended() {
    let Some(replicas) = Replicas::new(&["--revocation-lease=1h"], &["--revocation-lease=300ms"]).await else { return };
    let token = replicas.owner.token(json!({"token_name": "ci"})).await;
    let there = replicas.on_second(&token);
    there.get(ME).await.expect(StatusCode::OK);
    expire(&replicas.owner, &token, "").await.expect(StatusCode::NO_CONTENT);
    eventually(async || !replicas.second.holds_lease()).await;
    there.get(ME).await.expect(StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_revocation_that_waits_is_in_effect_everywhere_when_it_is_answered() {
    let flags = ["--revocation-lease=1h"];
    let Some(replicas) = Replicas::new(&flags, &flags).await else { return };
    let task = following(&replicas.second);
    for _ in 0..20 {
        let token = replicas.owner.token(json!({})).await;
        let there = replicas.on_second(&token);
        there.get(ME).await.expect(StatusCode::OK);
        expire(&replicas.owner, &token, "?wait=true").await.expect(StatusCode::NO_CONTENT);
        there.get(ME).await.expect(StatusCode::UNAUTHORIZED);
    }
    task.abort();
}

/// It has read nothing since before the change, and has nothing to do itself.
#[tokio::test]
async fn what_another_replica_has_done_already_is_in_effect_where_it_is_asked_for_again() {
    let flags = ["--revocation-lease=1h"];
    let Some(replicas) = Replicas::new(&flags, &flags).await else { return };
    for query in ["", "?wait=true"] {
        let task = following(&replicas.first.server);
        let token = replicas.owner.token(json!({})).await;
        let there = replicas.on_second(&token);
        there.get(ME).await.expect(StatusCode::OK);
        expire(&replicas.owner, &token, "").await.expect(StatusCode::NO_CONTENT);
        there.get(ME).await.expect(StatusCode::OK);
        let again = expire(&replicas.on_second(&replicas.owner), &token, query).await;
        again.expect(StatusCode::NO_CONTENT);
        there.get(ME).await.expect(StatusCode::UNAUTHORIZED);
        task.abort();
    }
}

/// The same where there is something to do besides.
#[tokio::test]
async fn what_another_replica_has_done_already_is_in_effect_with_what_is_done_now() {
    let flags = ["--revocation-lease=1h"];
    let Some(replicas) = Replicas::new(&flags, &flags).await else { return };
    let token = replicas.owner.token(json!({})).await;
    let child = token.token(json!({})).await;
    let there = replicas.on_second(&token);
    there.get(ME).await.expect(StatusCode::OK);
    expire(&replicas.owner, &token, "?descendants=false").await.expect(StatusCode::NO_CONTENT);
    there.get(ME).await.expect(StatusCode::OK);
    let again = expire(&replicas.on_second(&replicas.owner), &token, "?descendants=true").await;
    again.expect(StatusCode::NO_CONTENT);
    for ended in [&token, &child] {
        replicas.on_second(ended).get(ME).await.expect(StatusCode::UNAUTHORIZED);
    }
}

/// The other replica may decide by what it remembers for an hour, and does not say that it knows better.
#[tokio::test]
async fn a_replica_that_does_not_confirm_is_named_with_its_end() {
    let Some(replicas) = Replicas::new(&["--revocation-lease=100ms"], &["--revocation-lease=1h"]).await else { return };
    let token = replicas.owner.token(json!({"token_name": "ci"})).await;
    let answer = expire(&replicas.owner, &token, "?wait=true").await.expect(StatusCode::ACCEPTED).json();
    let [left] = &answer["unconfirmed"].as_array().unwrap()[..] else { panic!("{answer}") };
    assert!(!left["replica"].as_str().unwrap().is_empty(), "{answer}");
    let end: jiff::Timestamp = left["cannot_accept_after"].as_str().unwrap().parse().unwrap();
    // The database's own time, not that of the test.
    assert!(end > jiff::Timestamp::now(), "{answer}");
    token.get(ME).await.expect(StatusCode::UNAUTHORIZED);

    // One that has ended remembers nothing.
    replicas.second.close().await;
    let token = replicas.owner.token(json!({"token_name": "cd"})).await;
    expire(&replicas.owner, &token, "?wait=true").await.expect(StatusCode::NO_CONTENT);
}

/// The revocation is made, whatever becomes of the wait: the answer must not say that nothing was changed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_that_fails_says_that_the_revocation_was_made() {
    let (app, owner) = TestApp::with(&["--revocation-lease=1h"]).await;
    let Some(url) = app.data.postgres_url() else { return };
    let proxy = Proxy::to(url).await;
    let through = format!("--postgres-url={}", proxy.url());
    let second = app.replica(&[&through, "--revocation-lease=1h"]).await;
    // The first replica remembers for an hour, and confirms nothing.
    let token = owner.token(json!({"token_name": "ci"})).await;
    let there = owner.at(&second);
    let waiting = tokio::spawn({
        let token = token.at(&second);
        async move { expire(&there, &token, "?wait=true").await }
    });
    eventually(async || expire_is_stored(&owner, &token).await).await;
    proxy.cut();
    let answer = waiting.await.unwrap().expect(StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.detail().starts_with("The key is expired."), "{}", answer.body);
    assert!(answer.headers.contains_key("retry-after"));
}

/// Whether a token is expired in the database.
async fn expire_is_stored(owner: &Identity, token: &Identity) -> bool {
    let shown = owner.get(&format!("/api/v2/users/me/keys/{}", token.key_id())).await.expect(StatusCode::OK).json();
    let end: jiff::Timestamp = shown["expires_at"].as_str().unwrap().parse().unwrap();
    end <= crate::support::NOW.parse().unwrap()
}

/// Their keys are the deployment's, and no server makes others.
#[tokio::test]
async fn a_replica_with_other_keys_does_not_start() {
    let (app, owner) = TestApp::with(&[]).await;
    if app.data.postgres_url().is_none() {
        return;
    }
    owner.get(ME).await.expect(StatusCode::OK);
    let folder = tempfile::tempdir().unwrap();
    let start = async || {
        let url = format!("--postgres-url={}", app.data.postgres_url().unwrap());
        let opened = crate::support::open(folder.path(), &[&url], &app.clock).await;
        opened.map(drop).map_err(|error| error.to_string())
    };
    for key in ["seal.key", "audit.key"] {
        let own = folder.path().join(key);
        let missing = start().await.unwrap_err();
        assert!(missing.contains(key) && missing.contains("copy `seal.key` and `audit.key`"), "{missing}");
        assert!(!own.exists(), "{key} is not made anew");
        let of_all = std::fs::read(app.data.path().join(key)).unwrap();
        let other: Vec<u8> = of_all.iter().map(|byte| if *byte == b'0' { b'1' } else { b'0' }).collect();
        std::fs::write(&own, other).unwrap();
        let refused = start().await.unwrap_err();
        assert!(refused.contains(key), "{refused}");
        std::fs::write(&own, of_all).unwrap();
    }
    start().await.unwrap();
}

/// One set of keys, one organization, one first user, however many start at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_start_at_once_found_one_deployment() {
    let app = TestApp::empty(&[]).await;
    if app.data.postgres_url().is_none() {
        return;
    }
    let servers = futures_util::future::join_all((0..4).map(|_| app.replica(&[]))).await;
    let first = json!({"email": "owner@example.com", "username": "owner", "password": crate::support::PASSWORD});
    let clients = servers.iter().map(|server| app.anonymous().at(server));
    let clients: Vec<Identity> = clients.collect();
    let made = clients.iter().map(|client| client.post("/api/v2/users/first", first.clone()));
    let made: Vec<StatusCode> =
        futures_util::future::join_all(made).await.into_iter().map(|answer| answer.status).collect();
    assert_eq!(made.iter().filter(|status| **status == StatusCode::CREATED).count(), 1, "{made:?}");
    let owner = app.sign_in("owner@example.com").await;
    let organizations = owner.get("/api/v2/organizations").await.expect(StatusCode::OK).json();
    assert_eq!(organizations.as_array().map(Vec::len), Some(1), "{organizations}");
    let users = owner.get("/api/v2/users").await.expect(StatusCode::OK).json();
    assert_eq!(users["count"], 1);
    let build: Vec<Value> = futures_util::future::join_all(clients.iter().map(|one| one.get("/api/v2/buildinfo")))
        .await
        .into_iter()
        .map(|answer| answer.json()["deployment_id"].clone())
        .collect();
    assert!(build.iter().all(|id| *id == build[0]), "{build:?}");
}

/// Within its lease a server decides by what it remembers; all else is refused until the database is back, in good time
/// and with a word when to try again. Then everything works again, over no more connections than before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_is_no_reason_for_a_restart() {
    let (app, owner) = TestApp::with(&[]).await;
    let Some(url) = app.data.postgres_url() else { return };
    let proxy = Proxy::to(url).await;
    let through = format!("--postgres-url={}", proxy.url());
    let second = app.replica(&[&through, "--revocation-lease=1h"]).await;
    let task = following(&second);
    let token = owner.token(json!({"token_name": "ci"})).await;
    let other = owner.token(json!({"token_name": "cd"})).await;
    let (known, unknown) = (token.at(&second), other.at(&second));
    known.get(ME).await.expect(StatusCode::OK);
    known.get("/readyz").await.expect(StatusCode::OK);

    proxy.cut();
    known.get(ME).await.expect(StatusCode::OK);
    let refused = [
        unknown.get(ME).await,
        known.post("/api/v2/users/me/keys/tokens", json!({})).await,
        known.get("/api/v2/users").await,
        known.get("/readyz").await,
    ];
    for answer in refused {
        let answer = answer.expect(StatusCode::SERVICE_UNAVAILABLE);
        assert!(!answer.message().is_empty());
        assert!(answer.headers.contains_key("retry-after"), "{}", answer.body);
    }

    proxy.mend();
    eventually(async || unknown.get(ME).await.status == StatusCode::OK).await;
    let all = (0..200).map(|_| known.get("/api/v2/users"));
    for answer in futures_util::future::join_all(all).await {
        answer.expect(StatusCode::OK);
    }
    known.get("/readyz").await.expect(StatusCode::OK);
    let most = 10 + 2;
    assert!(proxy.most_connections() <= most, "{}", proxy.most_connections());
    task.abort();
}

/// Past its lease, a server that cannot ask the database accepts nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_database_a_known_key_is_accepted_for_a_lease_and_no_longer() {
    let (app, owner) = TestApp::with(&[]).await;
    let Some(url) = app.data.postgres_url() else { return };
    let proxy = Proxy::to(url).await;
    let second = app.replica(&[&format!("--postgres-url={}", proxy.url()), "--revocation-lease=500ms"]).await;
    let known = owner.at(&second);
    known.get(ME).await.expect(StatusCode::OK);
    proxy.cut();
    eventually(async || !second.holds_lease()).await;
    let answer = known.get(ME).await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers.contains_key("retry-after"));
    let ready = known.get("/readyz").await.expect(StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.body.contains("database"), "{}", ready.body);
    proxy.mend();
    eventually(async || known.get(ME).await.status == StatusCode::OK).await;
}
