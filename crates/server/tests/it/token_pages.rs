//! The pages on which people see, shape and end their tokens, without JavaScript.
use axum::http::StatusCode;
use jiff::SignedDuration;

use crate::{
    browser::Browser,
    support::{Answer, TestApp},
    web::words,
};

const NEW: &str = "/settings/tokens/new";

/// The token that a page shows.
fn token(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("id=\"token\">").unwrap_or_else(|| panic!("{}", page.body));
    rest.split('<').next().unwrap().to_owned()
}

/// The box with this value, as it stands on a page.
fn the_box<'a>(page: &'a Answer, value: &str) -> &'a str {
    let (_, rest) =
        page.body.split_once(&format!("value=\"{value}\"")).unwrap_or_else(|| panic!("{value}: {}", page.body));
    rest.split("</label>").next().unwrap()
}

#[tokio::test]
async fn a_token_is_minted_with_what_its_summary_said_and_shown_once() {
    let (app, owner) = TestApp::with(&["--max-admin-token-lifetime=1000h"]).await;
    let web = owner.register("workspace", "web").await;
    owner.register("workspace", "other").await;
    let mut browser = Browser::signed_in(&app, &owner);
    let empty = browser.open("/settings/tokens").await.expect(StatusCode::OK);
    assert!(words(&empty).contains("No tokens found."), "{}", words(&empty));
    let page = browser.open(NEW).await.expect(StatusCode::OK);
    assert!(!page.body.contains("value=\"mint\""), "nothing is to be minted before it is summed up");
    let allow = format!("workspace:{web}");
    let fields = [("name", "ci"), ("lifetime", "30d"), ("scope", "workspace:read"), ("scope", "workspace:start")];
    let restricted = [&fields[..], &[("allow", &allow), ("step", "preview")]].concat();
    let summary = browser.submit(&page, NEW, &restricted).await.expect(StatusCode::OK);
    let said = words(&summary);
    assert!(said.contains("See and start 1 workspace"), "{said}");
    assert!(said.contains("web (workspace)") && said.contains("in 1 month"), "{said}");
    assert!(!said.contains("would be full"), "{said}");
    assert!(the_box(&summary, "workspace:read").contains(" checked"));
    assert!(the_box(&summary, &allow).contains(" checked"));
    assert!(!the_box(&summary, "workspace:delete").contains(" checked"));
    // Something else than what was summed up is not minted.
    let changed = [&fields[..], &[("step", "mint")]].concat();
    let again = browser.submit(&summary, NEW, &changed).await.expect(StatusCode::CONFLICT);
    assert!(words(&again).contains("The form has changed"), "{}", words(&again));
    assert!(words(&again).contains("See and start 2 workspaces"), "{}", words(&again));
    let mint = [&fields[..], &[("allow", &allow), ("step", "mint")]].concat();
    let minted = browser.submit(&summary, NEW, &mint).await.expect(StatusCode::CREATED);
    assert_eq!(minted.header("cache-control"), "no-store");
    let ci = app.bearer_of(&token(&minted));
    let kept = owner.get("/api/v2/users/me/keys/tokens/ci").await.expect(StatusCode::OK).json();
    assert_eq!(kept["scopes"], serde_json::json!(["workspace:read", "workspace:start"]));
    assert_eq!(kept["allow_list"], serde_json::json!([allow]));
    assert_eq!(kept["lifetime_seconds"], 30 * 86_400);
    ci.get(&format!("/api/v2/resources/workspace/{web}")).await.expect(StatusCode::OK);
    let list = browser.open("/settings/tokens").await.expect(StatusCode::OK);
    assert!(!list.body.contains(&token(&minted)) && words(&list).contains("web (workspace)"), "{}", list.body);
    let details = browser.open(&format!("/settings/tokens/{}", ci.key_id())).await.expect(StatusCode::OK);
    let said = words(&details);
    assert!(said.contains("See and start 1 workspace") && said.contains("Start workspaces."), "{said}");
    // It would have the name of a live one.
    let taken = browser.submit(&summary, NEW, &mint).await.expect(StatusCode::CONFLICT);
    assert!(words(&taken).contains("You have a live token"), "{}", words(&taken));
}

