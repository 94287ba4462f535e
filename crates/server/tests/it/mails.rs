//! Mails: passcodes, notices and the queue.
use axum::http::StatusCode;
use jiff::SignedDuration;
use keyfob_testkit::{Mail, MailServer};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    support::{Answer, Identity, PASSWORD, TestApp},
};

const OTHER: &str = "An0ther!Secret-pw";

fn flags(mails: &MailServer) -> Vec<String> {
    let smarthost = format!("--email-smarthost={}", mails.address);
    vec!["--email-from=Keyfob <keys@example.com>".to_owned(), smarthost]
}

/// Starts a server that uses this mail server; returns its owner and the member alice, too.
async fn start_server(mails: &MailServer) -> (TestApp, Identity, Identity) {
    let flags = flags(mails);
    let (app, owner) = TestApp::with(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let alice = owner.invite(&app, "alice", &[]).await;
    (app, owner, alice)
}

/// Sends what is due, and returns all new mails.
async fn sent(app: &TestApp, mails: &MailServer) -> Vec<Mail> {
    app.server.run_jobs_once().await;
    mails.take()
}

/// Sends what is due, which must be one mail.
async fn sent_one(app: &TestApp, mails: &MailServer) -> Mail {
    let mut sent = sent(app, mails).await;
    assert_eq!(sent.len(), 1, "{:?}", sent.iter().map(|mail| &mail.subject).collect::<Vec<_>>());
    sent.remove(0)
}

async fn ask(app: &TestApp, email: &str) -> Answer {
    app.anonymous().post("/api/v2/users/otp/request", json!({"email": email})).await.expect(StatusCode::NO_CONTENT)
}

/// The passcode in a mail.
fn passcode(mail: &Mail) -> String {
    let (_, rest) = mail.text.split_once("otp=").unwrap();
    rest[..36].to_owned()
}

async fn replace(app: &TestApp, email: &str, passcode: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password, "one_time_passcode": passcode});
    app.anonymous().post("/api/v2/users/otp/change-password", body).await
}

/// Lets notices that wait for similar ones become due.
fn let_notices_become_due(app: &TestApp) {
    app.advance(SignedDuration::from_secs(20));
}

#[tokio::test]
async fn a_passcode_comes_by_mail_and_is_in_both_its_parts() {
    let mails = MailServer::start();
    let (app, _owner, _alice) = start_server(&mails).await;
    ask(&app, "Alice@Example.com").await;
    let mail = sent_one(&app, &mails).await;
    let passcode = passcode(&mail);
    let hide = |text: &str| text.replace(&passcode, "<passcode>").replace("\r\n", "\n");
    insta::assert_snapshot!("reset_text", hide(&mail.text));
    insta::assert_snapshot!("reset_html", hide(&mail.html));
    assert_eq!((mail.to.as_str(), mail.from.as_str()), ("alice@example.com", "Keyfob <keys@example.com>"));
    assert_eq!(mail.subject, "Reset your password for Keyfob");
    replace(&app, "alice@example.com", &passcode, OTHER).await.expect(StatusCode::NO_CONTENT);
}

/// A passcode can be used once within 20 minutes. A failed attempt does not use it up.
#[tokio::test]
async fn a_passcode_works_once_for_its_user_and_for_twenty_minutes() {
    let mails = MailServer::start();
    let (app, owner, _alice) = start_server(&mails).await;
    owner.make_user("bob", &[]).await;
    let incorrect = |answer: Answer| {
        assert_eq!(answer.expect(StatusCode::BAD_REQUEST).message(), "Incorrect email or one-time passcode.");
    };
    ask(&app, "alice@example.com").await;
    let first = passcode(&sent_one(&app, &mails).await);
    incorrect(replace(&app, "bob@example.com", &first, OTHER).await);
    for _ in 0..20 {
        incorrect(replace(&app, "alice@example.com", "00000000-0000-4000-8000-000000000000", OTHER).await);
    }
    app.advance(SignedDuration::from_mins(20) - SignedDuration::from_nanos(1000));
    replace(&app, "alice@example.com", &first, OTHER).await.expect(StatusCode::NO_CONTENT);
    incorrect(replace(&app, "alice@example.com", &first, PASSWORD).await);
    ask(&app, "alice@example.com").await;
    let sent = sent(&app, &mails).await;
    let late = sent.iter().find(|mail| mail.text.contains("otp=")).unwrap();
    app.advance(SignedDuration::from_mins(20));
    incorrect(replace(&app, "alice@example.com", &passcode(late), PASSWORD).await);
}

