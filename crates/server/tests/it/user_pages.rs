//! The pages on which administrators find, make and end users, without JavaScript.
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    support::{Identity, PASSWORD, TestApp},
    web::words,
};

const USERS: &str = "/deployment/users";
const OTHER: &str = "An0ther!Secret-pw";
/// Markup, and what means something to templates.
const MARKUP: &str = "<b>{{ 7 * 7 }}</b>\"'&";

/// A person of each kind, by name: each is signed in.
pub(crate) async fn people(app: &TestApp, owner: &Identity) -> Vec<(&'static str, Identity)> {
    let mut people = vec![("owner", owner.clone())];
    for (name, roles) in
        [("useradmin", &["user-admin"][..]), ("auditor", &["auditor"]), ("member", &[]), ("orgadmin", &[])]
    {
        people.push((name, owner.invite(app, name, roles).await));
    }
    let roles = json!({"roles": ["organization-admin"]});
    owner.put("/api/v2/organizations/default/members/orgadmin/roles", roles).await.expect(StatusCode::OK);
    people
}

/// Whether the API does what a page offers, or does not, and it is not offered.
async fn compare(who: &str, offered: bool, by: &Identity, method: Method, path: &str, body: Value) {
    let answer = by.send(method.clone(), path, Some(body)).await;
    let shown = format!("{who}: {method} {path}: offered: {offered}, {} {}", answer.status, answer.body);
    assert_eq!(answer.status.is_success(), offered, "{shown}");
}

#[tokio::test]
async fn what_the_page_of_a_user_offers_is_what_the_api_does() {
    let (app, owner) = TestApp::new().await;
    for (who, person) in people(&app, &owner).await {
        for (kind, roles) in [("plain", &[][..]), ("admin", &["user-admin"]), ("boss", &["owner", "auditor"])] {
            let name = format!("{who}-{kind}");
            let id = owner.make_user(&name, roles).await["id"].as_str().unwrap().to_owned();
            let mut browser = Browser::signed_in(&app, &person);
            let page = browser.open(&format!("{USERS}/{name}")).await;
            let api = format!("/api/v2/users/{name}");
            assert_eq!(page.status, person.get(&api).await.status, "{who}, {name}");
            let offers = |what: &str| page.body.contains(&format!("href=\"{USERS}/{id}/{what}\""));
            let password = json!({"password": OTHER});
            compare(who, offers("password"), &person, Method::PUT, &format!("{api}/password"), password).await;
            compare(who, offers("suspend"), &person, Method::PUT, &format!("{api}/status/suspend"), json!({})).await;
            for role in ["auditor", "user-admin", "template-admin", "owner"] {
                let mut wanted: Vec<&str> = roles.iter().copied().filter(|held| *held != role).collect();
                if !roles.contains(&role) {
                    wanted.push(role);
                }
                let enabled = |checked: &str| format!("name=\"role\" value=\"{role}\"{checked}> <span>");
                let offered = page.body.contains(&enabled("")) || page.body.contains(&enabled(" checked"));
                compare(who, offered, &person, Method::PUT, &format!("{api}/roles"), json!({"roles": wanted})).await;
                let before = json!({"roles": roles});
                owner.put(&format!("{api}/roles"), before).await.expect(StatusCode::OK);
            }
            let suspended = owner.put(&format!("{api}/status/suspend"), json!({})).await;
            if suspended.status.is_success() {
                let page = browser.open(&format!("{USERS}/{name}")).await;
                let offered = page.body.contains(&format!("action=\"{USERS}/{id}/activate\""));
                compare(who, offered, &person, Method::PUT, &format!("{api}/status/activate"), json!({})).await;
                assert!(!page.body.contains(&format!("{USERS}/{id}/suspend\"")), "suspended already: {}", page.body);
            }
            let minted = person.post(&format!("{api}/keys/tokens"), json!({"scopes": ["workspace:read"]})).await;
            let offered = page.body.contains(&format!("/settings/tokens/new?user={id}"));
            assert_eq!(minted.status == StatusCode::CREATED, offered, "{who}, {name}: {}", minted.body);
            let offered = offers("delete");
            let asked = browser.open(&format!("{USERS}/{name}/delete")).await;
            assert_eq!(asked.status == StatusCode::OK, offered, "{who}, {name}: {}", asked.body);
            let deleted = person.delete(&api).await;
            assert_eq!(deleted.status.is_success(), offered, "{who}, {name}: {}", deleted.body);
        }
    }
}

