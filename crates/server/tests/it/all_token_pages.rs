//! The tokens of everyone: findings, finding one, and expiring several, without JavaScript.
use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    browser::Browser,
    support::{Answer, Identity, TestApp},
    user_pages::people,
    web::words,
};

const TOKENS: &str = "/deployment/tokens";
const MARKUP: &str = "<i>{% x %}</i>";
const DAY: i64 = 86_400_000_000_000;

/// A token with this name and lifetime.
async fn token(by: &Identity, name: &str, days: i64, scopes: &[&str]) -> Identity {
    by.token(json!({"token_name": name, "scopes": scopes, "lifetime": days * DAY})).await
}

/// The number that stands before the words of a finding.
fn number(page: &Answer, finding: &str) -> String {
    let (_, rest) = page.body.split_once(&format!("finding={finding}\"")).unwrap_or_else(|| panic!("{}", page.body));
    let (_, rest) = rest.split_once("<strong>").unwrap();
    rest.split('<').next().unwrap().to_owned()
}

/// Each finding counts what its filter lists.
#[tokio::test]
async fn findings_are_counted_and_each_filters_the_list() {
    let (app, owner) = TestApp::with(&["--max-admin-token-lifetime=20000h", "--max-token-lifetime=20000h"]).await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let narrow = &["user:read", "user:read_personal"][..];
    let long = token(&owner, "long", 500, narrow).await;
    let full = token(&owner, "all", 200, &["coder:all"]).await;
    let hers = token(&alice, "hers", 200, narrow).await;
    let idle = token(&owner, "idle", 200, narrow).await;
    for used in [&full, &hers, &idle] {
        used.get("/api/v2/users/me").await.expect(StatusCode::OK);
    }
    app.advance(SignedDuration::from_hours(100 * 24));
    let owner = app.sign_in("owner@example.com").await;
    let soon = token(&owner, "soon", 5, narrow).await;
    for used in [&full, &hers, &soon] {
        used.get("/api/v2/users/me").await.expect(StatusCode::OK);
    }
    owner.put("/api/v2/users/alice/status/suspend", json!({})).await.expect(StatusCode::OK);
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(TOKENS).await.expect(StatusCode::OK);
    let all = [&long, &full, &hers, &idle, &soon];
    for (finding, found) in [
        ("owner-suspended", &hers),
        ("full", &full),
        ("never-used", &long),
        ("idle", &idle),
        ("ends-far-away", &long),
        ("ends-soon", &soon),
    ] {
        assert_eq!(number(&page, finding), "1", "{finding}: {}", words(&page));
        let list = browser.open(&format!("{TOKENS}?finding={finding}")).await.expect(StatusCode::OK);
        for each in all {
            let is_listed = list.body.contains(&format!("name=\"key\" value=\"{}\"", each.key_id()));
            assert_eq!(is_listed, each.key_id() == found.key_id(), "{finding}: {}", words(&list));
        }
    }
    // What has expired is no finding.
    owner.put(&format!("/api/v2/users/me/keys/{}/expire", long.key_id()), json!({})).await;
    let page = browser.open(TOKENS).await.expect(StatusCode::OK);
    assert_eq!((number(&page, "never-used").as_str(), number(&page, "ends-far-away").as_str()), ("0", "0"));
    let none = browser.open(&format!("{TOKENS}?finding=never-used")).await.expect(StatusCode::OK);
    assert!(words(&none).contains("No tokens found."), "{}", words(&none));
}

