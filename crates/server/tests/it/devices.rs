//! Signing in on a machine without a browser (RFC 8628).
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    support::{Answer, Identity, PASSWORD, TestApp},
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A machine that waits for sign-in.
struct Machine {
    anonymous: Identity,
    code: Value,
}

impl Machine {
    async fn start(app: &TestApp, request: Value) -> Self {
        let code = app.anonymous().post("/api/v2/device/code", request).await.expect(StatusCode::OK).json();
        Self { anonymous: app.anonymous(), code }
    }

    fn user_code(&self) -> &str {
        self.code["user_code"].as_str().unwrap()
    }

    async fn ask(&self) -> Answer {
        let request = json!({"grant_type": GRANT, "device_code": self.code["device_code"]});
        self.anonymous.post("/api/v2/device/token", request).await
    }

    /// The error code, while it gets no key.
    async fn refusal(&self) -> String {
        let answer = self.ask().await.expect(StatusCode::BAD_REQUEST).json();
        answer["error"].as_str().unwrap().to_owned()
    }

    async fn key(&self, app: &TestApp) -> Identity {
        app.bearer_of(self.ask().await.expect(StatusCode::OK).text("access_token"))
    }
}

/// Opens the page of a machine's code, and submits this answer.
async fn say(app: &TestApp, person: &Identity, machine: &Machine, answer: &str) -> Answer {
    let mut browser = Browser::signed_in(app, person);
    let page = browser.open(&format!("/device?code={}", machine.user_code())).await;
    browser.submit(&page, "/device", &[("answer", answer)]).await
}

async fn approve(app: &TestApp, person: &Identity, machine: &Machine) {
    let done = say(app, person, machine, "approve").await.expect(StatusCode::OK);
    assert!(done.body.contains("Approved") && done.body.contains("aria-label=\"Console\""), "{}", done.body);
}

fn form(path: &str, fields: &str) -> Request<Body> {
    let kind = "application/x-www-form-urlencoded";
    let request = Request::builder().method(Method::POST).uri(path).header(header::CONTENT_TYPE, kind);
    request.body(Body::from(fields.to_owned())).unwrap()
}

