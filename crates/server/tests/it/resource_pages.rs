//! The pages of registered resources, without JavaScript.
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    support::{Answer, TestApp},
    user_pages::people,
    web::words,
};

const MARKUP: &str = "<b>{{ 7 }}</b>\"'";

/// What a page offers to give, and whether it can be picked.
fn options(page: &Answer) -> Vec<(&str, bool)> {
    let Some((_, select)) = page.body.split_once("<select id=\"access\"") else { return Vec::new() };
    let options = select.split("</select>").next().unwrap().split("<option value=\"").skip(1);
    options
        .map(|option| (option.split('"').next().unwrap(), !option.split('>').next().unwrap().contains("disabled")))
        .collect()
}

#[tokio::test]
async fn what_the_page_of_a_resource_offers_is_what_the_api_does() {
    let (app, owner) = TestApp::new().await;
    let plain = owner.make_user("plain", &[]).await["id"].as_str().unwrap().to_owned();
    for (who, person) in people(&app, &owner).await {
        for (name, shared) in [("hidden", Value::Null), ("used", json!("use")), ("shared", json!("admin"))] {
            let id = owner.register("workspace", &format!("{who}-{name}")).await;
            let api = format!("/api/v2/resources/workspace/{id}");
            if !shared.is_null() {
                let acl = json!({"user_roles": {&person.id: shared}});
                owner.patch(&format!("{api}/acl"), acl).await.expect(StatusCode::OK);
            }
            let mut browser = Browser::signed_in(&app, &person);
            let page = browser.open(&format!("/resources/workspace/{id}")).await;
            let read = person.get(&api).await;
            assert_eq!(page.status, read.status, "{who}, {name}");
            let offered = options(&page);
            for role in ["use", "admin"] {
                let may = offered.contains(&(role, true));
                let done = person.patch(&format!("{api}/acl"), json!({"user_roles": {&plain: role}})).await;
                assert_eq!(done.status == StatusCode::OK, may, "{who}, {name}, {role}: {}", done.body);
            }
            let acl = json!({"user_roles": {&plain: "use"}});
            owner.patch(&format!("{api}/acl"), acl).await.expect(StatusCode::OK);
            let page = browser.open(&format!("/resources/workspace/{id}")).await;
            let may = page.body.contains(&format!("name=\"remove\" value=\"user:{plain}\""));
            let done = person.patch(&format!("{api}/acl"), json!({"user_roles": {&plain: ""}})).await;
            assert_eq!(done.status == StatusCode::OK, may, "{who}, {name}: {}", done.body);
        }
        let list = Browser::signed_in(&app, &person).open("/resources").await.expect(StatusCode::OK);
        let listed = person.get("/api/v2/resources").await.expect(StatusCode::OK).json();
        let count = listed["count"].as_u64().unwrap();
        let said = if count == 0 { "No resources found.".to_owned() } else { format!("{count} resource") };
        assert!(words(&list).contains(&said), "{who}: {}", words(&list));
    }
}

/// Whatever the types are: of workspaces alone, or of others.
#[tokio::test]
async fn the_navigation_leads_everyone_to_resources_who_may_read_any() {
    let (app, owner) = TestApp::new().await;
    for (scope, leads) in [("workspace:read", true), ("template:read", true), ("user:read", false)] {
        let session = owner.scoped(&[scope, "api_key:read"]).await;
        let home = Browser::signed_in(&app, &session).open("/").await.expect(StatusCode::OK);
        assert_eq!(home.body.contains("href=\"/resources\""), leads, "{scope}: {}", words(&home));
    }
}