/// The list holds what the API lists, counts nothing else, and ticks nothing that would not be expired.
#[tokio::test]
async fn everybody_sees_and_ticks_what_the_api_lets_them() {
    let (app, owner) = TestApp::new().await;
    let people = people(&app, &owner).await;
    let mut tokens = Vec::new();
    for (who, person) in &people {
        tokens.push((*who, token(person, &format!("{MARKUP} {who}"), 1, &["workspace:read"]).await));
    }
    for (who, person) in &people {
        let mut browser = Browser::signed_in(&app, person);
        let page = browser.open(TOKENS).await.expect(StatusCode::OK);
        assert!(!page.body.contains("<i>"), "{}", page.body);
        let mut visible = 0;
        for (whose, token) in &tokens {
            let key = format!("/api/v2/users/{whose}/keys/{}", token.key_id());
            let is_visible = person.get(&key).await.status == StatusCode::OK;
            visible += usize::from(is_visible);
            let shown = page.body.contains(&format!("href=\"/settings/tokens/{}\"", token.key_id()));
            assert_eq!(shown, is_visible, "{who} looks at {whose}: {}", words(&page));
            let ticked = page.body.contains(&format!("name=\"key\" value=\"{}\"", token.key_id()));
            if !ticked {
                // Nor is it expired when it is sent all the same.
                let fields = [("key", token.key_id()), ("step", "expire")];
                browser.submit(&page, &format!("{TOKENS}/expire"), &fields).await.expect(StatusCode::NOT_FOUND);
                token.get("/api/v2/resources").await.expect(StatusCode::OK);
            }
        }
        assert_eq!(number(&page, "ends-soon"), visible.to_string(), "{who}");
        let is_in_navigation = page.body.contains(&format!("<li><a href=\"{TOKENS}\""));
        assert_eq!(is_in_navigation, visible > 1, "{who}");
    }
    // The API agrees about who may expire, last, because it does.
    for (who, person) in people.iter().rev() {
        let mut browser = Browser::signed_in(&app, person);
        for (whose, token) in &tokens {
            let page = browser.open(TOKENS).await.expect(StatusCode::OK);
            let ticked = page.body.contains(&format!("name=\"key\" value=\"{}\"", token.key_id()));
            let was_live = token.get("/api/v2/resources").await.status == StatusCode::OK;
            let path = format!("/api/v2/users/{whose}/keys/{}/expire", token.key_id());
            let expired = person.put(&path, json!({})).await;
            assert_eq!(ticked, was_live && expired.status.is_success(), "{who} expires {whose}: {}", expired.body);
        }
    }
}