#[tokio::test]
async fn users_are_listed_for_those_who_may_see_others_and_made_by_those_who_may() {
    let (app, owner) = TestApp::new().await;
    for (who, person) in people(&app, &owner).await {
        let mut browser = Browser::signed_in(&app, &person);
        let list = browser.open(USERS).await.expect(StatusCode::OK);
        let count = person.get("/api/v2/users").await.expect(StatusCode::OK).json()["count"].as_u64().unwrap();
        let said = if count == 1 { "1 user".to_owned() } else { format!("{count} users") };
        assert!(words(&list).contains(&said), "{who}: {}", words(&list));
        let is_in_navigation = list.body.contains(&format!("<li><a href=\"{USERS}\""));
        assert_eq!(is_in_navigation, count > 1, "{who}");
        for is_service_account in [false, true] {
            let kind = if is_service_account { "?kind=service" } else { "" };
            let page = browser.open(&format!("{USERS}/create{kind}")).await.expect(StatusCode::OK);
            let (path, title) =
                (format!("{USERS}/create"), if is_service_account { "service account" } else { "user" });
            let offered = page.body.contains(&format!("<button type=\"submit\">Create {title}</button>"));
            let name = format!("{who}-made-{is_service_account}");
            let mut body = json!({
                "username": name, "service_account": is_service_account,
                "organization_ids": [owner.organization().await],
            });
            let email = format!("{name}@example.com");
            if !is_service_account {
                body["email"] = json!(email);
                body["password"] = json!(PASSWORD);
            }
            let made = person.post("/api/v2/users", body).await;
            assert_eq!(made.status == StatusCode::CREATED, offered, "{who}: {}", made.body);
            if offered {
                // What is ticked and filled in on the page makes one, too.
                let name = format!("{name}-again");
                let (email, organization) = (format!("{name}@example.com"), owner.organization().await);
                let mut fields = vec![("username", name.as_str()), ("organization", &organization), ("name", MARKUP)];
                if !is_service_account {
                    fields.extend([("email", email.as_str()), ("password", PASSWORD)]);
                }
                let made = browser.submit(&page, &path, &fields).await.expect(StatusCode::SEE_OTHER);
                let shown = browser.open(made.header("location")).await.expect(StatusCode::OK);
                assert!(words(&shown).contains(&format!("User {name} created.")), "{}", words(&shown));
            }
        }
    }
    let mut browser = Browser::signed_in(&app, &owner);
    let list = browser.open(&format!("{USERS}?q=AGAIN&kind=service")).await.expect(StatusCode::OK);
    assert!(words(&list).contains("owner-made-true-again") && !words(&list).contains("made-false"), "{}", words(&list));
    for path in [USERS.to_owned(), format!("{USERS}/owner-made-true-again")] {
        let page = browser.open(&path).await.expect(StatusCode::OK);
        assert!(!page.body.contains("<b>") && page.body.contains("&#60;b&#62;{{ 7 * 7 }}"), "{}", page.body);
    }
    assert_eq!(browser.open("/users").await.expect(StatusCode::SEE_OTHER).header("location"), USERS);
    let gone = browser.open(&format!("{USERS}?status=suspended")).await.expect(StatusCode::OK);
    assert!(words(&gone).contains("No users found."), "{}", words(&gone));
}

