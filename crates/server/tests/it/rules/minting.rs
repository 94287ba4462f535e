//! Minting a key with a key: on the pages for the command line and for devices, and by calls.
use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Done, NotThere, Outcome, Refused, accepted};
use crate::{
    browser::Browser,
    support::{Answer, Identity, MAILS, TestApp},
};

/// Where keys are minted.
#[derive(Clone, Copy, Debug)]
enum Front {
    CommandLinePage,
    DevicePage,
    SessionCall,
    TokenCall,
}
use Front::{CommandLinePage, DevicePage, SessionCall, TokenCall};

const FRONTS: [Front; 4] = [CommandLinePage, DevicePage, SessionCall, TokenCall];
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a key is to be given; all of its minter's where it is left out.
#[derive(Clone, Copy, Debug, Default)]
struct Requested<'a> {
    scope: Option<&'a str>,
    entry: Option<&'a str>,
}

impl Requested<'_> {
    fn is_empty(&self) -> bool {
        self.scope.is_none() && self.entry.is_none()
    }
}

/// Sends a page's form as a browser with this session does. The proof is the same on every page, and this one is shown
/// with any key.
async fn submit(app: &TestApp, key: &Identity, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut browser = Browser::signed_in(app, key);
    let page = browser.open("/reset-password").await;
    browser.submit(&page, path, fields).await
}

/// A page that mints shows it at once; it sends on who is not signed in.
fn of_page(answer: &Answer) -> Outcome {
    let sends_on = answer.header("location").starts_with("/login?redirect=");
    if sends_on || answer.status.is_client_error() {
        return Refused(format!("{} {}", answer.status, answer.body));
    }
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    Done
}

async fn device(app: &TestApp, key: &Identity, requested: Requested<'_>) -> Outcome {
    let mut body = serde_json::Map::new();
    body.extend(requested.scope.map(|scope| ("scope".to_owned(), json!(scope))));
    body.extend(requested.entry.map(|entry| ("allow_list".to_owned(), json!(entry))));
    let device = app.anonymous().post("/api/v2/device/code", Value::Object(body)).await;
    if device.status == StatusCode::BAD_REQUEST {
        return Refused(device.body);
    }
    let device = device.expect(StatusCode::OK).json();
    let fields = [("answer", "approve"), ("code", device["user_code"].as_str().unwrap())];
    let outcome = of_page(&submit(app, key, "/device", &fields).await);
    let redeem = json!({"grant_type": GRANT, "device_code": device["device_code"]});
    let redeemed = app.anonymous().post("/api/v2/device/token", redeem).await;
    assert_eq!(redeemed.status.is_success(), outcome == Done, "{outcome:?}: {}", redeemed.body);
    outcome
}

async fn mint(app: &TestApp, front: Front, key: &Identity, requested: Requested<'_>) -> Outcome {
    match front {
        DevicePage => device(app, key, requested).await,
        TokenCall => {
            let mut body = serde_json::Map::new();
            body.extend(requested.scope.map(|scope| ("scopes".to_owned(), json!([scope]))));
            body.extend(requested.entry.map(|entry| ("allow_list".to_owned(), json!([entry]))));
            Outcome::of_call(&key.post("/api/v2/users/me/keys/tokens", Value::Object(body)).await)
        }
        // These fronts mint all that the key has.
        CommandLinePage | SessionCall if !requested.is_empty() => NotThere,
        CommandLinePage => of_page(&submit(app, key, "/cli-auth", &[]).await),
        SessionCall => Outcome::of_call(&key.post("/api/v2/users/me/keys", json!({})).await),
    }
}

async fn on_every_front(app: &TestApp, key: &Identity, requested: Requested<'_>) -> Vec<(Front, Outcome)> {
    let mut outcomes = Vec::new();
    for front in FRONTS {
        outcomes.push((front, mint(app, front, key, requested).await));
    }
    outcomes
}

