//! When mails are tried again that could not be sent.
use axum::http::StatusCode;
use jiff::SignedDuration;
use keyfob_testkit::MailServer;
use serde_json::json;

use crate::support::{Identity, TestApp};

const ALICE: &str = "alice@example.com";
const BOB: &str = "bob@example.com";

/// Starts a server that uses this mail server, with the members alice and bob.
async fn start_server(mails: &MailServer) -> (TestApp, Identity) {
    let smarthost = format!("--email-smarthost={}", mails.address);
    let (app, owner) = TestApp::with(&["--email-from=Keyfob <keys@example.com>", &smarthost]).await;
    owner.make_user("alice", &[]).await;
    owner.make_user("bob", &[]).await;
    (app, owner)
}

async fn ask_for_reset(app: &TestApp, email: &str) {
    let asked = app.anonymous().post("/api/v2/users/otp/request", json!({"email": email})).await;
    asked.expect(StatusCode::NO_CONTENT);
}

/// Mints a token for a user, who is told so by mail.
async fn mint_for(owner: &Identity, name: &str) {
    let path = format!("/api/v2/users/{name}/keys/tokens");
    owner.post(&path, json!({})).await.expect(StatusCode::CREATED);
}

/// Lets so many seconds pass, and sends what is due.
async fn after(app: &TestApp, seconds: i64) {
    app.advance(SignedDuration::from_secs(seconds));
    app.server.run_jobs_once().await;
}

/// A passcode lives 20 minutes: its mail is tried after 5, 10, 20 and 30 seconds, and then every minute.
#[tokio::test]
async fn a_reset_is_tried_often_while_its_passcode_lives() {
    let mails = MailServer::start();
    let (app, _owner) = start_server(&mails).await;
    mails.refuse(Some("451 later"));
    ask_for_reset(&app, ALICE).await;
    after(&app, 0).await;
    let (mut tries, mut passed) = (1, 0);
    assert_eq!(mails.tries_to(ALICE), tries);
    for wait in [5, 10, 20, 30].into_iter().chain(std::iter::repeat_n(60, 18)) {
        after(&app, wait - 1).await;
        assert_eq!(mails.tries_to(ALICE), tries, "too early after {passed} seconds");
        after(&app, 1).await;
        (tries, passed) = (tries + 1, passed + wait);
        assert_eq!(mails.tries_to(ALICE), tries, "not tried after {passed} seconds");
    }
    // The passcode ends, and with it the mail.
    assert!(passed < 20 * 60 && passed + 60 >= 20 * 60);
    mails.refuse(None);
    after(&app, 60).await;
    assert!(mails.take().is_empty());
}

/// The mail server is back: nothing waits any longer.
#[tokio::test]
async fn a_mail_that_got_through_wakes_the_others() {
    let mails = MailServer::start();
    let (app, owner) = start_server(&mails).await;
    mails.refuse(Some("421 not now"));
    mint_for(&owner, "bob").await;
    // Notices wait for more of the same, and then for the mail server: in the end an hour.
    for wait in [20, 10, 40, 160, 640, 2560, 3600] {
        after(&app, wait).await;
    }
    assert!(mails.tries_to(BOB) == 7 && mails.take().is_empty());
    mails.refuse(None);
    after(&app, 10).await;
    assert!(mails.take().is_empty(), "it is not due");
    ask_for_reset(&app, ALICE).await;
    after(&app, 0).await;
    let sent: Vec<_> = mails.take().into_iter().map(|mail| mail.to).collect();
    assert_eq!(sent, [ALICE, BOB]);
}

/// A mail that waits since before the start is woken, too.
#[tokio::test]
async fn a_mail_that_got_through_after_a_restart_wakes_the_others() {
    let mails = MailServer::start();
    let (app, owner) = start_server(&mails).await;
    mails.refuse(Some("421 not now"));
    mint_for(&owner, "bob").await;
    for wait in [20, 10, 40] {
        after(&app, wait).await;
    }
    drop(owner);
    mails.refuse(None);
    let smarthost = format!("--email-smarthost={}", mails.address);
    let app = app.restarted(&["--email-from=Keyfob <keys@example.com>", &smarthost]).await;
    ask_for_reset(&app, ALICE).await;
    after(&app, 0).await;
    assert_eq!(mails.take().len(), 2);
}

/// A mail that the mail server refuses while it takes others is not tried with each of those.
#[tokio::test]
async fn a_mail_that_alone_is_refused_is_not_woken_by_every_other() {
    let mails = MailServer::start();
    let (app, owner) = start_server(&mails).await;
    mails.refuse_to(BOB, "450 greylisted");
    mint_for(&owner, "bob").await;
    after(&app, 20).await;
    for _ in 0..8 {
        ask_for_reset(&app, ALICE).await;
        after(&app, 1).await;
    }
    assert_eq!(mails.take().len(), 8);
    // Once more, because at first the mail server seemed to be the reason.
    assert_eq!(mails.tries_to(BOB), 2);
}