#[tokio::test]
async fn a_machine_gets_a_session_of_who_approves_it() {
    let (app, owner) = TestApp::new().await;
    let machine = Machine::start(&app, json!({})).await;
    let (code, page) = (machine.user_code(), "http://keyfob.test/device");
    assert!(regex_lite::Regex::new("^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$").unwrap().is_match(code));
    assert_eq!(machine.code["verification_uri"], page);
    assert_eq!(machine.code["verification_uri_complete"], format!("{page}?code={code}"));
    assert_eq!((&machine.code["expires_in"], &machine.code["interval"]), (&json!(600), &json!(5)));
    assert_eq!(machine.refusal().await, "authorization_pending");
    approve(&app, &owner, &machine).await;
    let answer = machine.ask().await.expect(StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    let granted = answer.json();
    assert_eq!(granted["token_type"], "Bearer");
    assert_eq!(granted["scope"], "coder:all");
    assert_eq!(granted["expires_in"], 168 * 3600);
    let session = app.bearer_of(answer.text("access_token"));
    assert_eq!(session.get("/api/v2/users/me").await.expect(StatusCode::OK).text("username"), "owner");
    let key = session.get(&format!("/api/v2/users/me/keys/{}", session.key_id())).await.json();
    assert_eq!((key["login_type"].as_str(), key["token_name"].as_str()), (Some("password"), Some("")));
    assert_eq!(key["parent_id"], owner.key_id());
}

/// RFC 8628, sections 3.1 and 3.4: `OAuth` clients send forms.
#[tokio::test]
async fn forms_are_read_as_json_is() {
    let (app, owner) = TestApp::new().await;
    let begun = form("/api/v2/device/code", "client_id=x&scope=workspace%3Aread+template%3Aread");
    let code = app.anonymous().send_request(begun).await.expect(StatusCode::OK).json();
    let machine = Machine { anonymous: app.anonymous(), code };
    approve(&app, &owner, &machine).await;
    let device_code = machine.code["device_code"].as_str().unwrap();
    let asked = format!("client_id=x&grant_type={}&device_code={device_code}", GRANT.replace(':', "%3A"));
    let twice = form("/api/v2/device/token", &format!("{asked}&device_code=x"));
    let refused = app.anonymous().send_request(twice).await.expect(StatusCode::BAD_REQUEST).json();
    assert_eq!(refused["error"], "invalid_request");
    let granted =
        app.anonymous().send_request(form("/api/v2/device/token", &asked)).await.expect(StatusCode::OK).json();
    assert_eq!(granted["scope"], "template:read workspace:read");
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_refused_in_the_words_of_oauth() {
    let (app, _owner) = TestApp::new().await;
    let path = "/api/v2/device/token";
    for (request, error) in [
        (json!({"device_code": "x"}), "invalid_request"),
        (json!({"grant_type": "password", "device_code": "x"}), "unsupported_grant_type"),
        (json!({"grant_type": GRANT}), "invalid_request"),
        (json!({"grant_type": 7}), "invalid_request"),
        (json!([]), "invalid_request"),
        (json!({"grant_type": GRANT, "device_code": "x"}), "invalid_grant"),
    ] {
        let answer = app.anonymous().post(path, request.clone()).await.expect(StatusCode::BAD_REQUEST).json();
        assert_eq!(answer["error"], error, "{request}");
        assert_ne!(answer["message"], "");
    }
    for (request, error) in [
        (json!({"scope": "nope:read"}), "invalid_scope"),
        (json!({"scope": "user:create"}), "invalid_scope"),
        (json!({"allow_list": "workspace"}), "invalid_request"),
        (json!({"allow_list": "workspace:x"}), "invalid_request"),
        (json!({"scope": 7}), "invalid_request"),
    ] {
        let answer = app.anonymous().post("/api/v2/device/code", request.clone()).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(answer.json()["error"], error, "{request}");
    }
}

/// A repeated scope counts once, so that clients without a key cannot fill the database.
#[tokio::test]
async fn a_scope_that_is_asked_for_over_and_over_is_one() {
    let (app, owner) = TestApp::new().await;
    let machine = Machine::start(&app, json!({"scope": "workspace:read ".repeat(500)})).await;
    approve(&app, &owner, &machine).await;
    let granted = machine.ask().await.expect(StatusCode::OK).json();
    assert_eq!(granted["scope"], "workspace:read");
}

/// Characters of an error description (RFC 6749, section 5.2).
#[tokio::test]
async fn descriptions_of_errors_are_plain() {
    let (app, _owner) = TestApp::new().await;
    let request = json!({"scope": "\"\\ü:read"});
    let answer = app.anonymous().post("/api/v2/device/code", request).await.expect(StatusCode::BAD_REQUEST).json();
    let said = answer["error_description"].as_str().unwrap();
    assert!(said.chars().all(|c| matches!(c, ' '..='~') && c != '"' && c != '\\'), "{said}");
    assert_ne!(answer["message"], answer["error_description"]);
}

/// RFC 8628, section 3.5.
#[tokio::test]
async fn a_machine_that_asks_too_often_is_told_to_slow_down() {
    let (app, _owner) = TestApp::new().await;
    let machine = Machine::start(&app, json!({})).await;
    for (pause, told) in [
        (0, "authorization_pending"),
        (5, "authorization_pending"),
        (2, "slow_down"),
        // From now on, the interval is ten seconds.
        (5, "slow_down"),
        (15, "authorization_pending"),
        (14, "authorization_pending"),
    ] {
        app.advance(SignedDuration::from_secs(pause));
        assert_eq!(machine.refusal().await, told, "after {pause} s");
    }
}

#[tokio::test]
async fn a_code_ends_after_ten_minutes_whatever_was_said() {
    let (app, owner) = TestApp::new().await;
    let (ignored, approved) = (Machine::start(&app, json!({})).await, Machine::start(&app, json!({})).await);
    approve(&app, &owner, &approved).await;
    app.advance(SignedDuration::from_secs(599));
    assert_eq!(ignored.refusal().await, "authorization_pending");
    app.advance(SignedDuration::from_secs(1));
    for machine in [&ignored, &approved] {
        assert_eq!(machine.refusal().await, "expired_token");
        let page = say(&app, &owner, machine, "approve").await.expect(StatusCode::NOT_FOUND);
        assert!(page.body.contains("No machine waits with this code."), "{}", page.body);
    }
    // Grants that expired long ago are removed.
    app.advance(SignedDuration::from_hours(2));
    app.server.run_jobs_once().await;
    assert_eq!(ignored.refusal().await, "invalid_grant");
}

#[tokio::test]
async fn a_machine_that_is_refused_gets_nothing() {
    let (app, owner) = TestApp::new().await;
    let machine = Machine::start(&app, json!({})).await;
    let done = say(&app, &owner, &machine, "deny").await.expect(StatusCode::OK);
    assert!(done.body.contains("Refused"));
    assert_eq!(machine.refusal().await, "access_denied");
    // The answer cannot be changed.
    say(&app, &owner, &machine, "approve").await.expect(StatusCode::NOT_FOUND);
    assert_eq!(machine.refusal().await, "access_denied");
}

/// A code that is used twice was stolen by one of the two clients (RFC 6749, section 4.1.2).
#[tokio::test]
async fn a_code_that_comes_twice_ends_what_came_of_it() {
    let (app, owner) = TestApp::new().await;
    let machine = Machine::start(&app, json!({})).await;
    approve(&app, &owner, &machine).await;
    let session = machine.key(&app).await;
    let child = session.token(json!({"token_name": "child"})).await;
    assert_eq!(machine.refusal().await, "invalid_grant");
    for key in [&session, &child] {
        key.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    }
    owner.get("/api/v2/users/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_code_that_comes_twice_at_the_same_time_gives_one_key_at_most() {
    let (app, owner) = TestApp::new().await;
    for _ in 0..20 {
        let machine = Machine::start(&app, json!({})).await;
        approve(&app, &owner, &machine).await;
        let (first, second) = tokio::join!(machine.ask(), machine.ask());
        let given: Vec<&Answer> = [&first, &second].into_iter().filter(|answer| answer.status.is_success()).collect();
        assert_eq!(given.len(), 1);
        let key = app.bearer_of(given[0].text("access_token"));
        key.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    }
}

/// The page lists the rights that will be granted, and the machine gets exactly these.
#[tokio::test]
async fn a_machine_gets_no_more_than_the_page_says() {
    let (app, owner) = TestApp::new().await;
    let (mine, other) = (owner.register("workspace", "dev-box").await, owner.register("workspace", "other").await);
    let request =
        json!({"scope": "workspace:read coder:templates.build", "allow_list": format!("workspace:{mine} template:*")});
    let machine = Machine::start(&app, request).await;
    let page = Browser::signed_in(&app, &owner).open(&format!("/device?code={}", machine.user_code())).await;
    for words in [
        "<code>workspace:read</code>",
        "file:read, provisioner_jobs:read, template:read",
        &format!("<code>workspace:{mine}</code>"),
        "dev-box",
        "<code>template:*</code>",
        "A part of what owner may do, for 7 days after its last use",
        machine.user_code(),
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    approve(&app, &owner, &machine).await;
    let session = machine.key(&app).await;
    let read = async |id: &str| session.get(&format!("/api/v2/resources/workspace/{id}")).await.status;
    assert_eq!((read(&mine).await, read(&other).await), (StatusCode::OK, StatusCode::NOT_FOUND));
    session.delete(&format!("/api/v2/resources/workspace/{mine}")).await.expect(StatusCode::FORBIDDEN);
}

/// No credential mints a stronger one.
#[tokio::test]
async fn a_narrow_key_approves_nothing_that_it_lacks() {
    let (app, owner) = TestApp::new().await;
    let narrow = owner.scoped(&["workspace:read", "coder:apikeys.manage_self"]).await;
    let strong = Machine::start(&app, json!({"scope": "workspace:delete"})).await;
    let mut browser = Browser::signed_in(&app, &narrow);
    let page = browser.open(&format!("/device?code={}", strong.user_code())).await.expect(StatusCode::FORBIDDEN);
    assert!(page.body.contains("scope workspace:delete exceeds"), "{}", page.body);
    let page = browser.open("/device").await.expect(StatusCode::OK);
    let fields = [("answer", "approve"), ("code", strong.user_code())];
    browser.submit(&page, "/device", &fields).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(strong.refusal().await, "authorization_pending");

    let equal = Machine::start(&app, json!({})).await;
    let page = browser.open(&format!("/device?code={}", equal.user_code())).await.expect(StatusCode::OK);
    assert!(page.body.contains("<code>workspace:read</code>"));
    approve(&app, &narrow, &equal).await;
    let session = equal.key(&app).await;
    let key = owner.get(&format!("/api/v2/users/me/keys/{}", session.key_id())).await.json();
    assert_eq!(key["scopes"], json!(["workspace:read", "coder:apikeys.manage_self"]));
    // It expires with the key that approved it.
    let approver = owner.get(&format!("/api/v2/users/me/keys/{}", narrow.key_id())).await.json();
    assert_eq!(key["expires_at"], approver["expires_at"]);

    let mintless = owner.scoped(&["workspace:read"]).await;
    let machine = Machine::start(&app, json!({})).await;
    let path = format!("/device?code={}", machine.user_code());
    Browser::signed_in(&app, &mintless).open(&path).await.expect(StatusCode::FORBIDDEN);
}

/// An approval is void once the user who gave it has lost the right to.
#[tokio::test]
async fn an_approval_ends_with_who_gave_it() {
    let (app, owner) = TestApp::new().await;
    let other = json!({"password": "An0ther!Secret-pw"});
    for how in ["sign-out", "password", "suspension", "deletion"] {
        let name = format!("user-{how}");
        let user = owner.invite(&app, &name, &[]).await;
        let person = format!("/api/v2/users/{name}");
        let machine = Machine::start(&app, json!({})).await;
        approve(&app, &user, &machine).await;
        match how {
            "sign-out" => user.post("/api/v2/users/logout", json!({})).await.expect(StatusCode::OK),
            "password" => owner.put(&format!("{person}/password"), other.clone()).await.expect(StatusCode::NO_CONTENT),
            "suspension" => owner.put(&format!("{person}/status/suspend"), json!({})).await.expect(StatusCode::OK),
            _ => owner.delete(&person).await.expect(StatusCode::OK),
        };
        assert_eq!(machine.refusal().await, "access_denied", "{how}");
    }
}

#[tokio::test]
async fn nothing_is_given_on_opening_the_page_or_without_a_proof_that_it_is_ours() {
    let (app, owner) = TestApp::new().await;
    let machine = Machine::start(&app, json!({})).await;
    let path = format!("/device?code={}", machine.user_code());
    let sent = Browser::new(&app).open(&path).await.expect(StatusCode::SEE_OTHER);
    let login = sent.header("location");
    assert!(login.starts_with("/login?redirect=%2Fdevice%3Fcode%3D"), "{login}");
    let mut browser = Browser::new(&app);
    let page = browser.open(login).await.expect(StatusCode::OK);
    let fields = [("email", "owner@example.com"), ("password", PASSWORD)];
    let back = browser.submit(&page, "/login", &fields).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(back.header("location"), path.replace('-', "%2D"));
    browser.open(back.header("location")).await.expect(StatusCode::OK);
    assert_eq!(machine.refusal().await, "authorization_pending");
    let forged = format!("code={}&answer=approve", machine.user_code());
    browser.send(Method::POST, "/device", &forged).await.expect(StatusCode::BAD_REQUEST);
    app.advance(SignedDuration::from_secs(5));
    assert_eq!(machine.refusal().await, "authorization_pending");

    // A code is accepted in any spelling.
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open("/device").await.expect(StatusCode::OK);
    let typed = machine.user_code().to_lowercase().replace('-', " ");
    let sent = browser.submit(&page, "/device", &[("code", &typed)]).await.expect(StatusCode::SEE_OTHER);
    let shown = browser.open(sent.header("location")).await.expect(StatusCode::OK);
    assert!(shown.body.contains(machine.user_code()));
    let wrong = browser.open("/device?code=%3Cb%3Ex").await.expect(StatusCode::NOT_FOUND);
    assert!(!wrong.body.contains("<b>x"), "{}", wrong.body);
}

#[tokio::test]
async fn what_was_said_to_a_machine_is_on_record() {
    let (app, owner) = TestApp::new().await;
    let machine = Machine::start(&app, json!({"scope": "workspace:read"})).await;
    approve(&app, &owner, &machine).await;
    let session = machine.key(&app).await;
    let refused = Machine::start(&app, json!({})).await;
    say(&app, &owner, &refused, "deny").await.expect(StatusCode::OK);
    let records = owner.get("/api/v2/audit?limit=3").await.expect(StatusCode::OK).json();
    let [denied, minted, approved] = records["audit_logs"].as_array().unwrap().as_slice() else { panic!("{records}") };
    for (record, state, code) in [(approved, "approved", machine.user_code()), (denied, "denied", refused.user_code())]
    {
        assert_eq!(record["resource_type"], "device_sign_in");
        assert_eq!((&record["resource_target"], &record["diff"]["state"]["new"]), (&json!(code), &json!(state)));
        assert_eq!(record["user"]["username"], "owner");
    }
    assert_eq!(approved["diff"]["scopes"]["new"], json!(["workspace:read"]));
    let key = &minted["additional_fields"]["api_key_id"];
    assert_eq!((&minted["action"], key), (&json!("create"), &json!(session.key_id())));
    let all = records.to_string();
    for secret in [machine.code["device_code"].as_str().unwrap(), &session.key] {
        assert!(!all.contains(secret));
    }
}