/// If two requests use the same passcode at once, only one sets the password.
#[tokio::test(flavor = "multi_thread")]
async fn a_passcode_works_once_even_at_the_same_time() {
    let mails = MailServer::start();
    let (app, _owner, _alice) = start_server(&mails).await;
    ask(&app, "alice@example.com").await;
    let passcode = passcode(&sent_one(&app, &mails).await);
    let try_with = |password: &'static str| replace(&app, "alice@example.com", &passcode, password);
    let (one, other) = tokio::join!(try_with(OTHER), try_with("Th1rd.One_is-here!"));
    let worked = [&one, &other].into_iter().filter(|answer| answer.status == StatusCode::NO_CONTENT).count();
    assert_eq!(worked, 1, "{} {}", one.status, other.status);
}

/// Answers do not tell who has an account, and users who cannot use a password get no mail.
#[tokio::test]
async fn who_cannot_use_a_passcode_gets_none() {
    let mails = MailServer::start();
    let (app, owner, _alice) = start_server(&mails).await;
    let id = owner.make_user("bob", &[]).await["id"].as_str().unwrap().to_owned();
    owner.put(&format!("/api/v2/users/{id}/status/suspend"), Value::Null).await.expect(StatusCode::OK);
    for email in ["bob@example.com", "nobody@example.com"] {
        ask(&app, email).await;
    }
    assert!(sent(&app, &mails).await.is_empty());
}

/// Passcodes are stored nowhere.
#[tokio::test]
async fn a_passcode_is_not_in_the_database() {
    let mails = MailServer::start();
    let (app, owner, _alice) = start_server(&mails).await;
    mails.refuse(Some("451 try later"));
    ask(&app, "alice@example.com").await;
    assert!(sent(&app, &mails).await.is_empty());
    mails.refuse(None);
    app.advance(SignedDuration::from_secs(10));
    let mail = sent_one(&app, &mails).await;
    let passcode = passcode(&mail);
    for file in std::fs::read_dir(app.data.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(36).any(|window| window == passcode.as_bytes()));
    }
    let records = owner.get("/api/v2/audit?q=action:request_password_reset").await.expect(StatusCode::OK).json();
    assert_eq!(records["count"], 1);
    assert!(!records.to_string().contains(&passcode));
    assert!(!mail.subject.contains(&passcode));
}

/// The mail server and then the server stop, and both start again: the mail is sent once.
#[tokio::test]
async fn a_mail_waits_for_the_mail_server_over_a_restart() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    mails.refuse(Some("421 not now"));
    owner
        .post(&format!("/api/v2/users/{}/keys/tokens", alice.id), json!({"token_name": "ci"}))
        .await
        .expect(StatusCode::CREATED);
    let_notices_become_due(&app);
    assert!(sent(&app, &mails).await.is_empty());
    let TestApp { server, clock, data } = app;
    server.close().await;
    drop((server, owner, alice));
    mails.refuse(None);
    let flags = flags(&mails);
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let server = data.open(&flags, &clock).await.unwrap();
    let app = TestApp { server, clock, data };
    assert!(sent(&app, &mails).await.is_empty(), "it is tried again after ten seconds");
    app.advance(SignedDuration::from_secs(10));
    let mail = sent_one(&app, &mails).await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("alice@example.com", "A token was minted on your behalf"));
    app.advance(SignedDuration::from_hours(24));
    assert!(sent(&app, &mails).await.is_empty());
}

/// Mails are retried ever less often, and given up after three days or at a permanent error of the mail server.
#[tokio::test]
async fn a_mail_that_cannot_be_sent_is_given_up_in_the_end() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    for (refusal, rounds) in [("451 later", 100), ("550 never", 1)] {
        mails.refuse(Some(refusal));
        owner.put(&format!("/api/v2/users/{}/password", alice.id), json!({"password": OTHER})).await;
        for _ in 0..rounds {
            app.advance(SignedDuration::from_hours(1));
            assert!(sent(&app, &mails).await.is_empty());
        }
        mails.refuse(None);
        app.advance(SignedDuration::from_hours(1));
        assert!(sent(&app, &mails).await.is_empty(), "{refusal}");
    }
}

