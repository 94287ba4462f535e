//! The pages of organizations, their members and groups, without JavaScript.
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    support::{Answer, Identity, TestApp},
    user_pages::people,
    web::words,
};

const ORGANIZATIONS: &str = "/organizations";
const MARKUP: &str = "<b>{{ 7 }}</b>";

/// Whether the API does what a page offers, or does not, and it is not offered.
async fn compare(who: &str, offered: bool, by: &Identity, method: Method, path: &str, body: Option<Value>) -> Answer {
    let answer = by.send(method.clone(), path, body).await;
    let shown = format!("{who}: {method} {path}: offered: {offered}, {} {}", answer.status, answer.body);
    assert_eq!(answer.status.is_success(), offered, "{shown}");
    answer
}

#[tokio::test]
async fn what_the_pages_of_an_organization_offer_is_what_the_api_does() {
    let (app, owner) = TestApp::new().await;
    let id = owner.organization().await;
    let api = "/api/v2/organizations/default";
    for (who, person) in people(&app, &owner).await {
        owner.make_user(&format!("{who}-plain"), &[]).await;
        let mut browser = Browser::signed_in(&app, &person);
        let address = format!("{ORGANIZATIONS}/{id}");
        let page = browser.open(&address).await.expect(StatusCode::OK);
        let offered = page.body.contains(">Save organization<");
        let body = json!({"description": MARKUP});
        compare(who, offered, &person, Method::PATCH, api, Some(body)).await;
        let offered = page.body.contains(">Add group<");
        let body = json!({"name": format!("{who}-group")});
        compare(who, offered, &person, Method::POST, &format!("{api}/groups"), Some(body)).await;
        let list = browser.open(ORGANIZATIONS).await.expect(StatusCode::OK);
        assert!(list.body.contains(&format!("href=\"{address}\"")), "{who}: {}", words(&list));
        let offered = list.body.contains(&format!("href=\"{ORGANIZATIONS}/create\""));
        let body = json!({"name": format!("{who}-org")});
        compare(who, offered, &person, Method::POST, "/api/v2/organizations", Some(body)).await;

        let members = browser.open(&format!("{address}/members")).await.expect(StatusCode::OK);
        let listed = person.get(&format!("{api}/paginated-members")).await;
        let count = listed.expect(StatusCode::OK).json()["count"].as_u64().unwrap();
        assert!(words(&members).contains(&format!("{count} member")), "{who}: {}", words(&members));
        let outsider = owner.make_user(&format!("{who}-outsider"), &[]).await["id"].as_str().unwrap().to_owned();
        owner.delete(&format!("{api}/members/{outsider}")).await;
        let offered = members.body.contains(">Add member<");
        compare(who, offered, &person, Method::POST, &format!("{api}/members/{outsider}"), Some(json!({}))).await;

        let member = format!("{who}-plain");
        let page = browser.open(&format!("{address}/members/{member}")).await;
        let read = person.get(&format!("{api}/members/{member}")).await;
        assert_eq!(page.status, read.status, "{who}: {}", read.body);
        for role in ["organization-auditor", "organization-admin", "agents-access"] {
            let offered = page.body.contains(&format!("name=\"role\" value=\"{role}\"> <span>"));
            let roles = json!({"roles": [role]});
            compare(who, offered, &person, Method::PUT, &format!("{api}/members/{member}/roles"), Some(roles)).await;
            let none = json!({"roles": []});
            owner.put(&format!("{api}/members/{member}/roles"), none).await.expect(StatusCode::OK);
        }
        let offered = page.body.contains("/remove\">Remove</a>");
        compare(who, offered, &person, Method::DELETE, &format!("{api}/members/{member}"), None).await;
    }
    let page = Browser::signed_in(&app, &owner).open(ORGANIZATIONS).await;
    assert!(!page.body.contains("<b>") && page.body.contains("&#60;b&#62;{{ 7 }}"), "{}", page.body);
}

#[tokio::test]
async fn what_the_page_of_a_group_offers_is_what_the_api_does() {
    let (app, owner) = TestApp::new().await;
    let api = "/api/v2/organizations/default/groups";
    for (who, person) in people(&app, &owner).await {
        let user = owner.make_user(&format!("{who}-plain"), &[]).await["id"].as_str().unwrap().to_owned();
        let group = owner.post(api, json!({"name": format!("{who}-group")})).await.expect(StatusCode::CREATED);
        let id = group.text("id");
        let mut browser = Browser::signed_in(&app, &person);
        let page = browser.open(&format!("/groups/{id}")).await;
        let read = person.get(&format!("/api/v2/groups/{id}")).await;
        assert_eq!(page.status, read.status, "{who}: {}", read.body);
        let offered = page.body.contains(">Add member<");
        let body = json!({"add_users": [user]});
        compare(who, offered, &person, Method::PATCH, &format!("/api/v2/groups/{id}"), Some(body)).await;
        if offered {
            let page = browser.open(&format!("/groups/{id}")).await.expect(StatusCode::OK);
            assert!(words(&page).contains(&format!("{who}-plain")), "{}", words(&page));
            let removed = browser.submit(&page, &format!("/groups/{id}"), &[("remove", &user)]).await;
            removed.expect(StatusCode::SEE_OTHER);
            let again = browser.submit(&page, &format!("/groups/{id}"), &[("remove", &user)]).await;
            assert!(words(&again.expect(StatusCode::BAD_REQUEST)).contains("This user is not in the group."));
        }
        let offered = page.body.contains(&format!("href=\"/groups/{id}/delete\""));
        compare(who, offered, &person, Method::DELETE, &format!("/api/v2/groups/{id}"), None).await;
    }
}

