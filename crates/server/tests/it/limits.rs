//! Rate limits.
use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode},
};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    browser::hidden,
    support::{Answer, Identity, PASSWORD, TestApp},
};

const LIMITED: &[&str] = &["--api-rate-limit=512"];
const PATH: &str = "/api/v2/users/me";

/// The remaining requests, according to the answer's header.
fn remaining(answer: &Answer) -> i64 {
    answer.header("x-ratelimit-remaining").parse().unwrap()
}

/// Sends a request over a connection from this address.
async fn from(who: &Identity, peer: &str, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let peer: SocketAddr = peer.parse().unwrap();
    who.send_request(request.extension(ConnectInfo(peer)).body(Body::from("{}")).unwrap()).await
}

#[tokio::test]
async fn a_user_may_send_so_many_requests_to_a_path_in_a_minute() {
    let (app, owner) = TestApp::with(LIMITED).await;
    let before = owner.get(PATH).await.expect(StatusCode::OK);
    assert_eq!(before.header("x-ratelimit-limit"), "512");
    assert_eq!(before.header("x-ratelimit-reset"), "1767323100");
    for left in (0..remaining(&before)).rev() {
        assert_eq!(remaining(&owner.get(PATH).await.expect(StatusCode::OK)), left);
    }
    let over = owner.get(PATH).await.expect(StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(over.message(), "You've been rate limited for sending more than 512 requests in 1m0s.");
    assert_eq!((over.header("retry-after"), remaining(&over)), ("60", 0));
    // Other paths, and other users on the same path, have their own counters.
    owner.get("/api/v2/users").await.expect(StatusCode::OK);
    let alice = owner.invite(&app, "alice", &[]).await;
    alice.get(PATH).await.expect(StatusCode::OK);
    // Requests with any key of the user, and with any spelling of the path, count.
    let token = owner.scoped(&["user:read"]).await;
    token.get("/api/v2//users/me/").await.expect(StatusCode::TOO_MANY_REQUESTS);
}

/// The default is 512, too.
#[tokio::test]
async fn requests_are_limited_by_default() {
    let (_app, owner) = TestApp::with(&["--authcheck-rate-limit=0"]).await;
    assert_eq!(owner.get(PATH).await.expect(StatusCode::OK).header("x-ratelimit-limit"), "512");
}

/// Requests of the minute before count in proportion to the part of it that is less than a minute ago.
#[tokio::test]
async fn the_window_slides() {
    let (app, owner) = TestApp::with(&["--api-rate-limit=60"]).await;
    let count = async |path: &str| {
        let mut count = 0;
        while owner.get(path).await.status == StatusCode::OK {
            count += 1;
        }
        count
    };
    let path = "/api/v2/users?limit=1";
    assert_eq!(count(path).await, 60);
    // The minute began five seconds ago: 55 seconds into the next one, five sixtieths of the sixty still count.
    app.advance(SignedDuration::from_secs(110));
    assert_eq!(count(path).await, 55);
    app.advance(SignedDuration::from_secs(120));
    assert_eq!(count(path).await, 60);
}

#[tokio::test]
async fn signing_in_is_limited_further_and_by_address() {
    let (app, _owner) = TestApp::with(LIMITED).await;
    let paths = ["/api/v2/users/login", "/api/v2/users/otp/request", "/api/v2/users/otp/change-password"];
    for path in paths.into_iter().chain(["/api/v2/users/validate-password"]) {
        let first = from(&app.anonymous(), "198.51.100.1:9", Method::POST, path, &[]).await;
        assert_eq!((first.status, first.header("x-ratelimit-limit")), (StatusCode::BAD_REQUEST, "60"), "{path}");
        for _ in 1..60 {
            let more = from(&app.anonymous(), "198.51.100.1:9", Method::POST, path, &[]).await;
            assert_eq!(more.status, StatusCode::BAD_REQUEST);
        }
        let over = from(&app.anonymous(), "198.51.100.1:9", Method::POST, path, &[]).await;
        let message = "You've been rate limited for sending more than 60 requests in 1m0s.";
        assert_eq!((over.status, over.message().as_str()), (StatusCode::TOO_MANY_REQUESTS, message), "{path}");
        let other = from(&app.anonymous(), "198.51.100.2:9", Method::POST, path, &[]).await;
        assert_eq!(other.status, StatusCode::BAD_REQUEST);
    }
    // A client with one IPv6 address has all of its network.
    for host in 0..=60 {
        let peer = format!("[2001:db8:0:1::{host:x}]:9");
        let status = from(&app.anonymous(), &peer, Method::POST, paths[0], &[]).await.status;
        let want = if host < 60 { StatusCode::BAD_REQUEST } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(status, want, "{host}");
    }
    let other = from(&app.anonymous(), "[2001:db8:0:2::1]:9", Method::POST, paths[0], &[]).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST);
}