#[tokio::test]
async fn people_are_told_of_passwords_that_changed() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    let path = format!("/api/v2/users/{}/password", alice.id);
    owner.put(&path, json!({"password": OTHER})).await.expect(StatusCode::NO_CONTENT);
    owner.put(&path, json!({"password": PASSWORD})).await.expect(StatusCode::NO_CONTENT);
    assert!(sent(&app, &mails).await.is_empty(), "more changes may follow");
    let_notices_become_due(&app);
    let mail = sent_one(&app, &mails).await;
    insta::assert_snapshot!("password_changed", mail.text.replace("\r\n", "\n"));
    let alice = app.sign_in("alice@example.com").await;
    let change = json!({"old_password": PASSWORD, "password": OTHER});
    alice.put("/api/v2/users/me/password", change).await.expect(StatusCode::NO_CONTENT);
    let_notices_become_due(&app);
    assert!(sent_one(&app, &mails).await.text.contains("in one of your sessions"));
    ask(&app, "alice@example.com").await;
    let passcode = passcode(&sent_one(&app, &mails).await);
    replace(&app, "alice@example.com", &passcode, PASSWORD).await.expect(StatusCode::NO_CONTENT);
    let_notices_become_due(&app);
    assert!(sent_one(&app, &mails).await.text.contains("with a link that was mailed to you"));
}

#[tokio::test]
async fn people_are_told_of_tokens_that_others_mint_for_them() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    alice.post("/api/v2/users/me/keys/tokens", json!({"token_name": "own"})).await.expect(StatusCode::CREATED);
    let order = json!({"token_name": "ci", "scopes": ["workspace:read"], "lifetime": 3_600_000_000_000_i64});
    let minted = owner.post(&format!("/api/v2/users/{}/keys/tokens", alice.id), order).await;
    let key = minted.expect(StatusCode::CREATED).text("key").to_owned();
    let_notices_become_due(&app);
    let mail = sent_one(&app, &mails).await;
    let (id, secret) = key.split_once('-').unwrap();
    assert!(!mail.raw.contains(secret));
    insta::assert_snapshot!("token_minted", mail.text.replace(id, "<id>").replace("\r\n", "\n"));
}

/// Reminders are sent 14, 7 and 1 days before expiry, for tokens used in the last 30 days whose lifetime is longer.
#[tokio::test]
async fn people_are_told_once_of_each_token_that_ends_soon() {
    let mails = MailServer::start();
    let (app, _owner, alice) = start_server(&mails).await;
    // The first run only sets the starting point.
    assert!(sent(&app, &mails).await.is_empty());
    let day = |days: i64| days * 86_400_000_000_000;
    let order = |name: &str, days: i64| json!({"token_name": name, "lifetime": day(days)});
    // Names were free text once, and subjects are one line.
    let used = alice.token(order("used", 20)).await;
    let renamed = "UPDATE api_keys SET token_name = 'used\r\nBcc: evil@example.com' WHERE token_name = 'used'";
    assert_eq!(app.tamper(renamed).await, 1);
    alice.token(order("unused", 20)).await;
    let short = alice.token(order("short", 7)).await;
    for token in [&used, &short] {
        token.get("/api/v2/users/me").await.expect(StatusCode::OK);
    }
    let mut told = Vec::new();
    for half in 1..=50 {
        app.advance(SignedDuration::from_hours(12));
        // Reminders that are found together are sent after a while without further ones.
        app.server.run_jobs_once().await;
        let_notices_become_due(&app);
        told.extend(sent(&app, &mails).await.into_iter().map(|mail| (half, mail.subject)));
    }
    let ends = |name: &str| format!("Your token {name} ends soon");
    let used = ends("used  Bcc: evil@example.com");
    assert_eq!(told, [(12, used.clone()), (12, ends("short")), (26, used.clone()), (38, used)]);
}