#[tokio::test]
async fn an_organization_is_made_filled_emptied_and_deleted_by_name() {
    let (app, owner) = TestApp::new().await;
    owner.make_user("alice", &[]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let path = format!("{ORGANIZATIONS}/create");
    let page = browser.open(&path).await.expect(StatusCode::OK);
    for (name, status, said) in [
        ("coder", StatusCode::CONFLICT, "The name is taken."),
        ("default", StatusCode::BAD_REQUEST, "The name is reserved."),
        ("", StatusCode::BAD_REQUEST, "This must be filled in."),
    ] {
        let again = browser.submit(&page, &path, &[("name", name)]).await.expect(status);
        assert!(words(&again).contains(said), "{name}: {}", words(&again));
    }
    let made = browser.submit(&page, &path, &[("name", "acme")]).await.expect(StatusCode::SEE_OTHER);
    let address = made.header("location").split('?').next().unwrap().to_owned();
    let shown = browser.open(&address).await.expect(StatusCode::OK);
    let members = format!("{address}/members");
    for (user, status) in
        [("nobody", StatusCode::NOT_FOUND), ("alice", StatusCode::SEE_OTHER), ("alice", StatusCode::BAD_REQUEST)]
    {
        browser.submit(&shown, &members, &[("user", user)]).await.expect(status);
    }
    let roles = format!("{members}/alice");
    let shown = browser.open(&roles).await.expect(StatusCode::OK);
    browser.submit(&shown, &roles, &[("role", "organization-auditor")]).await.expect(StatusCode::SEE_OTHER);
    let list = browser.open(&members).await.expect(StatusCode::OK);
    assert!(words(&list).contains("organization-auditor"), "{}", words(&list));
    let full = browser.open(&format!("{address}/delete")).await.expect(StatusCode::CONFLICT);
    assert!(full.body.contains("1 more member"), "{}", full.body);
    let remove = format!("{roles}/remove");
    let ask = browser.open(&remove).await.expect(StatusCode::OK);
    browser.submit(&ask, &remove, &[]).await.expect(StatusCode::SEE_OTHER);
    let delete = format!("{address}/delete");
    let ask = browser.open(&delete).await.expect(StatusCode::OK);
    browser.submit(&ask, &delete, &[("typed", "acm")]).await.expect(StatusCode::BAD_REQUEST);
    browser.submit(&ask, &delete, &[("typed", "acme")]).await.expect(StatusCode::SEE_OTHER);
    browser.open(&address).await.expect(StatusCode::NOT_FOUND);
    owner.get("/api/v2/organizations/acme").await.expect(StatusCode::NOT_FOUND);
    // The default one stays.
    let default = owner.organization().await;
    let page = browser.open(&format!("{ORGANIZATIONS}/{default}")).await.expect(StatusCode::OK);
    assert!(!page.body.contains("/delete\""), "{}", words(&page));
}

/// A role that every member has is said once, and has no box of its own.
#[tokio::test]
async fn a_role_of_every_member_has_no_box() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let organization = owner.organization().await;
    let path = format!("/organizations/{organization}/members/{}", alice.id);
    let page = Browser::signed_in(&app, &owner).open(&path).await.expect(StatusCode::OK);
    assert!(words(&page).contains("Every member has organization-workspace-access."), "{}", words(&page));
    assert!(page.body.contains("value=\"organization-admin\""), "{}", page.body);
    assert!(!page.body.contains("value=\"organization-workspace-access\""), "{}", page.body);
}

/// What a name must be is said, and not how its rule is called.
#[tokio::test]
async fn the_rule_of_a_name_is_said_in_words() {
    let (app, owner) = TestApp::new().await;
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open("/organizations/create").await.expect(StatusCode::OK);
    let wrong = browser.submit(&page, "/organizations/create", &[("name", "a b")]).await;
    let said = words(&wrong.expect(StatusCode::BAD_REQUEST));
    assert!(said.contains("A name has at most 32 letters and digits"), "{said}");
    assert!(!said.contains("organization_name"), "{said}");
}

/// Forms have the bounds that the API has.
#[tokio::test]
async fn texts_beyond_their_bounds_are_refused_in_forms_too() {
    let (app, owner) = TestApp::new().await;
    let mut browser = Browser::signed_in(&app, &owner);
    let long = "x".repeat(1025);
    for (description, status) in [
        (long.as_str(), StatusCode::BAD_REQUEST),
        ("a\0b", StatusCode::BAD_REQUEST),
        (&long[1..], StatusCode::SEE_OTHER),
    ] {
        let page = browser.open("/organizations/create").await.expect(StatusCode::OK);
        let fields = [("name", "acme"), ("description", description)];
        browser.submit(&page, "/organizations/create", &fields).await.expect(status);
    }
    let path = format!("/organizations/{}/new-role", owner.organization().await);
    let page = browser.open(&path).await.expect(StatusCode::OK);
    browser.submit(&page, &path, &[("name", "r"), ("display_name", &long)]).await.expect(StatusCode::BAD_REQUEST);
}