/// A plain member may read who else is in the organization, and so share by name, without a list of users.
#[tokio::test]
async fn a_member_shares_with_another_member_by_name_and_learns_of_nobody_else() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    owner.make_user("ben", &[]).await;
    let elsewhere = owner.add_organization("elsewhere").await;
    let carl = json!({"username": "carl", "email": "carl@example.com", "password": crate::support::PASSWORD,
        "organization_ids": [elsewhere]});
    owner.post("/api/v2/users", carl).await.expect(StatusCode::CREATED);
    let path = format!("/resources/workspace/{}", alice.register("workspace", "hers").await);
    let mut hers = Browser::signed_in(&app, &alice);
    let page = hers.open(&path).await.expect(StatusCode::OK);
    let ben = [("kind", "user"), ("name", "BEN"), ("access", "use")];
    let done = hers.submit(&page, &path, &ben).await.expect(StatusCode::SEE_OTHER);
    let page = hers.open(done.header("location")).await.expect(StatusCode::OK);
    assert!(words(&page).contains("ben user use"), "{}", words(&page));
    // As the API tells her of memberships: of one in another organization nothing.
    alice.get("/api/v2/organizations/default/members/ben").await.expect(StatusCode::OK);
    alice.get("/api/v2/organizations/default/members/carl").await.expect(StatusCode::NOT_FOUND);
    let mut said = Vec::new();
    for name in ["carl", "nobody"] {
        let fields = [("kind", "user"), ("name", name), ("access", "use")];
        let refused = hers.submit(&page, &path, &fields).await.expect(StatusCode::NOT_FOUND);
        said.push(words(&refused).replace(name, ""));
    }
    assert_eq!(said[0], said[1]);
    // The name of the owner leads ben to a page that he may open.
    let ben = app.sign_in("ben@example.com").await;
    let mut his = Browser::signed_in(&app, &ben);
    let page = his.open(&path).await.expect(StatusCode::OK);
    let (_, link) = page.body.split_once("<dt>Owner</dt><dd><a href=\"").unwrap();
    let link = link.split('"').next().unwrap();
    assert!(words(&his.open(link).await.expect(StatusCode::OK)).contains("alice"), "{link}");
}

/// Of a long access list a page shows a part, in one form.
#[tokio::test]
async fn the_page_of_a_resource_is_bounded() {
    let (app, owner) = TestApp::new().await;
    let id = owner.register("workspace", "web").await;
    let mut roles = serde_json::Map::new();
    for number in 0..60 {
        let group = owner.post("/api/v2/organizations/default/groups", json!({"name": format!("g{number}")})).await;
        roles.insert(group.expect(StatusCode::CREATED).text("id").to_owned(), json!("use"));
    }
    let acl = json!({"group_roles": roles});
    owner.patch(&format!("/api/v2/resources/workspace/{id}/acl"), acl).await.expect(StatusCode::OK);
    let path = format!("/resources/workspace/{id}");
    let mut browser = Browser::signed_in(&app, &owner);
    let mut shown = 0;
    for (query, rows) in [("", 50), ("?offset=50", 10)] {
        let page = browser.open(&format!("{path}{query}")).await.expect(StatusCode::OK);
        let entries = page.body.matches("name=\"remove\"").count();
        assert_eq!(entries, rows, "{query}: {}", words(&page));
        // Those of signing out, of removing and of sharing.
        assert_eq!(page.body.matches("<form").count(), 3, "{query}: {}", page.body);
        shown += entries;
    }
    assert_eq!(shown, 60);
    let past = browser.open(&format!("{path}?offset=100")).await.expect(StatusCode::OK);
    assert!(words(&past).contains("The list ends before this page.") && words(&past).contains("First page"));
}

#[tokio::test]
async fn resources_are_found_by_name_type_owner_and_organization() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    owner.register("workspace", &format!("web {MARKUP}")).await;
    alice.register("workspace", "hers").await;
    owner.register("template", "base").await;
    owner.post("/api/v2/organizations", json!({"name": "acme"})).await.expect(StatusCode::CREATED);
    let organization = owner.organization().await;
    let mut browser = Browser::signed_in(&app, &owner);
    for (query, names) in [
        ("", &["web", "hers", "base"][..]),
        ("?q=WEB", &["web"]),
        ("?type=template", &["base"]),
        ("?owner=alice", &["hers"]),
        ("?q=nothing", &[]),
        (&format!("?type=workspace&organization={organization}"), &["web", "hers"]),
        ("?type=workspace&organization=default", &["web", "hers"]),
        ("?organization=acme", &[]),
    ] {
        let page = browser.open(&format!("/resources{query}")).await.expect(StatusCode::OK);
        for name in ["web", "hers", "base"] {
            let is_shown = page.body.contains(&format!("\">{name}"));
            assert_eq!(is_shown, names.contains(&name), "{query}: {name}: {}", words(&page));
        }
        assert!(!page.body.contains("<b>"), "{}", page.body);
    }
    for query in ["?owner=nobody", "?type=nothing", "?organization=nothing"] {
        let page = browser.open(&format!("/resources{query}")).await.expect(StatusCode::BAD_REQUEST);
        assert!(page.body.contains("class=\"wrong\""), "{query}: {}", page.body);
    }
}