#[tokio::test]
async fn people_choose_what_they_are_told() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    let path = "/api/v2/users/me/notices";
    let all = json!({"password_changed": true, "token_minted": true, "token_ending": true});
    assert_eq!(alice.get(path).await.expect(StatusCode::OK).json(), all);
    let fewer = alice.put(path, json!({"password_changed": false})).await.expect(StatusCode::OK).json();
    assert_eq!(fewer, json!({"password_changed": false, "token_minted": true, "token_ending": true}));
    owner
        .put(&format!("/api/v2/users/{}/password", alice.id), json!({"password": OTHER}))
        .await
        .expect(StatusCode::NO_CONTENT);
    let_notices_become_due(&app);
    assert!(sent(&app, &mails).await.is_empty());
    // Mails that users request themselves are sent in any case.
    ask(&app, "alice@example.com").await;
    sent_one(&app, &mails).await;
    assert_eq!(owner.get(&format!("/api/v2/users/{}/notices", alice.id)).await.expect(StatusCode::OK).json(), fewer);
}

/// Somebody who changes an account must not keep its user from being told.
#[tokio::test]
async fn only_users_themselves_with_a_full_key_choose_what_they_are_told() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    let admin = owner.invite(&app, "admin", &["user-admin"]).await;
    let off = json!({"password_changed": false, "token_minted": false});
    for by in [&owner, &admin] {
        for name in ["alice", alice.id.as_str()] {
            let refused = by.put(&format!("/api/v2/users/{name}/notices"), off.clone()).await;
            let refused = refused.expect(StatusCode::FORBIDDEN);
            assert_eq!(refused.detail(), "only users themselves choose which mails they get");
        }
    }
    admin.put("/api/v2/users/owner/notices", off.clone()).await.expect(StatusCode::FORBIDDEN);
    let narrow = [
        alice.scoped(&["user:update_personal", "user:read_personal"]).await,
        alice.restricted(&["coder:all"], &["user:*"]).await,
    ];
    for key in narrow {
        let refused = key.put("/api/v2/users/me/notices", off.clone()).await.expect(StatusCode::FORBIDDEN);
        let detail = "only a key with the scope coder:all and the allow list *:* may choose which mails its user gets";
        assert_eq!(refused.detail(), detail);
    }
    let all = json!({"password_changed": true, "token_minted": true, "token_ending": true});
    assert_eq!(alice.get("/api/v2/users/me/notices").await.json(), all);
    let token = alice.token(json!({})).await;
    token.put("/api/v2/users/me/notices", off).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn each_change_of_what_users_are_told_is_on_record() {
    let mails = MailServer::start();
    let (_app, owner, alice) = start_server(&mails).await;
    let path = "/api/v2/users/me/notices";
    for (body, recorded) in [
        (json!({"token_minted": false}), json!({"notice_token_minted": change(true, false)})),
        (json!({"token_minted": false, "token_ending": true}), Value::Null),
        (
            json!({"token_minted": true, "token_ending": false}),
            json!({"notice_token_minted": change(false, true), "notice_token_ending": change(true, false)}),
        ),
    ] {
        let answer = alice.put(path, body.clone()).await.expect(StatusCode::OK);
        let request = answer.header("X-Coder-Request-Id");
        let records = owner.get(&format!("/api/v2/audit?q=request_id:{request}")).await.expect(StatusCode::OK).json();
        let record = &records["audit_logs"][0];
        assert_eq!(record["diff"], recorded, "{body}");
        let is_recorded = recorded != Value::Null;
        assert_eq!((records["count"] == 1, record["resource_id"] == alice.id.as_str()), (is_recorded, is_recorded));
    }
}

fn change(old: bool, new: bool) -> Value {
    json!({"old": old, "new": new, "secret": false})
}

/// With the new password, an administrator could act as the user.
#[tokio::test]
async fn a_notice_of_a_change_is_sent_although_such_notices_are_switched_off_afterwards() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    let path = format!("/api/v2/users/{}/password", alice.id);
    owner.put(&path, json!({"password": OTHER})).await.expect(StatusCode::NO_CONTENT);
    let login = json!({"email": "alice@example.com", "password": OTHER});
    let session = app.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::CREATED);
    let as_alice = app.bearer_of(session.text("session_token"));
    let off = json!({"password_changed": false, "token_minted": false});
    as_alice.put("/api/v2/users/me/notices", off).await.expect(StatusCode::OK);
    let_notices_become_due(&app);
    assert!(sent_one(&app, &mails).await.text.contains("by owner"));
}

