mod alike;
mod world;

use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};

use self::world::{ME, World, check, fixed_headers, get, request};
use crate::http::test_server::Answer;

fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

#[tokio::test]
async fn a_key_that_ended_is_refused_at_once() {
    let world = World::new().await;
    for (name, method, path) in [
        ("expired", Method::PUT, "/api/v2/users/expired/keys/{key}/expire"),
        ("deleted", Method::DELETE, "/api/v2/users/deleted/keys/{key}"),
        ("suspended", Method::PUT, "/api/v2/users/suspended/status/suspend"),
        ("gone", Method::DELETE, "/api/v2/users/gone"),
    ] {
        let session = world.user(name).await;
        let key = world.token(&session, json!({})).await;
        world.used(&key).await;
        assert_eq!(world.send(get(ME, &key)).await.short().status, StatusCode::OK, "{name}");
        assert_eq!(world.send(check(&key)).await.short().status, StatusCode::OK, "{name}");
        let path = path.replace("{key}", key.split('-').next().unwrap());
        world.done(request(method, &path, &world.owner, None)).await;
        assert_eq!(world.send(get(ME, &key)).await.long().status, StatusCode::UNAUTHORIZED, "{name}");
        assert_eq!(world.send(check(&key)).await.long().status, StatusCode::UNAUTHORIZED, "{name}");
    }
}

#[tokio::test]
async fn a_change_of_rights_or_of_a_profile_is_seen_at_once() {
    let world = World::new().await;
    let alice = world.user("alice").await;
    world.used(&alice).await;
    assert_eq!(world.send(check(&alice)).await.short().body, "{\"it\":false}\n");
    let roles = json!({"roles": ["owner"]});
    world.done(request(Method::PUT, "/api/v2/users/alice/roles", &world.owner, Some(&roles))).await;
    let profile = json!({"username": "alice", "name": "Alice B."});
    world.done(request(Method::PUT, "/api/v2/users/alice/profile", &world.owner, Some(&profile))).await;
    world.send(check(&alice)).await.long();
    assert_eq!(world.send(check(&alice)).await.short().body, "{\"it\":true}\n");
    let shown = json_of(&world.send(get(ME, &alice)).await.short());
    assert_eq!((&shown["name"], &shown["roles"][0]["name"]), (&json!("Alice B."), &json!("owner")));
}

/// A use that is to be noted is the long way's; what it moves is shown from then on.
#[tokio::test]
async fn uses_are_noted_and_shown() {
    let world = World::new().await;
    let key = world.token(&world.owner, json!({})).await;
    world.used(&key).await;
    let before = json_of(&world.send(get(ME, &key)).await.short());
    world.clock.advance(SignedDuration::from_mins(61));
    let now = world.clock.now().to_string();
    let noted = world.send(get(ME, &key)).await.long();
    let after = world.send(get(ME, &key)).await.short();
    assert_eq!(noted.body, after.body);
    assert_ne!(before["last_seen_at"], json!(now));
    assert_eq!(json_of(&after)["last_seen_at"], json!(now));
    let own = format!("{ME}/keys/{}", key.split('-').next().unwrap());
    assert_eq!(world.done(get(&own, &key)).await["last_used"], json!(now));
    // A session slides, and the header that describes it says so.
    world.used(&world.owner).await;
    let until = |answer: &Answer| answer.header("X-Keyfob-Key").to_owned();
    let first = until(&world.send(get(ME, &world.owner)).await.short());
    world.clock.advance(SignedDuration::from_hours(2));
    world.send(get(ME, &world.owner)).await.long();
    assert_ne!(until(&world.send(get(ME, &world.owner)).await.short()), first);
}

#[tokio::test]
async fn both_ways_count_by_the_same_limit() {
    let world = World::with(&["--api-rate-limit=8", "--authcheck-rate-limit=3"]).await;
    world.clock.advance(SignedDuration::from_mins(2));
    world.used(&world.owner).await;
    // Owners lift the limit with this header.
    let mut lifted = get(ME, &world.owner);
    lifted.headers_mut().insert("X-Coder-Bypass-Ratelimit", "true".parse().unwrap());
    assert_eq!(world.send(lifted).await.long().header("X-RateLimit-Remaining"), "");
    for left in (1..7).rev() {
        let asked = || get(ME, &world.owner);
        let is_short = left % 2 == 0;
        let answer = if is_short { world.send(asked()).await.short() } else { world.send_long(asked()).await };
        assert_eq!(answer.header("X-RateLimit-Remaining"), left.to_string());
        assert_eq!(answer.header("X-RateLimit-Limit"), "8");
    }
    world.send(get(ME, &world.owner)).await.short();
    assert_eq!(world.send(get(ME, &world.owner)).await.long().status, StatusCode::TOO_MANY_REQUESTS);
    // Where checks have a limit, they go the long way.
    let first = world.send(check(&world.owner)).await.long();
    assert_eq!(first.header("X-RateLimit-Remaining"), "2");
}

#[tokio::test]
async fn what_is_watched_goes_the_long_way() {
    for flag in ["--access-log", "--redirect-to-access-url"] {
        let world = World::with(&["--access-url=http://keyfob.test", flag]).await;
        world.used(&world.owner).await;
        let mut request = get(ME, &world.owner);
        request.headers_mut().insert("Host", "keyfob.test".parse().unwrap());
        assert_eq!(world.send(request).await.long().status, StatusCode::OK, "{flag}");
    }
    let world = World::new().await;
    world.used(&world.owner).await;
    let traced = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(std::io::sink).finish();
    let _traced = tracing::subscriber::set_default(traced);
    world.send(get(ME, &world.owner)).await.long();
}

/// Asking for the body would tell the client to send it, also where it is then refused unread.
#[tokio::test]
async fn a_client_that_waits_until_its_body_is_asked_for_goes_the_long_way() {
    let world = World::new().await;
    world.used(&world.owner).await;
    world.send(check(&world.owner)).await.short();
    let mut waiting = check(&world.owner);
    waiting.headers_mut().insert("Expect", "100-continue".parse().unwrap());
    assert_eq!(world.send(waiting).await.long().status, StatusCode::OK);
}

/// A key near its end is announced by both ways.
#[tokio::test]
async fn headers_follow_the_time() {
    let world = World::new().await;
    let key = world.token(&world.owner, json!({"lifetime": 3_600_000_000_000_i64})).await;
    world.used(&key).await;
    assert_eq!(world.send(get(ME, &key)).await.short().header("X-Keyfob-Expires-In"), "");
    world.clock.advance(SignedDuration::from_mins(55));
    let answer = world.send(get(ME, &key)).await.short();
    assert_eq!(answer.header("X-Keyfob-Expires-In"), "300");
    let long = world.send_long(get(ME, &key)).await;
    assert_eq!(fixed_headers(&answer.headers), fixed_headers(&long.headers));
    world.clock.advance(SignedDuration::from_mins(5));
    assert_eq!(world.send(get(ME, &key)).await.long().status, StatusCode::UNAUTHORIZED);
}