#[tokio::test]
async fn those_that_are_ticked_end_after_a_question_with_what_was_minted_with_them() {
    let (app, owner) = TestApp::new().await;
    let parent = owner.scoped(&["api_key:create", "user:read", "user:read_personal"]).await;
    let child = parent.scoped(&["user:read", "user:read_personal"]).await;
    let other = owner.scoped(&["user:read", "user:read_personal"]).await;
    let stays = owner.scoped(&["user:read", "user:read_personal"]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(TOKENS).await.expect(StatusCode::OK);
    let path = format!("{TOKENS}/expire");
    let none = browser.submit(&page, &path, &[]).await.expect(StatusCode::SEE_OTHER);
    assert!(words(&browser.open(none.header("location")).await).contains("No token expired"));
    let ticked = [("key", parent.key_id()), ("key", other.key_id())];
    let ask = browser.submit(&page, &path, &ticked).await.expect(StatusCode::OK);
    assert!(words(&ask).contains("Expire these 2 tokens?"), "{}", words(&ask));
    assert!(words(&ask).contains("1 token that was minted with them ends, too."), "{}", words(&ask));
    for live in [&parent, &child, &other] {
        live.get("/api/v2/users/me").await.expect(StatusCode::OK);
    }
    let done = browser.submit(&ask, &path, &[&ticked[..], &[("step", "expire")]].concat()).await;
    let shown = browser.open(done.expect(StatusCode::SEE_OTHER).header("location")).await;
    assert!(words(&shown).contains("Tokens expired."), "{}", words(&shown));
    for ended in [&parent, &child, &other] {
        ended.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    }
    stays.get("/api/v2/users/me").await.expect(StatusCode::OK);
}

/// A pasted token goes into no address and onto no page.
#[tokio::test]
async fn a_token_is_found_by_its_text_or_its_id_and_its_secret_is_told_to_nobody() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let hers = token(&alice, "hers", 1, &["workspace:read"]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(TOKENS).await.expect(StatusCode::OK);
    let path = format!("{TOKENS}/find");
    for pasted in [hers.key.clone(), hers.key_id().to_owned(), format!("  {}\r\n", hers.key)] {
        let found = browser.submit(&page, &path, &[("token", &pasted)]).await.expect(StatusCode::SEE_OTHER);
        assert_eq!(found.header("location"), format!("/settings/tokens/{}", hers.key_id()));
    }
    let details = browser.open(&format!("/settings/tokens/{}", hers.key_id())).await.expect(StatusCode::OK);
    assert!(words(&details).contains("Owner alice"), "{}", words(&details));
    let secret = "abcdefghijklmnopqrstuv";
    for unknown in [format!("0123456789-{secret}"), secret.to_owned(), String::new(), format!("<b>-{secret}")] {
        let again = browser.submit(&page, &path, &[("token", &unknown)]).await.expect(StatusCode::NOT_FOUND);
        assert!(words(&again).contains("There is no such token that you may see."), "{}", words(&again));
        assert!(!again.body.contains(secret) && !again.body.contains("<b>"), "{}", again.body);
    }
    // Of a token that she may not see, a member is told as much as of none.
    let owners = owner.scoped(&["workspace:read"]).await;
    let mut member = Browser::signed_in(&app, &alice);
    let page = member.open(TOKENS).await.expect(StatusCode::OK);
    member.submit(&page, &path, &[("token", &owners.key)]).await.expect(StatusCode::NOT_FOUND);
}

/// All of them end, or none does.
#[tokio::test]
async fn none_of_those_that_are_ticked_ends_where_one_may_not_be_expired() {
    let (app, owner) = TestApp::new().await;
    let narrow = &["user:read", "user:read_personal"][..];
    let (one, gone) = (owner.scoped(narrow).await, owner.scoped(narrow).await);
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(TOKENS).await.expect(StatusCode::OK);
    owner.delete(&format!("/api/v2/users/me/keys/{}", gone.key_id())).await.expect(StatusCode::NO_CONTENT);
    let fields = [("key", one.key_id()), ("key", gone.key_id()), ("step", "expire")];
    let again = browser.submit(&page, &format!("{TOKENS}/expire"), &fields).await.expect(StatusCode::NOT_FOUND);
    assert!(words(&again).contains("No token was expired."), "{}", words(&again));
    one.get("/api/v2/users/me").await.expect(StatusCode::OK);
    // A record each.
    let other = owner.scoped(narrow).await;
    let fields = [("key", one.key_id()), ("key", other.key_id()), ("key", one.key_id()), ("step", "expire")];
    browser.submit(&page, &format!("{TOKENS}/expire"), &fields).await.expect(StatusCode::SEE_OTHER);
    for ended in [&one, &other] {
        ended.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
        let found = owner.get(&format!("/api/v2/audit?q=api_key_id:{}+action:write", ended.key_id())).await;
        assert_eq!(found.json()["count"], 1, "{}", found.body);
    }
}

/// A text that is no token is not found as one.
#[tokio::test]
async fn a_token_with_a_wrong_secret_is_told_from_a_right_one() {
    let (app, owner) = TestApp::new().await;
    let token = owner.scoped(&["workspace:read"]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(TOKENS).await.expect(StatusCode::OK);
    let path = format!("{TOKENS}/find");
    for secret in ["abcdefghijklmnopqrstuv", "x"] {
        let pasted = format!("{}-{secret}", token.key_id());
        let again = browser.submit(&page, &path, &[("token", &pasted)]).await.expect(StatusCode::BAD_REQUEST);
        assert!(words(&again).contains("its secret is wrong"), "{}", words(&again));
        assert!(!again.body.contains(&pasted), "{}", again.body);
    }
    browser.submit(&page, &path, &[("token", &token.key)]).await.expect(StatusCode::SEE_OTHER);
}

/// Tokens of people who are in no organization any more.
#[tokio::test]
async fn tokens_of_people_who_left_are_found() {
    let (app, owner) = TestApp::new().await;
    let (alice, ben) = (owner.invite(&app, "alice", &[]).await, owner.invite(&app, "ben", &[]).await);
    let narrow = &["user:read", "user:read_personal"][..];
    let (left, stays) = (token(&alice, "left", 1, narrow).await, token(&ben, "stays", 1, narrow).await);
    owner.delete("/api/v2/organizations/default/members/alice").await.expect(StatusCode::NO_CONTENT);
    let page = Browser::signed_in(&app, &owner).open(&format!("{TOKENS}?finding=owner-left")).await;
    assert_eq!(number(&page, "owner-left"), "1", "{}", words(&page));
    assert!(page.body.contains(left.key_id()) && !page.body.contains(stays.key_id()), "{}", words(&page));
}