/// A mail has its date, and the same id at every attempt to send it.
#[tokio::test]
async fn a_mail_keeps_its_name_when_it_is_sent_again() {
    let mails = MailServer::start();
    let (app, _owner, _alice) = start_server(&mails).await;
    ask(&app, "alice@example.com").await;
    let mail = sent_one(&app, &mails).await;
    assert!(mail.message_id.ends_with("@example.com>"), "{}", mail.message_id);
    let written = app.clock.now().to_zoned(jiff::tz::TimeZone::UTC).strftime("%d %b %Y").to_string();
    assert!(mail.raw.contains(&written));
}

/// Errors that an operator can fix, such as a wrong password for the mail server, keep mails waiting.
#[tokio::test]
async fn a_mail_waits_for_what_an_operator_can_mend() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    let path = format!("/api/v2/users/{}/password", alice.id);
    let refusals = ["530 sign in first", "535 who are you", "503 not now", "421 going away"];
    for (refusal, password) in refusals.into_iter().zip([OTHER, PASSWORD].into_iter().cycle()) {
        mails.refuse(Some(refusal));
        owner.put(&path, json!({"password": password})).await.expect(StatusCode::NO_CONTENT);
        let_notices_become_due(&app);
        assert!(sent(&app, &mails).await.is_empty());
        mails.refuse(None);
        app.advance(SignedDuration::from_hours(1));
        sent_one(&app, &mails).await;
    }
}

/// A mail that was accepted without an answer is sent again. The links in both work.
#[tokio::test]
async fn a_reset_that_is_sent_again_has_the_same_link() {
    let mails = MailServer::start();
    let (app, _owner, _alice) = start_server(&mails).await;
    mails.close_after_mails(1);
    ask(&app, "alice@example.com").await;
    let first = sent_one(&app, &mails).await;
    app.advance(SignedDuration::from_secs(10));
    let second = sent_one(&app, &mails).await;
    assert_eq!(first.message_id, second.message_id);
    assert_eq!(passcode(&first), passcode(&second));
    replace(&app, "alice@example.com", &passcode(&first), OTHER).await.expect(StatusCode::NO_CONTENT);
    // A new request makes a new link.
    ask(&app, "alice@example.com").await;
    let_notices_become_due(&app);
    let third = sent(&app, &mails).await.into_iter().find(|mail| mail.text.contains("otp=")).unwrap();
    assert_ne!(passcode(&third), passcode(&first));
}

/// An administrator who sets a user's password and then changes it as that user cannot hide the first change.
#[tokio::test]
async fn a_password_that_another_user_set_is_reported_whatever_follows() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    let set = json!({"password": OTHER});
    owner.put(&format!("/api/v2/users/{}/password", alice.id), set).await.expect(StatusCode::NO_CONTENT);
    let login = json!({"email": "alice@example.com", "password": OTHER});
    let session = app.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::CREATED);
    let change = json!({"old_password": OTHER, "password": PASSWORD});
    let session = app.bearer_of(session.text("session_token"));
    session.put("/api/v2/users/me/password", change).await.expect(StatusCode::NO_CONTENT);
    let_notices_become_due(&app);
    let told: Vec<String> = sent(&app, &mails).await.into_iter().map(|mail| mail.text).collect();
    assert_eq!(told.len(), 2);
    assert!(told.iter().any(|text| text.contains("by owner")), "{told:?}");
}

/// Repeated changes do not delay the mail forever.
#[tokio::test]
async fn a_mail_is_not_put_off_by_more_of_the_same() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    let path = format!("/api/v2/users/{}/password", alice.id);
    for password in [OTHER, PASSWORD] {
        owner.put(&path, json!({"password": password})).await.expect(StatusCode::NO_CONTENT);
        app.advance(SignedDuration::from_secs(10));
    }
    sent_one(&app, &mails).await;
}

/// Outdated mails are not sent: a reminder of an expired token, or a reset for a suspended user.
#[tokio::test]
async fn what_is_not_so_any_more_is_not_told() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    assert!(sent(&app, &mails).await.is_empty());
    let order = json!({"token_name": "ci", "lifetime": 20 * 86_400_000_000_000_i64});
    let token = alice.token(order).await;
    token.get("/api/v2/users/me").await.expect(StatusCode::OK);
    app.advance(SignedDuration::from_hours(6 * 24 + 1));
    app.server.run_jobs_once().await;
    alice.delete(&format!("/api/v2/users/me/keys/{}", token.key_id())).await.expect(StatusCode::UNAUTHORIZED);
    let alice = app.sign_in("alice@example.com").await;
    alice.delete(&format!("/api/v2/users/me/keys/{}", token.key_id())).await.expect(StatusCode::NO_CONTENT);
    ask(&app, "alice@example.com").await;
    owner.put("/api/v2/users/alice/status/suspend", Value::Null).await;
    let_notices_become_due(&app);
    let owner = app.sign_in("owner@example.com").await;
    owner.put("/api/v2/users/alice/status/suspend", Value::Null).await.expect(StatusCode::OK);
    assert!(sent(&app, &mails).await.is_empty());
}