#[tokio::test]
async fn what_is_wrong_with_a_new_user_is_said_beside_the_field() {
    let (app, owner) = TestApp::new().await;
    let organization = owner.organization().await;
    let mut browser = Browser::signed_in(&app, &owner);
    let path = format!("{USERS}/create");
    let page = browser.open(&path).await.expect(StatusCode::OK);
    assert!(page.body.contains(&format!("value=\"{organization}\" checked")), "there is one: {}", page.body);
    let right =
        [("username", "bob"), ("email", "bob@example.com"), ("password", PASSWORD), ("organization", &organization)];
    for (field, value, status, said) in [
        ("username", "a--b", StatusCode::BAD_REQUEST, "cannot be a username"),
        ("username", "owner", StatusCode::CONFLICT, "There is a user with that name or address."),
        ("email", "nothing", StatusCode::BAD_REQUEST, "This is not an e-mail address."),
        ("password", "password", StatusCode::BAD_REQUEST, "Try including"),
        ("organization", "", StatusCode::BAD_REQUEST, "There is no such organization."),
    ] {
        let fields: Vec<_> =
            right.iter().map(|(name, own)| (*name, if *name == field { value } else { *own })).collect();
        let again = browser.submit(&page, &path, &fields).await.expect(status);
        assert!(words(&again).contains(said), "{field}: {}", words(&again));
        assert!(!again.body.contains(PASSWORD), "a password stands on no page");
    }
    let none: Vec<_> = right.into_iter().filter(|(name, _)| *name != "organization").collect();
    let again = browser.submit(&page, &path, &none).await.expect(StatusCode::BAD_REQUEST);
    assert!(words(&again).contains("Tick an organization"), "{}", words(&again));
    owner.get("/api/v2/users/bob").await.expect(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_person_is_suspended_activated_given_roles_and_deleted_by_name() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &["template-admin"]).await;
    let id = alice.get("/api/v2/users/me").await.text("id").to_owned();
    let at = |what: &str| format!("{USERS}/{id}/{what}");
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(&at("suspend")).await.expect(StatusCode::OK);
    alice.get("/api/v2/users/me").await.expect(StatusCode::OK);
    browser.submit(&page, &at("suspend"), &[]).await.expect(StatusCode::SEE_OTHER);
    alice.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    browser.submit(&page, &at("activate"), &[]).await.expect(StatusCode::SEE_OTHER);
    alice.get("/api/v2/users/me").await.expect(StatusCode::OK);
    let page = browser.open(&format!("{USERS}/{id}")).await.expect(StatusCode::OK);
    browser.submit(&page, &at("roles"), &[("role", "auditor")]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(owner.get("/api/v2/users/alice").await.json()["roles"].as_array().unwrap().len(), 1);
    // An administrator who may not give the role has no say over its holder, whatever is sent.
    let helper = owner.invite(&app, "helper", &["user-admin"]).await;
    let mut theirs = Browser::signed_in(&app, &helper);
    let own = theirs.open(USERS).await.expect(StatusCode::OK);
    theirs.submit(&own, &at("suspend"), &[]).await.expect(StatusCode::FORBIDDEN);
    alice.get("/api/v2/users/me").await.expect(StatusCode::OK);
    let page = browser.open(&at("password")).await.expect(StatusCode::OK);
    for (again, status) in [("other", StatusCode::BAD_REQUEST), (OTHER, StatusCode::SEE_OTHER)] {
        let fields = [("password", OTHER), ("confirmation", again)];
        browser.submit(&page, &at("password"), &fields).await.expect(status);
    }
    alice.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
    app.sign_in_with("alice@example.com", OTHER).await;
    let page = browser.open(&at("delete")).await.expect(StatusCode::OK);
    for typed in ["", "alic"] {
        let again = browser.submit(&page, &at("delete"), &[("typed", typed)]).await.expect(StatusCode::BAD_REQUEST);
        assert!(words(&again).contains("This is not the name alice."), "{}", words(&again));
    }
    let done = browser.submit(&page, &at("delete"), &[("typed", "alice")]).await.expect(StatusCode::SEE_OTHER);
    assert!(words(&browser.open(done.header("location")).await).contains("User deleted."));
    owner.get("/api/v2/users/alice").await.expect(StatusCode::NOT_FOUND);
    // The page of a deleted user is still found by the id, and offers nothing.
    let gone = browser.open(&format!("{USERS}/{id}")).await.expect(StatusCode::OK);
    assert!(words(&gone).contains("alice deleted"), "{}", words(&gone));
    assert!(!gone.body.contains(&format!("{USERS}/{id}/")) && !gone.body.contains("user="), "{}", gone.body);
}

/// A service account gets its tokens from an administrator, on the page on which people make their own.
#[tokio::test]
async fn a_token_is_minted_for_a_service_account() {
    let (app, owner) = TestApp::new().await;
    let body = json!({"username": "robot", "service_account": true, "user_status": "active", "organization_ids": [owner.organization().await]});
    let robot = owner.post("/api/v2/users", body).await.expect(StatusCode::CREATED).text("id").to_owned();
    let mut browser = Browser::signed_in(&app, &owner);
    let link = format!("/settings/tokens/new?user={robot}&name=ci&scope=workspace:read");
    let page = browser.open(&link).await.expect(StatusCode::OK);
    assert!(words(&page).contains("New token for robot"), "{}", words(&page));
    let fields = [("name", "ci"), ("lifetime", "30d"), ("scope", "workspace:read"), ("step", "mint")];
    browser.submit(&page, "/settings/tokens/new", &fields).await.expect(StatusCode::CREATED);
    owner.get("/api/v2/users/robot/keys/tokens/ci").await.expect(StatusCode::OK);
    owner.get("/api/v2/users/me/keys/tokens/ci").await.expect(StatusCode::NOT_FOUND);
    let shown = browser.open(&format!("{USERS}/{robot}")).await.expect(StatusCode::OK);
    assert!(words(&shown).contains("ci live"), "{}", words(&shown));
    // A person who may not read the user gets 404.
    let member = owner.invite(&app, "member", &[]).await;
    Browser::signed_in(&app, &member).open(&link).await.expect(StatusCode::NOT_FOUND);
}

/// A person who opens the page of an act that they may not do is told so, and which permission it takes.
#[tokio::test]
async fn what_is_not_offered_is_refused_in_words_and_leads_to_the_reasons() {
    let (app, owner) = TestApp::new().await;
    owner.make_user("ben", &[]).await;
    let organization = owner.organization().await;
    let group = owner.post("/api/v2/organizations/default/groups", json!({"name": "ops"})).await;
    let group = group.expect(StatusCode::CREATED).text("id").to_owned();
    let token = owner.scoped(&["workspace:read"]).await;
    let auditor = owner.invite(&app, "rita", &["auditor"]).await;
    let mut hers = Browser::signed_in(&app, &auditor);
    for (path, permission) in [
        (format!("{USERS}/ben/suspend"), "user%3Aupdate"),
        (format!("{USERS}/ben/delete"), "user%3Adelete"),
        (format!("{USERS}/ben/password"), "user%3Aupdate_personal"),
        (format!("/organizations/{organization}/delete"), "organization%3Adelete"),
        (format!("/organizations/{organization}/members/ben/remove"), "organization_member%3Adelete"),
        (format!("/groups/{group}/delete"), "group%3Adelete"),
    ] {
        let refused = hers.look_at(&path).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}: {}", words(&refused));
        assert!(words(&refused).contains("You may not"), "{path}: {}", words(&refused));
        let link = format!("href=\"/explain?permission={permission}");
        let (_, rest) = refused.body.split_once(&link).unwrap_or_else(|| panic!("{path}: {}", refused.body));
        let rest = rest.split('"').next().unwrap().replace("&#38;", "&");
        let why = hers.open(&format!("/explain?permission={permission}{rest}")).await.expect(StatusCode::OK);
        assert!(words(&why).contains("? refused"), "{path}: {}", words(&why));
    }
    // The same of a session that may only look at tokens.
    let mut looking = Browser::signed_in(&app, &owner.scoped(&["api_key:read"]).await);
    for (act, permission) in [("expire", "api_key%3Aupdate"), ("delete", "api_key%3Adelete")] {
        let refused = looking.look_at(&format!("/settings/tokens/{}/{act}", token.key_id())).await;
        let refused = refused.expect(StatusCode::FORBIDDEN);
        assert!(words(&refused).contains("scopes lack api_key:"), "{act}: {}", words(&refused));
        assert!(refused.body.contains(&format!("permission={permission}\"")), "{act}: {}", refused.body);
    }
    // What she may not see looks as if it were not there.
    let alice = owner.invite(&app, "alice", &[]).await;
    let mut alices = Browser::signed_in(&app, &alice);
    for path in [format!("{USERS}/ben/delete"), format!("{USERS}/nobody/delete")] {
        alices.look_at(&path).await.expect(StatusCode::NOT_FOUND);
    }
}