/// A link fills the form in, and does nothing else; whatever it says is text.
#[tokio::test]
async fn a_link_fills_the_form_in_and_never_submits_it() {
    let (app, owner) = TestApp::new().await;
    let mut browser = Browser::signed_in(&app, &owner);
    let link = format!(
        "{NEW}?name=a%22%3Cb%3E&scope=workspace:read&scope=template:use&scope=nonsense&lifetime=12h&allow=workspace:*&allow=template:*"
    );
    let page = browser.open(&link).await.expect(StatusCode::OK);
    assert!(page.body.contains("value=\"a&#34;&#60;b&#62;\""), "{}", page.body);
    assert!(
        the_box(&page, "workspace:read").contains(" checked") && the_box(&page, "template:use").contains(" checked")
    );
    assert!(page.body.contains("<option value=\"12h\" selected>12 hours</option>"), "{}", page.body);
    assert!(page.body.contains("workspace:*\ntemplate:*</textarea>"), "{}", page.body);
    assert!(words(&page).contains("nonsense"), "a scope that there is not is said: {}", words(&page));
    let tokens = owner.get("/api/v2/users/me/keys/tokens").await.expect(StatusCode::OK).json();
    assert_eq!(tokens.as_array().map(Vec::len), Some(0));
    let mut stranger = Browser::new(&app);
    let sent = stranger.open("/settings/tokens/new?name=ci&scope=workspace:read").await.expect(StatusCode::SEE_OTHER);
    let location = sent.header("location");
    assert_eq!(location, "/login?redirect=%2Fsettings%2Ftokens%2Fnew%3Fname%3Dci%26scope%3Dworkspace%253Aread");
}

#[tokio::test]
async fn a_full_token_is_called_full_before_it_is_minted() {
    let (app, owner) = TestApp::new().await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(&format!("{NEW}?name=all&scope=coder:all")).await.expect(StatusCode::OK);
    assert!(words(&page).contains("This token would be full."), "{}", words(&page));
    let narrow =
        browser.open(&format!("{NEW}?name=all&scope=coder:all&allow=workspace:*")).await.expect(StatusCode::OK);
    assert!(!words(&narrow).contains("This token would be full."), "{}", words(&narrow));
    // Nothing is taken from the session in silence: without a scope there is no token.
    let none = browser.submit(&page, NEW, &[("name", "none"), ("lifetime", "7d"), ("step", "preview")]).await;
    assert!(!none.expect(StatusCode::OK).body.contains("value=\"mint\""));
}

/// A set adds to the boxes that are ticked, and takes none away.
#[tokio::test]
async fn a_set_of_scopes_ticks_boxes_and_unticks_none() {
    let (app, owner) = TestApp::new().await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(NEW).await.expect(StatusCode::OK);
    let fields = [("name", "ci"), ("lifetime", "7d"), ("scope", "user_secret:delete"), ("preset", "CI")];
    let page = browser.submit(&page, NEW, &fields).await.expect(StatusCode::OK);
    for (scope, is_ticked) in
        [("user_secret:delete", true), ("workspace:create", true), ("template:use", true), ("workspace:delete", false)]
    {
        assert_eq!(the_box(&page, scope).contains(" checked"), is_ticked, "{scope}");
    }
    let said = words(&page);
    let (worst, rest) = (said.find("user_secret:delete destroys"), said.find("workspace:create writes"));
    assert!(said.contains("No set that is offered above has all of these."), "{said}");
    let summary = said.split("the worst first").nth(1).unwrap();
    assert!(summary.find("user_secret:delete") < summary.find("workspace:create"), "{worst:?} {rest:?} {summary}");
}