#[tokio::test]
async fn a_session_that_is_minted_for_another_user_is_reported_as_one() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    owner.post(&format!("/api/v2/users/{}/keys", alice.id), json!({})).await.expect(StatusCode::CREATED);
    let_notices_become_due(&app);
    let mail = sent_one(&app, &mails).await;
    assert_eq!(mail.subject, "A session was made on your behalf");
    assert!(mail.raw.contains("Auto-Submitted: auto-generated"), "programs do not answer it");
}

/// The username, and the identity to act as (RFC 4616).
#[tokio::test]
async fn the_server_may_act_as_another_user_at_the_mail_server() {
    for (identity, line) in [
        (&[][..], "AUTH PLAIN AGtleWZvYgBzZWNyZXQ="),
        (&["--email-auth-identity=acme"], "AUTH PLAIN YWNtZQBrZXlmb2IAc2VjcmV0"),
    ] {
        let mails = MailServer::start();
        let flags = flags(&mails);
        let own = ["--email-auth-username=keyfob", "--email-auth-password=secret"];
        let flags: Vec<&str> = flags.iter().map(String::as_str).chain(own).chain(identity.iter().copied()).collect();
        let (app, owner) = TestApp::with(&flags).await;
        ask(&app, "owner@example.com").await;
        sent_one(&app, &mails).await;
        assert_eq!(mails.logins(), [line]);
        drop(owner);
    }
}

/// A mail that is asked for again does not void the one that is on its way.
#[tokio::test]
async fn several_passcodes_are_good_until_one_of_them_is_used() {
    let mails = MailServer::start();
    let (app, _owner, _alice) = start_server(&mails).await;
    let mut passcodes = Vec::new();
    for _ in 0..6 {
        ask(&app, "alice@example.com").await;
        passcodes.push(passcode(&sent_one(&app, &mails).await));
        app.advance(SignedDuration::from_secs(1));
    }
    let incorrect = StatusCode::BAD_REQUEST;
    replace(&app, "alice@example.com", &passcodes[0], OTHER).await.expect(incorrect);
    replace(&app, "alice@example.com", &passcodes[1], OTHER).await.expect(StatusCode::NO_CONTENT);
    replace(&app, "alice@example.com", &passcodes[5], PASSWORD).await.expect(incorrect);
}

/// A user who may not act cannot set a password, and not afterwards with what was mailed before.
#[tokio::test]
async fn suspension_voids_passcodes() {
    let mails = MailServer::start();
    let (app, owner, _alice) = start_server(&mails).await;
    ask(&app, "alice@example.com").await;
    let passcode = passcode(&sent_one(&app, &mails).await);
    owner.put("/api/v2/users/alice/status/suspend", Value::Null).await.expect(StatusCode::OK);
    replace(&app, "alice@example.com", &passcode, OTHER).await.expect(StatusCode::BAD_REQUEST);
    owner.put("/api/v2/users/alice/status/activate", Value::Null).await.expect(StatusCode::OK);
    replace(&app, "alice@example.com", &passcode, OTHER).await.expect(StatusCode::BAD_REQUEST);
}

/// A mail that the queue would send once more does not bring a voided passcode back.
#[tokio::test]
async fn suspension_takes_a_passcode_out_of_the_queue() {
    let mails = MailServer::start();
    let (app, owner, _alice) = start_server(&mails).await;
    mails.close_after_mails(1);
    ask(&app, "alice@example.com").await;
    let passcode = passcode(&sent_one(&app, &mails).await);
    owner.put("/api/v2/users/alice/status/suspend", Value::Null).await.expect(StatusCode::OK);
    owner.put("/api/v2/users/alice/status/activate", Value::Null).await.expect(StatusCode::OK);
    app.advance(SignedDuration::from_secs(10));
    assert!(sent(&app, &mails).await.is_empty());
    replace(&app, "alice@example.com", &passcode, OTHER).await.expect(StatusCode::BAD_REQUEST);
}