/// Each path has its own limit, and so has changing one's own password.
#[tokio::test]
async fn changing_a_password_is_limited_like_signing_in() {
    let (_app, owner) = TestApp::with(LIMITED).await;
    for _ in 0..60 {
        owner.put("/api/v2/users/me/password", json!({})).await.expect(StatusCode::BAD_REQUEST);
    }
    owner.put("/api/v2/users/me/password", json!({})).await.expect(StatusCode::TOO_MANY_REQUESTS);
}

/// A forged `X-Forwarded-For` does not help.
#[tokio::test]
async fn an_address_in_a_header_counts_only_if_a_trusted_proxy_wrote_it() {
    let trusting =
        ["--api-rate-limit=512", "--proxy-trusted-headers=X-Forwarded-For", "--proxy-trusted-origins=10.0.0.0/8"];
    for (flags, peer, can_help) in
        [(LIMITED, "10.0.0.1:9", false), (&trusting[..], "203.0.113.1:9", false), (&trusting, "10.0.0.1:9", true)]
    {
        let (app, _owner) = TestApp::with(flags).await;
        let mut last = StatusCode::OK;
        for number in 0..=60 {
            let forged = format!("198.51.100.{number}");
            let headers = [("X-Forwarded-For", forged.as_str())];
            last = from(&app.anonymous(), peer, Method::POST, "/api/v2/users/login", &headers).await.status;
        }
        assert_eq!(last == StatusCode::BAD_REQUEST, can_help, "{flags:?} {peer}");
    }
}

/// However a path names a user, an organization, a key or an object, it is one path.
#[tokio::test]
async fn another_spelling_of_a_path_gives_no_further_requests() {
    const LIMIT: usize = 24;
    let (app, owner) = TestApp::with(&["--api-rate-limit=24"]).await;
    let (alice, bob) = (owner.invite(&app, "alice", &[]).await, owner.invite(&app, "bob", &[]).await);
    let organization = owner.organization().await;
    let workspace = owner.register("workspace", "dev").await;
    let group = owner.post("/api/v2/organizations/coder/groups", json!({"name": "Makers"})).await;
    let token = alice.token(json!({"token_name": "ci"})).await;
    // All of that was counted.
    app.advance(SignedDuration::from_secs(120));
    let spelled = |id: &str| {
        let plain = id.replace('-', "");
        [
            id.to_owned(),
            id.to_uppercase(),
            plain.clone(),
            format!("urn:uuid:{id}"),
            format!("%7B{id}%7D"),
            plain.to_uppercase(),
        ]
    };
    let with = |before: &str, names: &[String], after: &str| -> Vec<String> {
        names.iter().map(|name| format!("/api/v2/{before}{name}{after}")).collect()
    };
    let of_alice = [&["alice", "ALICE", "aLiCe", "%61lice", "al%49ce"].map(str::to_owned)[..], &spelled(&alice.id)];
    let of_alice = of_alice.concat();
    let me = [&["me".to_owned(), "m%65".to_owned()][..], &of_alice].concat();
    let default = spelled("00000000-0000-0000-0000-000000000000");
    let names = ["default", "coder", "CODER", "c%6fder"].map(str::to_owned);
    let organizations = [&names[..], &spelled(&organization), &default].concat();
    let appearance = "/appearance";
    let both: Vec<String> =
        organizations.iter().zip(of_alice.iter().cycle()).map(|(of, user)| format!("{of}/members/{user}")).collect();
    let of_bob = [&["bob", "BOB", "b%6fb"].map(str::to_owned)[..], &spelled(&bob.id)].concat();
    let members: Vec<String> =
        organizations.iter().zip(of_bob.iter().cycle()).map(|(of, user)| format!("{of}/members/{user}")).collect();
    let keys: Vec<String> = me.iter().map(|user| format!("{user}/keys/{}", token.key_id())).collect();
    let invalid = ["x", "%58"].map(str::to_owned);
    let groups = [
        (&alice, with("users/", &me, appearance)),
        (&alice, with("users/", &keys, "")),
        (&alice, with("users/", &me, "/keys/tokens/ci")),
        (&alice, with("users/me/organizations/", &organizations, "")),
        (&alice, ["/api/v2/users/login", "/api/v2/users/log%69n", "/api/v2//users/LOGIN/"].map(str::to_owned).to_vec()),
        (&owner, with("users/", &of_alice, appearance)),
        (&owner, with("organizations/", &organizations, "")),
        (&owner, with("organizations/", &both, "")),
        // Who may read the memberships and not the users.
        (&alice, with("organizations/", &members, "")),
        (&owner, with("organizations/coder/groups/", &["makers", "MAKERS", "m%41kers"].map(str::to_owned), "")),
        (&owner, with("groups/", &spelled(group.text("id")), "")),
        (&owner, with("resources/workspace/", &spelled(&workspace), "")),
        (&owner, with("organizations/", &invalid, "")),
        (&owner, ["/api/v2/nothing", "/api/v2/%6Eothing", "/api/v2/nothing/else"].map(str::to_owned).to_vec()),
        (&owner, ["/api/v2/buildinfo", "/api/v2//buildinfo/", "/api/v2/buildinfo?x=1"].map(str::to_owned).to_vec()),
    ];
    for (who, paths) in groups {
        let mut statuses = Vec::new();
        for path in paths.iter().cycle().take(LIMIT + paths.len()) {
            statuses.push(who.get(path).await.status);
        }
        let over = StatusCode::TOO_MANY_REQUESTS;
        assert!(statuses[..LIMIT].iter().all(|status| *status != over), "{paths:?}: {statuses:?}");
        assert!(statuses[LIMIT..].iter().all(|status| *status == over), "{paths:?}: {statuses:?}");
    }
}