/// What a page offers is what the API does, for a session that lacks some of it, too.
#[tokio::test]
async fn a_scope_is_offered_just_where_the_session_can_give_it() {
    let (app, owner) = TestApp::new().await;
    let narrow =
        owner.scoped(&["api_key:create", "api_key:read", "workspace:*", "user:read", "user:read_personal"]).await;
    let mut browser = Browser::signed_in(&app, &narrow);
    let page = browser.open(NEW).await.expect(StatusCode::OK);
    let scopes = app.anonymous().get("/api/v2/auth/scopes").await.expect(StatusCode::OK).json();
    for scope in scopes["external"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()) {
        let offered = the_box(&page, scope);
        let minted = narrow.post("/api/v2/users/me/keys/tokens", serde_json::json!({"scopes": [scope]})).await;
        assert_eq!(offered.contains(" disabled"), minted.status == StatusCode::FORBIDDEN, "{scope}: {}", minted.body);
        assert_eq!(offered.contains("Your session does not have it"), offered.contains(" disabled"), "{scope}");
    }
    // Sending it anyhow is refused, in words.
    let fields = [("name", "ci"), ("lifetime", "1h"), ("scope", "template:read"), ("step", "preview")];
    let refused = browser.submit(&page, NEW, &fields).await.expect(StatusCode::OK);
    assert!(words(&refused).contains("exceeds the scopes of your session"), "{}", words(&refused));
    // Without the right to mint, there is no form.
    let reader = owner.scoped(&["api_key:read", "user:read"]).await;
    let page = Browser::signed_in(&app, &reader).open(NEW).await.expect(StatusCode::OK);
    assert!(
        !page.body.contains("name=\"scope\"") && words(&page).contains("do not allow you to mint"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn expiring_and_deleting_say_what_follows_and_are_different() {
    let (app, owner) = TestApp::new().await;
    let mut browser = Browser::signed_in(&app, &owner);
    let parent = owner.scoped(&["api_key:create", "workspace:read"]).await;
    let child = parent.scoped(&["workspace:read"]).await;
    let address = format!("/settings/tokens/{}", parent.key_id());
    let ask = browser.open(&format!("{address}/expire")).await.expect(StatusCode::OK);
    assert!(words(&ask).contains("1 token minted with it, or with one of those, ends with it."), "{}", words(&ask));
    parent.get("/api/v2/users/me").await.expect(StatusCode::OK);
    let done = browser.submit(&ask, &format!("{address}/expire"), &[]).await.expect(StatusCode::SEE_OTHER);
    let details = browser.open(done.header("location")).await.expect(StatusCode::OK);
    assert!(
        words(&details).contains("expired. It is accepted for no request any more.")
            && words(&details).contains("revoked"),
        "{}",
        words(&details)
    );
    for ended in [&parent, &child] {
        ended.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    }
    let list = browser.open("/settings/tokens").await.expect(StatusCode::OK);
    assert!(!list.body.contains(&address), "{}", list.body);
    let list = browser.open("/settings/tokens?expired=1").await.expect(StatusCode::OK);
    assert!(list.body.contains(&format!("{address}/delete")) && !list.body.contains(&format!("{address}/expire")));
    let ask = browser.open(&format!("{address}/delete")).await.expect(StatusCode::OK);
    browser.submit(&ask, &format!("{address}/delete"), &[]).await.expect(StatusCode::SEE_OTHER);
    browser.open(&address).await.expect(StatusCode::NOT_FOUND);
    // The descendants of a full key stay, unless the person says otherwise.
    let full = owner.scoped(&["coder:all"]).await;
    let (one, other) = (full.scoped(&["workspace:read"]).await, full.scoped(&["workspace:read"]).await);
    let address = format!("/settings/tokens/{}/expire", full.key_id());
    let ask = browser.open(&address).await.expect(StatusCode::OK);
    assert!(words(&ask).contains("Also end 2 tokens"), "{}", words(&ask));
    browser.submit(&ask, &address, &[("descendants", "yes")]).await.expect(StatusCode::SEE_OTHER);
    for ended in [&full, &one, &other] {
        ended.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn the_list_is_paged_filtered_and_warns_before_the_end() {
    let (app, owner) = TestApp::with(&["--max-admin-token-lifetime=1000h"]).await;
    for number in 0..30 {
        let token = serde_json::json!({"token_name": format!("Job {number}"), "scopes": ["workspace:read"], "lifetime": 20 * 86_400_000_000_000_i64});
        owner.post("/api/v2/users/me/keys/tokens", token).await.expect(StatusCode::CREATED);
        app.advance(SignedDuration::from_secs(60));
    }
    let mut browser = Browser::signed_in(&app, &owner);
    let first = browser.open("/settings/tokens").await.expect(StatusCode::OK);
    assert!(words(&first).contains("Job 29") && !words(&first).contains("Job 4 "), "{}", words(&first));
    assert!(
        words(&first).contains("1 to 25") && first.body.contains("href=\"/settings/tokens?offset=25\""),
        "{}",
        first.body
    );
    let second = browser.open("/settings/tokens?offset=25").await.expect(StatusCode::OK);
    assert!(words(&second).contains("Job 4 ") && words(&second).contains("26 to 30"), "{}", words(&second));
    let past = browser.open("/settings/tokens?offset=50").await.expect(StatusCode::OK);
    assert!(past.body.contains("<a href=\"/settings/tokens\">First page</a>"), "{}", past.body);
    let found = browser.open("/settings/tokens?q=JOB+1").await.expect(StatusCode::OK);
    assert!(words(&found).contains("Job 19") && !words(&found).contains("Job 29"), "{}", words(&found));
    assert!(!words(&found).contains("ends soon") && words(&found).contains("never"), "{}", words(&found));
    app.advance(SignedDuration::from_hours(18 * 24 + 12));
    let owner = app.sign_in("owner@example.com").await;
    let soon = Browser::signed_in(&app, &owner).open("/settings/tokens").await.expect(StatusCode::OK);
    assert!(words(&soon).contains("ends soon"), "{}", words(&soon));
    // Of another user, there is nothing to see.
    let alice = owner.invite(&app, "alice", &[]).await;
    let token = owner.scoped(&["workspace:read"]).await;
    let mut hers = Browser::signed_in(&app, &alice);
    assert!(words(&hers.open("/settings/tokens").await).contains("No tokens found."));
    for path in ["", "/expire", "/delete"] {
        hers.open(&format!("/settings/tokens/{}{path}", token.key_id())).await.expect(StatusCode::NOT_FOUND);
    }
}

/// What is offered is allowed, and what is allowed is offered, whatever role a person has.
#[tokio::test]
async fn every_role_is_offered_what_the_api_allows() {
    let (app, owner) = TestApp::new().await;
    for role in ["owner", "user-admin", "template-admin", "auditor", "member"] {
        let name = format!("a-{role}");
        let roles = [role].into_iter().filter(|role| *role != "member").collect::<Vec<_>>();
        let person = owner.invite(&app, &name, &roles).await;
        let mut browser = Browser::signed_in(&app, &person);
        let list = browser.open("/settings/tokens").await.expect(StatusCode::OK);
        let minted =
            person.post("/api/v2/users/me/keys/tokens", serde_json::json!({"scopes": ["workspace:read"]})).await;
        assert_eq!(list.body.contains("href=\"/settings/tokens/new\""), minted.status == StatusCode::CREATED, "{role}");
        let own = person.with_key_of(&minted);
        let others = owner.scoped(&["workspace:read"]).await;
        for (key, is_own) in [(own, true), (others, false)] {
            let page = browser.open(&format!("/settings/tokens/{}", key.key_id())).await;
            let read = person.get(&format!("/api/v2/users/me/keys/{}", key.key_id())).await;
            assert_eq!(page.status, read.status, "{role} {is_own}");
            let offers = |act: &str| page.body.contains(&format!("/{}/{act}\"", key.key_id()));
            let offered = [offers("expire"), offers("delete")];
            let path = format!("/api/v2/users/me/keys/{}", key.key_id());
            let expire = person.put(&format!("{path}/expire"), serde_json::json!({})).await;

            let delete = person.delete(&path).await;
            let allowed = [expire, delete].map(|answer| answer.status == StatusCode::NO_CONTENT);
            assert_eq!(offered, allowed, "{role} {is_own}");
        }
    }
}

/// On the first visit, a page and all that it loads is small.
#[tokio::test]
async fn the_largest_page_is_small() {
    let (app, owner) = TestApp::new().await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open("/settings/tokens/new?name=all&scope=coder:all").await.expect(StatusCode::OK);
    let mut bytes = page.body.len();
    for file in ["/assets/pages.css", "/assets/pages.js", "/assets/icon.svg"] {
        bytes += browser.open(file).await.expect(StatusCode::OK).body.len();
    }
    assert!(bytes < 100_000, "{bytes}");
}

/// A refusal that a scope alone would turn says so, and where to get it.
#[tokio::test]
async fn a_refusal_offers_the_scope_that_is_missing() {
    let (app, owner) = TestApp::new().await;
    let narrow = owner.scoped(&["api_key:read", "user:read", "user:read_personal"]).await;
    let page = Browser::signed_in(&app, &narrow).look_at("/cli-auth").await.expect(StatusCode::OK);
    let mut browser = Browser::signed_in(&app, &narrow);
    browser.accepts = "text/html";
    let refused = browser.submit(&page, "/cli-auth", &[]).await.expect(StatusCode::FORBIDDEN);
    assert!(refused.body.contains("href=\"/settings/tokens/new?scope=api_key%3Acreate\""), "{}", refused.body);
}

/// A summary is of a token of one owner.
#[tokio::test]
async fn what_was_summed_up_for_one_owner_is_not_minted_for_another() {
    let (app, owner) = TestApp::new().await;
    let ben = owner.make_user("ben", &[]).await["id"].as_str().unwrap().to_owned();
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(&format!("{NEW}?name=ci&scope=workspace:read")).await.expect(StatusCode::OK);
    let fields = [("name", "ci"), ("lifetime", "7d"), ("scope", "workspace:read"), ("step", "mint"), ("user", &ben)];
    browser.submit(&page, NEW, &fields).await.expect(StatusCode::CONFLICT);
    owner.get("/api/v2/users/ben/keys/tokens/ci").await.expect(StatusCode::NOT_FOUND);
    browser.submit(&page, NEW, &fields[..4]).await.expect(StatusCode::CREATED);
}

/// Problems are about the owner of the token, who may be another user than the person at the page.
#[tokio::test]
async fn what_is_wrong_with_a_token_for_another_is_said_of_them() {
    let (app, owner) = TestApp::new().await;
    let ben = owner.make_user("ben", &[]).await["id"].as_str().unwrap().to_owned();
    owner.post("/api/v2/users/ben/keys/tokens", serde_json::json!({"token_name": "ci"})).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(&format!("{NEW}?user={ben}&name=ci&scope=workspace:read")).await.expect(StatusCode::OK);
    let fields = [("name", "ci"), ("lifetime", "30d"), ("scope", "workspace:read"), ("step", "mint")];
    let taken = browser.submit(&page, NEW, &fields).await.expect(StatusCode::CONFLICT);
    assert!(words(&taken).contains("ben has a live token") && !words(&taken).contains("You have"), "{}", words(&taken));
    let link = format!("{NEW}?user={ben}&name=other&scope=workspace:read&scope=coder:all");
    let page = browser.open(&link).await.expect(StatusCode::OK);
    assert!(words(&page).contains("everything that ben can"), "{}", words(&page));
}

/// What has gone wrong since the summary was shown is told beside its field.
#[tokio::test]
async fn a_date_that_has_passed_since_the_summary_is_told_beside_the_date() {
    let (app, owner) = TestApp::with(&["--session-duration=1000h"]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(NEW).await.expect(StatusCode::OK);
    let tomorrow: jiff::Timestamp = crate::support::NOW.parse().unwrap();
    let tomorrow = (tomorrow + SignedDuration::from_hours(24)).strftime("%Y-%m-%d").to_string();
    let fields = |step| [("name", "other"), ("until", &*tomorrow), ("scope", "workspace:read"), ("step", step)];
    let summary = browser.submit(&page, NEW, &fields("preview")).await.expect(StatusCode::OK);
    app.advance(SignedDuration::from_hours(48));
    let again = browser.submit(&summary, NEW, &fields("mint")).await.expect(StatusCode::BAD_REQUEST);
    let (_, after) = again.body.split_once("name=\"until\"").unwrap();
    let until = after.split("</div>").next().unwrap();
    assert!(until.contains("would have ended"), "{until}");
}

/// Beyond the last use: the changes that were made with a token, for people who may read the audit log.
#[tokio::test]
async fn the_page_of_a_token_shows_what_was_done_with_it_and_from_where() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let ci = alice.scoped(&["coder:all"]).await;
    let other = alice.scoped(&["coder:all"]).await;
    ci.register("workspace", "web").await;
    other.register("workspace", "elsewhere").await;
    ci.post("/api/v2/organizations", serde_json::json!({"name": "acme"})).await.expect(StatusCode::FORBIDDEN);
    app.advance(SignedDuration::from_mins(5));
    app.server.run_jobs_once().await;
    let path = format!("/settings/tokens/{}", ci.key_id());
    let page = Browser::signed_in(&app, &owner).open(&path).await.expect(StatusCode::OK);
    let said = words(&page);
    let done = said.split("What was done with it").nth(1).unwrap().split("What was done to it").next().unwrap();
    assert!(done.contains("web") && !done.contains("elsewhere"), "{done}");
    assert!(done.contains("5 minutes ago") && done.contains("0.0.0.0 a program without a name"), "{done}");
    let own = Browser::signed_in(&app, &alice).open(&path).await.expect(StatusCode::OK);
    assert!(!words(&own).contains("What was done with it"), "{}", words(&own));
}

/// Every preview is work for the database.
#[tokio::test]
async fn previews_are_limited() {
    let (app, owner) = TestApp::with(&["--api-rate-limit=3"]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(NEW).await.expect(StatusCode::OK);
    let fields = [("name", "ci"), ("lifetime", "30d"), ("scope", "workspace:read"), ("step", "live")];
    // Opening the page was the first.
    for _ in 0..2 {
        browser.submit(&page, NEW, &fields).await.expect(StatusCode::OK);
    }
    browser.submit(&page, NEW, &fields).await.expect(StatusCode::TOO_MANY_REQUESTS);
}

/// A key of another user is not among one's own, and neither is a session among tokens.
#[tokio::test]
async fn the_page_of_a_key_leads_back_to_where_it_belongs() {
    let (app, owner) = TestApp::new().await;
    let ben = owner.invite(&app, "ben", &[]).await;
    let (his, mine) = (ben.scoped(&["workspace:read"]).await, owner.scoped(&["workspace:read"]).await);
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(&format!("/settings/tokens/{}", his.key_id())).await.expect(StatusCode::OK);
    assert!(!words(&page).contains("your tokens"), "{}", words(&page));
    let of_ben = format!("href=\"/deployment/users/{}\">Back to ben", ben.id);
    assert!(page.body.contains(&of_ben), "{}", page.body);
    assert!(page.body.contains("href=\"/deployment/tokens\" aria-current"), "{}", page.body);
    let ask = format!("/settings/tokens/{}/expire", his.key_id());
    let ask = browser.open(&ask).await.expect(StatusCode::OK);
    assert!(!words(&ask).contains("your list"), "{}", words(&ask));
    let delete = format!("/settings/tokens/{}/delete", his.key_id());
    let deleted = browser.submit(&ask, &delete, &[]).await.expect(StatusCode::SEE_OTHER);
    assert!(deleted.header("location").starts_with(&format!("/deployment/users/{}", ben.id)), "{:?}", deleted.headers);
    let page = browser.open(&format!("/settings/tokens/{}", mine.key_id())).await.expect(StatusCode::OK);
    assert!(words(&page).contains("Back to your tokens"), "{}", words(&page));
    // A session has no name: where it is used says which one it is.
    let page = browser.open(&format!("/settings/tokens/{}", owner.key_id())).await.expect(StatusCode::OK);
    let heading = page.body.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap();
    let heading = heading.replace("<bdi>", "").replace("</bdi>", "");
    assert!(
        heading.contains("Session of a program without a name, 0.0.0.0") && heading.contains("this session"),
        "{heading}"
    );
    assert!(!heading.contains(owner.key_id()), "{heading}");
    assert!(words(&page).contains("Back to your sessions"), "{}", words(&page));
    assert!(page.body.contains("href=\"/settings/sessions\" aria-current"), "{}", page.body);
}

/// An address says no more than a code: what it says of an object must be so.
#[tokio::test]
async fn an_address_does_not_call_a_live_token_expired_and_a_refusal_is_no_success() {
    let (app, owner) = TestApp::new().await;
    owner.make_user("ben", &[]).await;
    let live = owner.scoped(&["workspace:read"]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    for (path, said) in [
        (format!("/settings/tokens/{}?message=token-expired", live.key_id()), "expired. It is"),
        ("/deployment/users/ben?message=user-suspended".to_owned(), "suspended. Their"),
    ] {
        let page = browser.open(&path).await.expect(StatusCode::OK);
        assert!(!words(&page).contains(said), "{path}: {}", words(&page));
    }
    let page = browser.open("/deployment/tokens?message=nothing-ticked").await.expect(StatusCode::OK);
    assert!(page.body.contains("<p class=\"warning\" role=\"alert\">No token expired"), "{}", page.body);
}

/// What a link asks for and does not get is said, beside what there is instead.
#[tokio::test]
async fn what_a_link_asks_for_in_vain_is_said() {
    let (app, owner) = TestApp::new().await;
    let mut browser = Browser::signed_in(&app, &owner);
    for (query, said) in [
        ("name=ci&scope=workspace:read&scope=workspace:fly", "There is no scope workspace:fly."),
        ("name=ci&scope=workspace:read&lifetime=soon", "The lifetime soon cannot be read"),
        ("name=ci&scope=workspace:read&lifetime=8000h", "The lifetime 8000h is longer than"),
    ] {
        let page = browser.open(&format!("{NEW}?{query}")).await.expect(StatusCode::OK);
        assert!(words(&page).contains(said), "{query}: {}", words(&page));
        // The rest of the link is filled in, and can be minted.
        assert!(the_box(&page, "workspace:read").contains(" checked"), "{query}");
        assert!(page.body.contains("value=\"mint\""), "{query}: {}", words(&page));
    }
    let page = browser.open(&format!("{NEW}?name=ci&scope=workspace:read&lifetime=7d")).await.expect(StatusCode::OK);
    assert!(!page.body.contains("<div class=\"error\""), "{}", page.body);
    let page = browser.open("/deployment/tokens?finding=nonsense").await.expect(StatusCode::BAD_REQUEST);
    assert!(words(&page).contains("There is no finding nonsense."), "{}", words(&page));
}

/// Each page that refuses, or has nothing to show, says where to go on.
#[tokio::test]
async fn no_page_is_a_dead_end() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let organization = owner.organization().await;
    let group = owner.post("/api/v2/organizations/default/groups", serde_json::json!({"name": "ops"})).await;
    let group = group.expect(StatusCode::CREATED).text("id").to_owned();
    let added = serde_json::json!({"add_users": [alice.id]});
    owner.patch(&format!("/api/v2/groups/{group}"), added).await.expect(StatusCode::OK);
    let mut owners = Browser::signed_in(&app, &owner);
    let page = owners.open(&format!("/groups/{group}")).await.expect(StatusCode::OK);
    let member = format!("href=\"/organizations/{organization}/members/{}\">alice", alice.id);
    assert!(page.body.contains(&member), "{}", page.body);
    let page = owners.open(&format!("/organizations/{organization}/members?q=nobody")).await.expect(StatusCode::OK);
    assert!(words(&page).contains("see all"), "{}", words(&page));
    let mut hers = Browser::signed_in(&app, &alice);
    for (path, back) in [
        ("/deployment/users/create", "href=\"/deployment/users\">Back"),
        ("/organizations/create", "href=\"/organizations\">Back"),
    ] {
        let page = hers.open(path).await.expect(StatusCode::OK);
        assert!(page.body.contains(back), "{path}: {}", words(&page));
    }
    let page = hers.open(&format!("/organizations/{organization}/members/alice")).await.expect(StatusCode::OK);
    assert!(!words(&page).contains("Another administrator"), "a member changes no roles: {}", words(&page));
    let own = owners.open(&format!("/organizations/{organization}/members/owner")).await.expect(StatusCode::OK);
    assert!(words(&own).contains("Another administrator"), "{}", words(&own));
    // A session that may look at little.
    let narrow = owner.restricted(&["coder:all"], &["group:*"]).await;
    let mut narrow = Browser::signed_in(&app, &narrow);
    for (path, said) in [
        (format!("/groups/{group}"), "The group has 1 member, whom you may not see."),
        ("/cli-auth".to_owned(), "Your session may not mint others."),
        ("/settings/sessions".to_owned(), "There are no sessions that you may see."),
        (NEW.to_owned(), "Back to your tokens"),
    ] {
        let page = narrow.open(&path).await.expect(StatusCode::OK);
        assert!(words(&page).contains(said), "{path}: {}", words(&page));
    }
    assert!(!narrow.open("/cli-auth").await.body.contains("Show a session token"));
    let missing = owners.look_at("/docs/guides/nonsense").await.expect(StatusCode::NOT_FOUND);
    assert!(missing.body.contains("<a href=\"/docs/guides\">All guides</a>"), "{}", missing.body);
}
