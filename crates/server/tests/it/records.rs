//! Every change is on record, or there is a reason why it is not.
use std::collections::BTreeSet;

use axum::http::StatusCode;
use keyfob_testkit::MailServer;
use serde_json::{Value, json};

use crate::{
    access::PAGES,
    browser::Browser,
    mutations::{Targets, documented, mutations},
    oidc::{provider, sign_in, start_server},
    support::{Answer, Identity, PASSWORD, TestApp},
};

const OTHER: &str = "An0ther!Secret-pw";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What succeeds and leaves no record, and why.
const UNRECORDED: [(&str, &str, &str); 8] = [
    ("POST", "/deployment/tokens/find", "it changes nothing"),
    ("POST", "/settings/account/theme", "how pages look gives no right"),
    ("POST", "/authcheck", "it changes nothing"),
    ("POST", "/users/validate-password", "it changes nothing"),
    ("POST", "/csp/reports", "it changes nothing"),
    ("POST", "/device/code", "a device begins to wait: it is given nothing yet"),
    ("PUT", "/users/{user}/appearance", "how pages look gives no right"),
    ("PUT", "/users/{user}/preferences", "how pages look gives no right"),
];

/// Pages that are looked at: they take no form.
const WITHOUT_FORMS: [&str; 22] = [
    "/",
    "/assets/icon.svg",
    "/assets/pages.css",
    "/assets/pages.js",
    "/audit",
    "/audit/records.csv",
    "/audit/records.jsonl",
    "/deployment/settings",
    "/deployment/tokens",
    "/deployment/users",
    "/deployment/users/{user}",
    "/docs/guides",
    "/docs/guides/{guide}",
    "/explain",
    "/favicon.ico",
    "/login/device",
    "/organizations",
    "/organizations/{organization}/roles",
    "/resources",
    "/settings/tokens",
    "/settings/tokens/{keyid}",
    "/users",
];

/// What was recorded of an answered request.
async fn records(owner: &Identity, answer: &Answer) -> Vec<Value> {
    let request = answer.header("X-Coder-Request-Id");
    let path = format!("/api/v2/audit?q=request_id:{request}");
    owner.get(&path).await.expect(StatusCode::OK).json()["audit_logs"].as_array().unwrap().clone()
}

/// Says what is wrong with the records of a request that succeeded.
async fn check(owner: &Identity, method: &str, path: &str, answer: &Answer) -> Option<String> {
    let shown = format!("{method} {path}: {} {}", answer.status, answer.body);
    assert!(answer.status.is_success() || answer.status.is_redirection(), "{shown}");
    let reason = UNRECORDED.iter().find(|(of, at, _)| (*of, *at) == (method, path)).map(|(.., reason)| *reason);
    let records = records(owner, answer).await;
    match (reason, records.is_empty()) {
        (None, true) => Some(format!("{shown} is not on record")),
        (Some(reason), false) => Some(format!("{shown} is on record, though {reason}: {records:?}")),
        _ => None,
    }
}