/// Counters do not tell which id belongs to a name, except to those who may read both.
#[tokio::test]
async fn what_is_left_of_a_limit_tells_nothing_of_a_user_who_may_not_be_read() {
    let (app, owner) = TestApp::with(LIMITED).await;
    let (alice, bob) = (owner.invite(&app, "alice", &[]).await, owner.invite(&app, "bob", &[]).await);
    let left =
        async |who: &Identity, name: &str| remaining(&who.get(&format!("/api/v2/users/{name}/appearance")).await);
    assert_eq!((left(&alice, "bob").await, left(&alice, &bob.id).await), (511, 511));
    assert_eq!((left(&owner, "bob").await, left(&owner, &bob.id).await), (511, 510));
    // A name that nobody has, or that somebody else has now, is counted all the same.
    assert_eq!((left(&owner, "nobody").await, left(&owner, "NOBODY").await), (511, 510));
    let renamed = json!({"username": "carol", "name": ""});
    owner.put("/api/v2/users/bob/profile", renamed).await.expect(StatusCode::OK);
    let other = json!({
        "username": "bob", "email": "other@example.com", "password": PASSWORD,
        "organization_ids": [owner.organization().await],
    });
    owner.post("/api/v2/users", other).await.expect(StatusCode::CREATED);
    app.advance(SignedDuration::from_secs(120));
    assert_eq!((left(&owner, "bob").await, left(&owner, &bob.id).await, left(&owner, "carol").await), (511, 511, 510));
}