/// A passcode that was asked for before the password changed is not mailed afterwards.
#[tokio::test]
async fn another_password_takes_a_passcode_out_of_the_queue() {
    let mails = MailServer::start();
    let (app, owner, _alice) = start_server(&mails).await;
    mails.refuse(Some("451 try later"));
    ask(&app, "alice@example.com").await;
    assert!(sent(&app, &mails).await.is_empty());
    owner.put("/api/v2/users/alice/password", json!({"password": OTHER})).await.expect(StatusCode::NO_CONTENT);
    mails.refuse(None);
    app.advance(SignedDuration::from_mins(10));
    assert!(sent(&app, &mails).await.iter().all(|mail| !mail.text.contains("otp=")));
}

/// Asks for a passcode by the call or on the page, and answers what came of it.
async fn mailed(app: &TestApp, mails: &MailServer, on_page: bool) -> usize {
    if on_page {
        let mut browser = Browser::new(app);
        let page = browser.open("/reset-password").await.expect(StatusCode::OK);
        let answer = browser.submit(&page, "/reset-password", &[("email", "alice@example.com")]).await;
        assert!(answer.status.is_success() || answer.status.is_redirection(), "{} {}", answer.status, answer.body);
    } else {
        ask(app, "alice@example.com").await;
    }
    sent(app, mails).await.iter().filter(|mail| mail.text.contains("otp=")).count()
}