/// A person who may do it, and opens the page while it cannot be done, is told what stands in the way.
#[tokio::test]
async fn what_cannot_be_done_as_things_are_is_called_no_denial() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    alice.register("workspace", "hers").await;
    owner.make_user("ben", &[]).await;
    owner.put("/api/v2/users/ben/status/suspend", json!({})).await.expect(StatusCode::OK);
    let organization = owner.organization().await;
    let robot = json!({"username": "robot", "service_account": true, "organization_ids": [organization]});
    owner.post("/api/v2/users", robot).await.expect(StatusCode::CREATED);
    let mut browser = Browser::signed_in(&app, &owner);
    for (path, said) in [
        (format!("{USERS}/alice/delete"), "The user owns workspaces."),
        (format!("{USERS}/ben/suspend"), "ben is suspended already."),
        (format!("{USERS}/owner/delete"), "You cannot delete yourself."),
        (format!("{USERS}/owner/suspend"), "You cannot suspend yourself."),
        (format!("{USERS}/robot/password"), "This account signs in without a password."),
        (format!("/organizations/{organization}/delete"), "The default organization cannot be deleted."),
        (format!("/organizations/{organization}/members/owner/remove"), "Another administrator must remove you."),
        (format!("/groups/{organization}/delete"), "All members of the organization are in this group. It stays."),
    ] {
        let page = browser.look_at(&path).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{path}: {}", words(&page));
        assert!(words(&page).contains(said), "{path}: {}", words(&page));
        assert!(!page.body.contains("/explain?"), "nothing is to be explained: {}", page.body);
    }
    let own = browser.look_at(&format!("{USERS}/owner/password")).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(own.header("location"), "/settings/security");
    // Nothing of that is on record as a denial.
    app.advance(jiff::SignedDuration::from_mins(2));
    let records = owner.get("/api/v2/audit?limit=100").await.expect(StatusCode::OK).json();
    let denied: Vec<&Value> =
        records["audit_logs"].as_array().unwrap().iter().filter(|record| record["status_code"] == 403).collect();
    assert!(denied.is_empty(), "{denied:?}");
}