#[tokio::test]
async fn every_mutation_that_succeeds_is_on_record_or_has_its_reason() {
    let (app, owner) = TestApp::new().await;
    let mut wrong = Vec::new();
    for (number, of) in mutations().enumerate() {
        let targets = Targets::new(&owner, &format!("acme{number}")).await;
        // Signing out ends the key with which it is asked for.
        let by = if of.path == "/users/logout" { app.sign_in("owner@example.com").await } else { owner.clone() };
        let answer = of.send(&by, &targets).await;
        wrong.extend(check(&owner, of.method, of.path, &answer).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A server whose first user is made by the first of these requests, and what was answered by each.
struct Public {
    app: TestApp,
    owner: Identity,
    answers: Vec<(&'static str, &'static str, Answer)>,
}

impl Public {
    async fn new(mails: &MailServer) -> Self {
        let smarthost = format!("--email-smarthost={}", mails.address);
        let app = TestApp::empty(&["--email-from=keys@example.com", &smarthost]).await;
        let first = json!({"email": "owner@example.com", "username": "owner", "password": PASSWORD});
        let made = app.anonymous().post("/api/v2/users/first", first).await;
        let owner = app.sign_in("owner@example.com").await;
        owner.make_user("alice", &[]).await;
        Self { app, owner, answers: vec![("POST", "/users/first", made)] }
    }

    async fn post(&mut self, path: &'static str, body: Value) -> Answer {
        let answer = self.app.anonymous().post(&format!("/api/v2{path}"), body).await;
        self.answers.push(("POST", path, answer.clone()));
        answer
    }
}

/// The passcode in the mail to alice.
async fn passcode(app: &TestApp, mails: &MailServer) -> String {
    app.server.run_jobs_once().await;
    let mail = mails.next_to("alice@example.com").unwrap();
    mail.text.split_once("otp=").unwrap().1[..36].to_owned()
}

/// Approves a device on its page.
async fn approve(app: &TestApp, person: &Identity, device: &Value) -> Answer {
    let mut browser = Browser::signed_in(app, person);
    let page = browser.open(&format!("/device?code={}", device["user_code"].as_str().unwrap())).await;
    browser.submit(&page, "/device", &[("answer", "approve")]).await
}

#[tokio::test]
async fn every_change_that_takes_no_key_is_on_record_or_has_its_reason() {
    let mails = MailServer::start();
    let mut public = Public::new(&mails).await;
    let email = "alice@example.com";
    public.post("/users/login", json!({"email": email, "password": PASSWORD})).await;
    public.post("/users/validate-password", json!({"password": PASSWORD})).await;
    public.post("/csp/reports", json!({})).await;
    public.post("/users/otp/request", json!({"email": email})).await;
    let code = passcode(&public.app, &mails).await;
    let change = json!({"email": email, "password": OTHER, "one_time_passcode": code});
    public.post("/users/otp/change-password", change).await;
    let device = public.post("/device/code", json!({})).await.json();
    approve(&public.app, &public.owner, &device).await.expect(StatusCode::OK);
    let redeem = json!({"grant_type": GRANT, "device_code": device["device_code"]});
    public.post("/device/token", redeem).await;
    let mut wrong = Vec::new();
    for (method, path, answer) in &public.answers {
        wrong.extend(check(&public.owner, method, path, answer).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let tried: BTreeSet<_> = public.answers.iter().map(|(method, path, _)| (*method, *path)).collect();
    let (_, documented) = documented().await;
    assert_eq!(tried, documented.iter().map(|of| (of.method.as_str(), of.path.as_str())).collect());
}

#[tokio::test]
async fn every_form_of_a_page_that_changes_something_is_on_record() {
    let mails = MailServer::start();
    let smarthost = format!("--email-smarthost={}", mails.address);
    let app = TestApp::empty(&["--email-from=keys@example.com", &smarthost]).await;
    let mut browser = Browser::new(&app);
    let page = browser.open("/setup").await;
    let fields = [("email", "owner@example.com"), ("password", PASSWORD), ("confirmation", PASSWORD)];
    let mut answers = vec![("/setup", browser.submit(&page, "/setup", &fields).await)];
    let owner = app.sign_in("owner@example.com").await;
    owner.make_user("alice", &[]).await;

    let mut browser = Browser::new(&app);
    let page = browser.open("/reset-password").await;
    let asked = browser.submit(&page, "/reset-password", &[("email", "alice@example.com")]).await;
    answers.push(("/reset-password", asked));
    let code = passcode(&app, &mails).await;
    let path = "/reset-password/change";
    let page = browser.open(&format!("{path}?email=alice%40example.com&otp={code}")).await;
    let fields = [("password", OTHER), ("confirmation", OTHER)];
    answers.push((path, browser.submit(&page, path, &fields).await));
    let page = browser.open("/login").await;
    let fields = [("email", "alice@example.com"), ("password", OTHER)];
    answers.push(("/login", browser.submit(&page, "/login", &fields).await));
    let page = browser.open("/cli-auth").await;
    answers.push(("/cli-auth", browser.submit(&page, "/cli-auth", &[]).await));
    let device = app.anonymous().post("/api/v2/device/code", json!({})).await.expect(StatusCode::OK).json();
    answers.push(("/device", approve(&app, &owner, &device).await));
    let path = "/settings/tokens/new";
    let page = browser.open("/settings/tokens/new?name=ci&scope=workspace:read").await.expect(StatusCode::OK);
    let fields = [("name", "ci"), ("lifetime", "30d"), ("scope", "workspace:read"), ("step", "mint")];
    answers.push((path, browser.submit(&page, path, &fields).await.expect(StatusCode::CREATED)));
    for path in ["/settings/tokens/{keyid}/expire", "/settings/tokens/{keyid}/delete"] {
        let token = app.bearer_of(browser.session().unwrap()).scoped(&["workspace:read"]).await;
        let address = path.replace("{keyid}", token.key_id());
        let page = browser.open(&address).await.expect(StatusCode::OK);
        answers.push((path, browser.submit(&page, &address, &[]).await));
    }
    account_forms(&app, &mut browser, &mut answers).await;
    administration_forms(&app, &owner, &mut answers).await;
    organization_forms(&app, &owner, &mut answers).await;
    let page = browser.open("/").await;
    answers.push(("/logout", browser.submit(&page, "/logout", &[]).await));

    let mut wrong = Vec::new();
    for (path, answer) in &answers {
        wrong.extend(check(&owner, "POST", path, answer).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let tried = answers.iter().map(|(path, _)| *path).chain(WITHOUT_FORMS);
    assert_eq!(tried.collect::<BTreeSet<_>>(), BTreeSet::from(PAGES));
}

/// The forms of one's own account.
async fn account_forms(app: &TestApp, browser: &mut Browser, answers: &mut Vec<(&'static str, Answer)>) {
    type Fields<'a> = &'a [(&'a str, &'a str)];
    let change = [("old_password", OTHER), ("password", PASSWORD), ("confirmation", PASSWORD)];
    let forms: [(&str, &str, Fields<'_>); 7] = [
        ("/settings/account", "", &[("name", "Alicia")]),
        ("/settings/account/theme", "", &[("theme", "dark")]),
        ("/settings/notifications", "", &[]),
        ("/settings/security/provider", "", &[("provider", "github"), ("own_password", OTHER)]),
        ("/settings/sessions/{id}", "{id}", &[]),
        ("/settings/sessions", "", &[]),
        ("/settings/security", "", &change),
    ];
    for (path, parameter, fields) in forms {
        // Two more sessions: one to end, and one among all others.
        let mut other = String::new();
        for _ in 0..2 {
            let session = app.sign_in_with("alice@example.com", OTHER).await;
            session.key_id().clone_into(&mut other);
        }
        let address = if parameter.is_empty() { path.to_owned() } else { path.replace(parameter, &other) };
        let page = browser.open("/settings/account").await.expect(StatusCode::OK);
        answers.push((path, browser.submit(&page, &address, fields).await));
    }
}

/// The forms with which an owner looks after others.
async fn administration_forms(app: &TestApp, owner: &Identity, answers: &mut Vec<(&'static str, Answer)>) {
    type Fields<'a> = &'a [(&'a str, &'a str)];
    let organization = owner.organization().await;
    let user =
        [("username", "bob"), ("email", "bob@example.com"), ("password", PASSWORD), ("organization", &organization)];
    let forms: [(&str, Fields<'_>); 6] = [
        ("/deployment/users/create", &user),
        ("/deployment/users/{user}/roles", &[("role", "auditor")]),
        ("/deployment/users/{user}/password", &[("password", OTHER), ("confirmation", OTHER)]),
        ("/deployment/users/{user}/suspend", &[]),
        ("/deployment/users/{user}/activate", &[]),
        ("/deployment/users/{user}/delete", &[("typed", "bob")]),
    ];
    let mut browser = Browser::signed_in(app, owner);
    let page = browser.open("/settings/account").await.expect(StatusCode::OK);
    for (path, fields) in forms {
        let answer = browser.submit(&page, &path.replace("{user}", "bob"), fields).await;
        answers.push((path, answer.expect(StatusCode::SEE_OTHER)));
    }
    let token = owner.scoped(&["workspace:read"]).await;
    let forms: [(&str, Fields<'_>); 2] = [
        ("/deployment/tokens/find", &[("token", &token.key)]),
        ("/deployment/tokens/expire", &[("key", token.key_id()), ("step", "expire")]),
    ];
    for (path, fields) in forms {
        answers.push((path, browser.submit(&page, path, fields).await.expect(StatusCode::SEE_OTHER)));
    }
    let web = owner.register("workspace", "web").await;
    let fields = [("kind", "user"), ("name", "alice"), ("access", "use")];
    let shared = browser.submit(&page, &format!("/resources/workspace/{web}"), &fields).await;
    answers.push(("/resources/{type}/{id}", shared.expect(StatusCode::SEE_OTHER)));
}

/// The forms with which an owner looks after organizations and groups.
async fn organization_forms(app: &TestApp, owner: &Identity, answers: &mut Vec<(&'static str, Answer)>) {
    type Fields<'a> = &'a [(&'a str, &'a str)];
    let made = owner.post("/api/v2/organizations", json!({"name": "acme"})).await.expect(StatusCode::CREATED);
    let group = json!({"name": "builders"});
    let group = owner.post("/api/v2/organizations/acme/groups", group).await.expect(StatusCode::CREATED);
    let forms: [(&str, Fields<'_>); 12] = [
        ("/organizations/create", &[("name", "umbrella")]),
        ("/organizations/{organization}", &[("name", "acme"), ("display_name", "Acme")]),
        ("/organizations/{organization}/groups", &[("group", "fresh")]),
        ("/organizations/{organization}/members", &[("user", "alice")]),
        ("/organizations/{organization}/members/{user}", &[("role", "organization-auditor")]),
        ("/organizations/{organization}/new-role", &[("name", "reader"), ("permission", "template:read")]),
        ("/organizations/{organization}/roles/{rolename}", &[("before", "template:read"), ("permission", "file:read")]),
        ("/organizations/{organization}/roles/{rolename}/delete", &[]),
        ("/groups/{group}", &[("user", "alice")]),
        ("/groups/{group}/delete", &[]),
        ("/organizations/{organization}/members/{user}/remove", &[]),
        ("/organizations/{organization}/delete", &[("typed", "acme")]),
    ];
    let mut browser = Browser::signed_in(app, owner);
    let page = browser.open("/settings/account").await.expect(StatusCode::OK);
    for (path, fields) in forms {
        if path.ends_with("{organization}/delete") {
            let fresh = owner.get("/api/v2/organizations/acme/groups/fresh").await;
            owner.delete(&format!("/api/v2/groups/{}", fresh.text("id"))).await.expect(StatusCode::OK);
        }
        let address = path.replace("{organization}", made.text("id")).replace("{group}", group.text("id"));
        let address = address.replace("{user}", "alice").replace("{rolename}", "reader");
        let answer = browser.submit(&page, &address, fields).await;
        answers.push((path, answer.expect(StatusCode::SEE_OTHER)));
    }
}

/// The way back from a provider is a `GET`, and signs up and in.
#[tokio::test]
async fn a_sign_in_by_a_provider_is_on_record() {
    let provider = provider();
    let (app, owner) = start_server(&provider, &[]).await;
    let answer = sign_in(&mut Browser::new(&app), &provider).await.expect(StatusCode::TEMPORARY_REDIRECT);
    let records = records(&owner, &answer).await;
    let kinds: BTreeSet<_> = records.iter().map(|record| record["resource_type"].as_str().unwrap()).collect();
    assert!(kinds.contains("user") && kinds.contains("api_key"), "{records:?}");
}