/// Whoever knows an address can ask, so the user is not flooded. Each request is answered the same.
#[tokio::test]
async fn an_account_gets_ten_mails_with_passcodes_in_an_hour() {
    let mails = MailServer::start();
    let (app, owner, alice) = start_server(&mails).await;
    for number in 0..10 {
        assert_eq!(mailed(&app, &mails, number % 2 == 1).await, 1, "{number}");
        app.advance(SignedDuration::from_mins(1));
    }
    // Another password voids the passcodes, but makes room for no more mails.
    owner.put("/api/v2/users/alice/password", json!({"password": OTHER})).await.expect(StatusCode::NO_CONTENT);
    for on_page in [false, true] {
        assert_eq!(mailed(&app, &mails, on_page).await, 0);
    }
    let records = owner.get("/api/v2/audit?q=action:request_password_reset").await.expect(StatusCode::OK).json();
    assert_eq!(records["count"], 10, "strangers fill no disk");
    ask(&app, "owner@example.com").await;
    assert_eq!(sent_one(&app, &mails).await.to, "owner@example.com", "the others are not bounded by it");

    drop((owner, alice));
    let flags = flags(&mails);
    let app = app.restarted(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await;
    app.advance(SignedDuration::from_mins(50) - SignedDuration::from_secs(1));
    assert_eq!(mailed(&app, &mails, false).await, 0, "the hour is not over");
    app.advance(SignedDuration::from_secs(1));
    assert_eq!(mailed(&app, &mails, false).await, 1);
    assert_eq!(mailed(&app, &mails, true).await, 0, "one of the ten is older than an hour");
}

/// The newest five of the ten are good: a user who reads the newest mail can always use it.
#[tokio::test]
async fn of_ten_mails_the_newest_five_hold_passcodes_that_work() {
    let mails = MailServer::start();
    let (app, _owner, _alice) = start_server(&mails).await;
    let mut passcodes = Vec::new();
    for _ in 0..10 {
        ask(&app, "alice@example.com").await;
        passcodes.push(passcode(&sent_one(&app, &mails).await));
        app.advance(SignedDuration::from_secs(1));
    }
    ask(&app, "alice@example.com").await;
    for voided in &passcodes[..5] {
        replace(&app, "alice@example.com", voided, OTHER).await.expect(StatusCode::BAD_REQUEST);
    }
    replace(&app, "alice@example.com", &passcodes[5], OTHER).await.expect(StatusCode::NO_CONTENT);
}

/// Whoever may repeat what a mail tells of fills no mailbox, and hides nothing: the last mail says that further ones are
/// held back, and each change has its record.
#[tokio::test]
async fn a_user_gets_ten_mails_of_a_kind_in_an_hour_and_the_tenth_says_so() {
    let mails = MailServer::start();
    let (app, owner, _alice) = start_server(&mails).await;
    let mint = async |owner: &Identity, user: &str| {
        owner.post(&format!("/api/v2/users/{user}/keys/tokens"), json!({})).await.expect(StatusCode::CREATED);
    };
    let held_back = "further ones are held back until it is over. `keyfob tokens list`";
    for number in 1..=12 {
        mint(&owner, "alice").await;
        let_notices_become_due(&app);
        let texts: Vec<String> =
            sent(&app, &mails).await.into_iter().map(|mail| mail.text.replace("\r\n", " ")).collect();
        assert_eq!(texts.len(), usize::from(number <= 10), "{number}: {texts:?}");
        assert_eq!(texts.iter().any(|text| text.contains(held_back)), number == 10, "{number}: {texts:?}");
    }
    let minted = owner.get("/api/v2/audit?q=resource_type:api_key%20action:create%20username:owner").await;
    assert!(minted.expect(StatusCode::OK).json()["count"].as_u64() >= Some(12), "each has its record");
    // Other kinds, and other users, are not bounded by it.
    owner.put("/api/v2/users/alice/password", json!({"password": OTHER})).await.expect(StatusCode::NO_CONTENT);
    owner.make_user("bob", &[]).await;
    mint(&owner, "bob").await;
    let_notices_become_due(&app);
    let told: Vec<String> = sent(&app, &mails).await.into_iter().map(|mail| mail.to).collect();
    assert_eq!(told, ["alice@example.com", "bob@example.com"]);

    app.advance(SignedDuration::from_hours(1));
    mint(&owner, "alice").await;
    let_notices_become_due(&app);
    assert!(!sent_one(&app, &mails).await.text.contains("held back"));
}

/// Also of what users do themselves, and over a restart.
#[tokio::test]
async fn ten_mails_in_an_hour_tell_of_passwords_that_changed() {
    let mails = MailServer::start();
    let (app, owner, mut alice) = start_server(&mails).await;
    let passwords = [PASSWORD, OTHER].into_iter().cycle();
    for (number, (old, new)) in (1..=11).zip(passwords.clone().zip(passwords.skip(1))) {
        let change = json!({"old_password": old, "password": new});
        alice.put("/api/v2/users/me/password", change).await.expect(StatusCode::NO_CONTENT);
        let login = json!({"email": "alice@example.com", "password": new});
        let session = app.anonymous().post("/api/v2/users/login", login).await.expect(StatusCode::CREATED);
        alice = app.bearer_of(session.text("session_token"));
        let_notices_become_due(&app);
        let mail = sent(&app, &mails).await.pop();
        assert_eq!(mail.is_some(), number <= 10, "{number}");
        assert_eq!(mail.is_some_and(|mail| mail.text.contains("held back")), number == 10, "{number}");
    }
    drop((owner, alice));
    let flags = flags(&mails);
    let app = app.restarted(&flags.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let owner = app.sign_in("owner@example.com").await;
    let set = async |password: &str| {
        let path = "/api/v2/users/alice/password";
        owner.put(path, json!({"password": password})).await.expect(StatusCode::NO_CONTENT);
        let_notices_become_due(&app);
        sent(&app, &mails).await.len()
    };
    assert_eq!(set(PASSWORD).await, 0, "the hour is not over");
    app.advance(SignedDuration::from_hours(1));
    assert_eq!(set(OTHER).await, 1);
}

/// The mails about one's own tokens are of a kind, too.
#[tokio::test]
async fn ten_mails_tell_of_tokens_that_end_at_the_same_time() {
    let mails = MailServer::start();
    let (app, _owner, alice) = start_server(&mails).await;
    assert!(sent(&app, &mails).await.is_empty());
    for number in 0..12 {
        let order = json!({"token_name": format!("t{number}"), "lifetime": 20 * 86_400_000_000_000_i64});
        alice.token(order).await.get("/api/v2/users/me").await.expect(StatusCode::OK);
    }
    app.advance(SignedDuration::from_hours(6 * 24 + 1));
    app.server.run_jobs_once().await;
    let_notices_become_due(&app);
    let told = sent(&app, &mails).await;
    assert_eq!(told.len(), 10);
    assert_eq!(told.iter().filter(|mail| mail.text.contains("held back")).count(), 1);
}
