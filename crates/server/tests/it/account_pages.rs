//! The pages of one's own account, without JavaScript.
use axum::http::StatusCode;
use serde_json::json;

use crate::{
    browser::Browser,
    support::{PASSWORD, TestApp},
    web::words,
};

const OTHER: &str = "An0ther!Secret-pw";

#[tokio::test]
async fn people_rename_themselves_and_choose_how_pages_look() {
    let (app, owner) = TestApp::new().await;
    owner.make_user("taken", &[]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open("/settings/account").await.expect(StatusCode::OK);
    assert!(!page.body.contains("data-theme") && page.body.contains("content=\"light dark\""), "{}", page.body);
    for (username, status, beside) in [
        ("taken", StatusCode::CONFLICT, "Choose another one."),
        ("a--b", StatusCode::BAD_REQUEST, "cannot be a username"),
        ("", StatusCode::BAD_REQUEST, "This must be filled in."),
    ] {
        let fields = [("username", username), ("name", "Olive")];
        let again = browser.submit(&page, "/settings/account", &fields).await.expect(status);
        assert!(words(&again).contains(beside), "{}", words(&again));
        assert!(again.body.contains("value=\"Olive\"") && again.body.contains("aria-invalid"), "{}", again.body);
    }
    let fields = [("username", "olive"), ("name", "Olive")];
    let saved = browser.submit(&page, "/settings/account", &fields).await.expect(StatusCode::SEE_OTHER);
    let page = browser.open(saved.header("location")).await.expect(StatusCode::OK);
    assert!(words(&page).contains("Profile saved.") && page.body.contains("value=\"olive\""), "{}", words(&page));
    // Members have no say over their username: it is not offered.
    let alice = owner.invite(&app, "alice", &[]).await;
    let mut hers = Browser::signed_in(&app, &alice);
    let her_page = hers.open("/settings/account").await.expect(StatusCode::OK);
    assert!(!her_page.body.contains("name=\"username\""), "{}", her_page.body);
    let fields = [("username", "other"), ("name", "Alice")];
    hers.submit(&her_page, "/settings/account", &fields).await.expect(StatusCode::SEE_OTHER);
    let me = alice.get("/api/v2/users/me").await.expect(StatusCode::OK);
    assert_eq!((me.text("username"), me.text("name")), ("alice", "Alice"));
    for (theme, mark) in [("dark", "data-theme=\"dark\""), ("light", "data-theme=\"light\"")] {
        browser.submit(&page, "/settings/account/theme", &[("theme", theme)]).await.expect(StatusCode::SEE_OTHER);
        assert!(browser.open("/settings/tokens").await.body.contains(mark), "{theme}");
    }
    browser.submit(&page, "/settings/account/theme", &[("theme", "system")]).await.expect(StatusCode::SEE_OTHER);
    assert!(!browser.open("/settings/tokens").await.body.contains("data-theme"));
}

#[tokio::test]
async fn a_password_is_changed_and_the_browser_stays_signed_in() {
    let (app, owner) = TestApp::new().await;
    let token = owner.scoped(&["coder:all"]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open("/settings/security").await.expect(StatusCode::OK);
    for (old, new, again, beside) in [
        ("wrong", OTHER, OTHER, "This is not your password."),
        ("", OTHER, OTHER, "This must be filled in."),
        (PASSWORD, "password", "password", "Try including"),
        (PASSWORD, OTHER, "other", "The two passwords differ."),
        (PASSWORD, PASSWORD, PASSWORD, "This is the password already."),
    ] {
        let fields = [("old_password", old), ("password", new), ("confirmation", again)];
        let shown = browser.submit(&page, "/settings/security", &fields).await.expect(StatusCode::BAD_REQUEST);
        assert!(words(&shown).contains(beside), "{}", words(&shown));
    }
    token.get("/api/v2/users/me").await.expect(StatusCode::OK);
    let fields = [("old_password", PASSWORD), ("password", OTHER), ("confirmation", OTHER)];
    let done = browser.submit(&page, "/settings/security", &fields).await.expect(StatusCode::SEE_OTHER);
    assert_ne!(browser.session(), Some(owner.key.as_str()));
    let page = browser.open(done.header("location")).await.expect(StatusCode::OK);
    assert!(words(&page).contains("Password changed."), "{}", words(&page));
    for ended in [&owner, &token] {
        ended.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn people_see_where_they_are_signed_in_and_sign_out_there() {
    let (app, owner) = TestApp::new().await;
    let others = [app.sign_in("owner@example.com").await, app.sign_in("owner@example.com").await];
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open("/settings/sessions").await.expect(StatusCode::OK);
    assert_eq!(words(&page).matches("this session").count(), 1, "{}", words(&page));
    assert!(!page.body.contains(&format!("action=\"/settings/sessions/{}\"", owner.key_id())), "{}", page.body);
    let path = format!("/settings/sessions/{}", others[0].key_id());
    assert!(page.body.contains(&format!("action=\"{path}\"")), "{}", page.body);
    browser.submit(&page, &path, &[]).await.expect(StatusCode::SEE_OTHER);
    others[0].get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    others[1].get("/api/v2/users/me").await.expect(StatusCode::OK);
    // A token is no session, and neither is another user's.
    let alice = owner.invite(&app, "alice", &[]).await;
    let token = owner.scoped(&["coder:all"]).await;
    for key in [&alice, &token] {
        let path = format!("/settings/sessions/{}", key.key_id());
        browser.submit(&page, &path, &[]).await.expect(StatusCode::NOT_FOUND);
        key.get("/api/v2/users/me").await.expect(StatusCode::OK);
    }
    browser.submit(&page, "/settings/sessions", &[]).await.expect(StatusCode::SEE_OTHER);
    others[1].get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    let left = browser.open("/settings/sessions").await.expect(StatusCode::OK);
    assert!(!left.body.contains("End all others"), "{}", left.body);
}

#[tokio::test]
async fn people_choose_what_they_are_told_by_mail() {
    let (app, owner) = TestApp::new().await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open("/settings/notifications").await.expect(StatusCode::OK);
    assert!(words(&page).contains("This server sends no mails."), "{}", words(&page));
    let fields = [("token_minted", "yes")];
    browser.submit(&page, "/settings/notifications", &fields).await.expect(StatusCode::SEE_OTHER);
    let choices = owner.get("/api/v2/users/me/notices").await.expect(StatusCode::OK).json();
    assert_eq!(choices, json!({"password_changed": false, "token_minted": true, "token_ending": false}));
    // A narrow session chooses nothing, and is told why.
    let narrow = owner.scoped(&["user:read", "user:read_personal", "user:update_personal"]).await;
    let mut narrow = Browser::signed_in(&app, &narrow);
    let page = narrow.open("/settings/notifications").await.expect(StatusCode::OK);
    let refused = narrow.submit(&page, "/settings/notifications", &[]).await.expect(StatusCode::FORBIDDEN);
    assert!(words(&refused).contains("Sign in with your password."), "{}", words(&refused));
}

/// Where there is a provider, a password account can go over to it.
#[tokio::test]
async fn a_login_is_converted_to_a_provider_with_the_password() {
    let flags =
        ["--oauth2-github-client-id=id", "--oauth2-github-client-secret=secret", "--oauth2-github-allow-everyone"];
    let (app, owner) = TestApp::with(&flags).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open("/settings/security").await.expect(StatusCode::OK);
    assert!(page.body.contains("name=\"provider\" value=\"github\""), "{}", page.body);
    let path = "/settings/security/provider";
    let wrong = browser.submit(&page, path, &[("provider", "github"), ("own_password", "wrong")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED, "{}", wrong.body);
    let on = browser.submit(&page, path, &[("provider", "github"), ("own_password", PASSWORD)]).await;
    let on = on.expect(StatusCode::OK);
    assert!(
        on.body.contains("oidc_merge_state=convert%2D") && on.body.contains("oauth2/github/callback"),
        "{}",
        on.body
    );
    assert!(browser.cookies.contains_key("coder_oauth_convert_jwt"));
}