/// The header that bypasses limits: owners pass with a full key, other users and narrow keys are refused, and without a
/// key it has no effect.
#[tokio::test]
async fn owners_may_ask_without_a_limit() {
    let (app, owner) = TestApp::with(&["--api-rate-limit=5"]).await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let bypass = ("X-Coder-Bypass-Ratelimit", "true");
    let ask = async |who: &Identity| {
        let headers = [("Coder-Session-Token", who.key.as_str()), bypass];
        from(&app.anonymous(), "198.51.100.1:9", Method::GET, "/api/v2/users/me", &headers).await
    };
    for _ in 0..20 {
        assert_eq!(ask(&owner).await.status, StatusCode::OK);
    }
    let refused = ask(&alice).await;
    assert_eq!(refused.status, StatusCode::PRECONDITION_REQUIRED);
    assert_eq!(refused.message(), "\"X-Coder-Bypass-Ratelimit\" provided but user is not owner");
    app.advance(SignedDuration::from_secs(120));
    let requests = [
        json!({"scopes": ["user:read"]}),
        json!({"scopes": ["coder:all"], "allow_list": [format!("user:{}", owner.id)]}),
    ];
    for request in requests {
        let narrow = ask(&owner.token(request).await).await;
        assert_eq!(narrow.status, StatusCode::PRECONDITION_REQUIRED, "{}", narrow.body);
        assert_eq!(narrow.message(), "\"X-Coder-Bypass-Ratelimit\" provided but key is not full");
    }
    let without_key = app.bearer_of("");
    for _ in 0..5 {
        assert_eq!(ask(&without_key).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(ask(&without_key).await.status, StatusCode::TOO_MANY_REQUESTS);
}

/// `authcheck` is not limited, unless a limit is set.
#[tokio::test]
async fn checks_of_permissions_are_not_limited_by_default() {
    let checks = json!({"checks": {}});
    for (flags, limit) in [(LIMITED, None), (&["--authcheck-rate-limit=3"][..], Some(3))] {
        let (_app, owner) = TestApp::with(flags).await;
        for number in 0..600 {
            let status = owner.post("/api/v2/authcheck", checks.clone()).await.status;
            let is_over = limit.is_some_and(|limit| number >= limit);
            assert_eq!(status == StatusCode::TOO_MANY_REQUESTS, is_over, "{number} {status}");
        }
    }
}

#[tokio::test]
async fn limits_can_be_switched_off() {
    for flags in [&["--api-rate-limit=0"][..], &["--api-rate-limit=-1"], &["--dangerous-disable-rate-limits"]] {
        let (app, owner) = TestApp::with(flags).await;
        for _ in 0..600 {
            assert_eq!(owner.get("/api/v2/updatecheck").await.status, StatusCode::OK);
        }
        assert_eq!(owner.get("/api/v2/updatecheck").await.header("x-ratelimit-limit"), "");
        let login = from(&app.anonymous(), "198.51.100.1:9", Method::POST, "/api/v2/users/login", &[]).await;
        assert_eq!(login.header("x-ratelimit-limit").is_empty(), flags[0].contains("dangerous"), "{flags:?}");
    }
}

/// Each route is limited under each of its names.
#[tokio::test]
async fn every_route_of_signing_in_is_limited() {
    const CSRF: &str = "JXm9hOUdZctWt0ZZGAy9xiS/gxMKYOThdxjjMnMUyn4=";
    let (app, owner) = TestApp::with(&["--api-rate-limit=100000"]).await;
    let (anonymous, user) = (app.anonymous(), owner.id.clone());
    let cookie = format!("csrf_token={CSRF}");
    let page = Request::get("/login").header("Cookie", &cookie).body(Body::empty()).unwrap();
    let proof = hidden(&anonymous.send_request(page).await.body).swap_remove(0);
    assert_eq!(proof.0, "csrf_token");
    let password = |name: &str| (Method::PUT, format!("/api/v2/users/{name}/password"));
    let convert = |name: &str| (Method::POST, format!("/api/v2/users/{name}/convert-login"));
    let at = |method: Method, path: &str| (method, path.to_owned());
    let groups = [
        vec![at(Method::POST, "/api/v2/users/login")],
        vec![at(Method::POST, "/api/v2/users/otp/request")],
        vec![at(Method::POST, "/api/v2/users/otp/change-password")],
        vec![at(Method::POST, "/api/v2/users/validate-password")],
        vec![at(Method::POST, "/api/v2/device/code")],
        vec![at(Method::GET, "/api/v2/users/oidc/callback")],
        vec![at(Method::GET, "/api/v2/users/oauth2/github/callback")],
        vec![at(Method::GET, "/api/v2/users/oauth2/github/device")],
        vec![at(Method::GET, "/login/device")],
        vec![at(Method::POST, "/login"), at(Method::POST, "//login/")],
        vec![at(Method::POST, "/reset-password")],
        vec![at(Method::POST, "/reset-password/change")],
        vec![at(Method::POST, "/setup")],
        vec![at(Method::POST, "/cli-auth")],
        vec![at(Method::POST, "/device")],
        vec![at(Method::GET, "/device?code=BCDF-GHJK"), at(Method::GET, "/device?code=BCDF-GHJL")],
        vec![password("me"), password("owner"), password(&user), password("m%65"), password("OWNER")],
        vec![convert("me"), convert("owner")],
    ];
    for (number, group) in groups.iter().enumerate() {
        let peer: SocketAddr = format!("198.51.100.{}:1", number + 1).parse().unwrap();
        let mut statuses = Vec::new();
        for (method, path) in group.iter().cycle().take(61) {
            let mut request = Request::builder().method(method).uri(path);
            // A page's form counts only with a valid CSRF token.
            request = request.header("Cookie", &cookie);
            request = request.header("Content-Type", "application/x-www-form-urlencoded");
            let form = form_urlencoded::Serializer::new(String::new()).append_pair(&proof.0, &proof.1).finish();
            let request = request.extension(ConnectInfo(peer)).body(Body::from(form)).unwrap();
            statuses.push(anonymous.send_request(request).await.status);
        }
        let over = statuses.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count();
        assert_eq!((over, statuses[60]), (1, StatusCode::TOO_MANY_REQUESTS), "{group:?}");
    }
}