/// How many keys there are in all, of every user.
async fn keys(owner: &Identity, users: &[&Identity]) -> usize {
    let all = owner.get("/api/v2/users/me/keys/tokens?include_all=true&include_expired=true").await;
    let mut count = all.expect(StatusCode::OK).json().as_array().unwrap().len();
    for user in users {
        let sessions = owner.get(&format!("/api/v2/users/{}/sessions", user.id)).await;
        // Of a deleted user there is none.
        count += sessions.json().as_array().map_or(0, Vec::len);
    }
    count
}

/// A key that has expired, or whose user may not act, mints nothing on any front.
#[tokio::test]
async fn a_key_that_is_not_good_any_more_mints_nothing_on_any_front() {
    let (app, owner) = TestApp::with(&MAILS).await;
    let mut wrong = Vec::new();
    for how in ["suspended", "deleted", "signed-out", "expired", "deleted-key", "expired-by-time"] {
        let alice = owner.invite(&app, how, &[]).await;
        let user = format!("/api/v2/users/{}", alice.id);
        let mut key = alice.clone();
        let done = match how {
            "suspended" => owner.put(&format!("{user}/status/suspend"), json!({})).await,
            "deleted" => owner.delete(&user).await,
            "signed-out" => alice.post("/api/v2/users/logout", json!({})).await,
            "expired" => owner.put(&format!("{user}/keys/{}/expire", alice.key_id()), json!({})).await,
            "deleted-key" => owner.delete(&format!("{user}/keys/{}", alice.key_id())).await,
            _ => {
                key = alice.token(json!({"lifetime": 60_000_000_000_i64})).await;
                app.advance(SignedDuration::from_mins(1));
                owner.get("/api/v2/users/me").await
            }
        };
        assert!(done.status.is_success(), "{how}: {}", done.body);
        let before = keys(&owner, &[&owner, &alice]).await;
        wrong.extend(accepted(how, &on_every_front(&app, &key, Requested::default()).await));
        assert_eq!(keys(&owner, &[&owner, &alice]).await, before, "{how}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No credential mints a stronger one, and one without the scope for it mints none.
#[tokio::test]
async fn a_narrow_key_mints_nothing_that_exceeds_it_on_any_front() {
    let (app, owner) = TestApp::with(&MAILS).await;
    let dev = owner.register("workspace", "dev").await;
    let mintless = owner.scoped(&["workspace:read"]).await;
    let narrow = owner.scoped(&["workspace:read", "coder:apikeys.manage_self"]).await;
    let entry = format!("workspace:{dev}");
    let listed = owner.restricted(&["coder:all"], &["api_key:*", &entry]).await;
    let other = format!("workspace:{}", owner.register("workspace", "other").await);
    let scope = |scope| Requested { scope: Some(scope), entry: None };
    let entries = |entry| Requested { scope: None, entry: Some(entry) };
    let rows = [
        ("without api_key:create", &mintless, Requested::default()),
        ("another scope", &narrow, scope("workspace:delete")),
        ("all scopes", &narrow, scope("coder:all")),
        ("another object", &listed, entries(&other)),
        ("all objects of a type", &listed, entries("workspace:*")),
        ("all objects", &listed, entries("*:*")),
        ("a scope that there is not", &owner, scope("nothing:read")),
        ("a scope that is not to be had", &owner, scope("user:create")),
        ("an entry that there is not", &owner, entries("nothing:*")),
        ("an entry without an id", &owner, entries("workspace")),
    ];
    let before = keys(&owner, &[&owner]).await;
    let mut wrong = Vec::new();
    for (why, key, requested) in rows {
        let outcomes = on_every_front(&app, key, requested).await;
        assert!(outcomes.iter().filter(|(_, outcome)| *outcome != NotThere).count() > 1, "{why}");
        wrong.extend(accepted(why, &outcomes));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(keys(&owner, &[&owner]).await, before);
    for (key, requested) in [
        (&owner, Requested::default()),
        (&narrow, Requested::default()),
        (&listed, Requested::default()),
        (&narrow, scope("workspace:read")),
        (&listed, entries(&entry)),
    ] {
        for (front, outcome) in on_every_front(&app, key, requested).await {
            assert!(matches!(outcome, Done | NotThere), "{front:?} {requested:?}: {outcome:?}");
        }
    }
}