/// Types of a deployment have no such roles as workspaces.
#[tokio::test]
async fn a_resource_of_a_type_without_roles_is_shared_by_actions() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("types.toml");
    let types = "[types.pipeline]\nactions = [\"create\", \"read\", \"update\", \"run\"]\naccess_list = true\n";
    std::fs::write(&file, types).unwrap();
    let (app, owner) = TestApp::with(&["--resource-types", file.to_str().unwrap()]).await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let path = format!("/resources/pipeline/{}", owner.register("pipeline", "nightly").await);
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(&path).await.expect(StatusCode::OK);
    assert!(options(&page).is_empty() && page.body.contains("name=\"access\" value=\"run\""), "{}", page.body);
    let fields = [("kind", "user"), ("name", "alice"), ("access", "read"), ("access", "run")];
    browser.submit(&page, &path, &fields).await.expect(StatusCode::SEE_OTHER);
    let acl = owner.get(&format!("/api/v2{path}/acl")).await.expect(StatusCode::OK).json();
    assert_eq!(acl["user_roles"], json!({&alice.id: ["read", "run"]}));
    // Nobody gives what they do not have.
    let page = Browser::signed_in(&app, &alice).open(&path).await.expect(StatusCode::OK);
    assert!(words(&page).contains("read, run") && !page.body.contains("name=\"access\""), "{}", page.body);
}

#[tokio::test]
async fn a_resource_is_shared_with_users_and_groups_by_name_and_no_more() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let group = json!({"name": "ops"});
    let group = owner.post("/api/v2/organizations/default/groups", group).await.expect(StatusCode::CREATED);
    let id = owner.register("workspace", "web").await;
    let path = format!("/resources/workspace/{id}");
    let mut browser = Browser::signed_in(&app, &owner);
    let page = browser.open(&path).await.expect(StatusCode::OK);
    assert!(words(&page).contains("Nobody: only roles give access to it."), "{}", words(&page));
    for (kind, name, status) in [
        ("user", "alice", StatusCode::SEE_OTHER),
        ("group", "ops", StatusCode::SEE_OTHER),
        ("group", "Everyone", StatusCode::SEE_OTHER),
        ("user", "nobody", StatusCode::NOT_FOUND),
        ("group", "alice", StatusCode::NOT_FOUND),
        ("user", "6ba7b810-9dad-41d1-80b4-00c04fd430c8", StatusCode::BAD_REQUEST),
    ] {
        let fields = [("kind", kind), ("name", name), ("access", "use")];
        let answer = browser.submit(&page, &path, &fields).await.expect(status);
        if status != StatusCode::SEE_OTHER {
            assert!(answer.body.contains("class=\"wrong\"") && answer.body.contains(name), "{name}: {}", answer.body);
        }
    }
    for access in ["", "fly"] {
        let fields = [("kind", "user"), ("name", "alice"), ("access", access)];
        let fields = if access.is_empty() { &fields[..2] } else { &fields[..] };
        browser.submit(&page, &path, fields).await.expect(StatusCode::BAD_REQUEST);
    }
    let page = browser.open(&path).await.expect(StatusCode::OK);
    for said in ["alice user use", "ops group use", "Everyone group use"] {
        assert!(words(&page).contains(said), "{}", words(&page));
    }
    let acl = owner.get(&format!("/api/v2{path}/acl")).await.expect(StatusCode::OK).json();
    assert_eq!(acl["user_roles"], json!({&alice.id: "use"}));
    let remove = format!("group:{}", group.text("id"));
    browser.submit(&page, &path, &[("remove", &remove)]).await.expect(StatusCode::SEE_OTHER);
    let page = browser.open(&path).await.expect(StatusCode::OK);
    assert!(!words(&page).contains("ops group"), "{}", words(&page));
    for path in ["/resources/workspace/x", "/resources/user/6ba7b810-9dad-41d1-80b4-00c04fd430c8"] {
        let status = browser.open(path).await.status;
        assert!([StatusCode::BAD_REQUEST, StatusCode::NOT_FOUND].contains(&status), "{path}: {status}");
    }
}

/// People whom the person at the page may not see are not told by ids alone.
#[tokio::test]
async fn whom_a_person_may_not_see_is_told_in_words() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let carl = owner.make_user("carl", &[]).await["id"].as_str().unwrap().to_owned();
    let hers = alice.register("workspace", "hers").await;
    let acl = json!({"user_roles": {&carl: "use"}});
    owner.patch(&format!("/api/v2/resources/workspace/{hers}/acl"), acl).await.expect(StatusCode::OK);
    let narrow = alice.scoped(&["workspace:read"]).await;
    let page = Browser::signed_in(&app, &narrow).open(&format!("/resources/workspace/{hers}")).await;
    let said = words(&page.expect(StatusCode::OK));
    assert!(said.contains("a user whom you may not see") && !said.contains(&carl), "{said}");
}