/// A form sets what it shows, and takes nothing back that another has done meanwhile.
#[tokio::test]
async fn roles_that_have_changed_since_the_page_was_shown_stay_as_they_are() {
    let (app, owner) = TestApp::new().await;
    owner.make_user("alice", &["auditor"]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let held = async |path: &str| owner.get(path).await.expect(StatusCode::OK).json();
    let page = browser.open(&format!("{USERS}/alice")).await.expect(StatusCode::OK);
    let path = format!("{USERS}/alice/roles");
    owner.put("/api/v2/users/alice/roles", json!({"roles": ["template-admin"]})).await.expect(StatusCode::OK);
    let again = browser.submit(&page, &path, &[("role", "auditor")]).await.expect(StatusCode::CONFLICT);
    assert!(words(&again).contains("The roles have changed since this page was shown."), "{}", words(&again));
    assert_eq!(held("/api/v2/users/alice").await["roles"][0]["name"], "template-admin");
    browser.submit(&again, &path, &[("role", "auditor")]).await.expect(StatusCode::SEE_OTHER);
    assert_eq!(held("/api/v2/users/alice").await["roles"][0]["name"], "auditor");
    // The same of a member of an organization.
    let organization = owner.organization().await;
    let path = format!("/organizations/{organization}/members/alice");
    let page = browser.open(&path).await.expect(StatusCode::OK);
    let api = "/api/v2/organizations/default/members/alice";
    let roles = json!({"roles": ["organization-auditor"]});
    owner.put(&format!("{api}/roles"), roles).await.expect(StatusCode::OK);
    let again = browser.submit(&page, &path, &[("role", "agents-access")]).await.expect(StatusCode::CONFLICT);
    assert!(words(&again).contains("The roles have changed since this page was shown."), "{}", words(&again));
    assert!(held(api).await["roles"].to_string().contains("organization-auditor"));
    browser.submit(&again, &path, &[("role", "agents-access")]).await.expect(StatusCode::SEE_OTHER);
    assert!(!held(api).await["roles"].to_string().contains("organization-auditor"));
}

/// What is greyed stays as it is.
#[tokio::test]
async fn a_role_that_an_administrator_may_not_take_stays() {
    let (app, owner) = TestApp::new().await;
    owner.make_user("alice", &[]).await;
    let api = "/api/v2/organizations/default/members/alice";
    let roles = json!({"roles": ["organization-admin", "agents-access"]});
    owner.put(&format!("{api}/roles"), roles).await.expect(StatusCode::OK);
    let helper = owner.invite(&app, "helper", &["user-admin"]).await;
    let mut theirs = Browser::signed_in(&app, &helper);
    let path = format!("/organizations/{}/members/alice", owner.organization().await);
    let page = theirs.open(&path).await.expect(StatusCode::OK);
    for (role, is_greyed) in [("organization-admin", true), ("agents-access", false)] {
        let hidden = format!("<input type=\"hidden\" name=\"role\" value=\"{role}\">");
        let disabled = format!("name=\"role\" value=\"{role}\" checked disabled");
        assert_eq!(page.body.contains(&hidden), is_greyed, "{role}: {}", page.body);
        assert_eq!(page.body.contains(&disabled), is_greyed, "{role}: {}", page.body);
    }
    theirs.submit(&page, &path, &[]).await.expect(StatusCode::SEE_OTHER);
    let roles = owner.get(api).await.json()["roles"].to_string();
    assert!(roles.contains("organization-admin") && !roles.contains("agents-access"), "{roles}");
}
