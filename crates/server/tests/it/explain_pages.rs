//! The page that says why, without JavaScript.
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    support::{Answer, Identity, PASSWORD, TestApp},
    web::words,
};

/// What the API says of the same question.
async fn explained(key: &Identity, action: &str, object: Value) -> Value {
    let checks = json!({"checks": {"it": {"action": action, "object": object}}});
    key.post("/api/v2/authcheck?explain=true", checks).await.expect(StatusCode::OK).json()["it"].clone()
}

/// The page has all of the API's explanation, in its order.
#[track_caller]
fn says(page: &Answer, explanation: &Value) {
    let said = words(page).replace("&#39;", "'");
    let decision = if explanation["allowed"] == true { "allowed" } else { "refused" };
    let mut rest = said.as_str();
    let mut next = |text: &str| {
        let (_, after) = rest.split_once(text).unwrap_or_else(|| panic!("{text:?} is not in {rest}"));
        rest = after;
    };
    next("May ");
    next(decision);
    next(explanation["reason"].as_str().unwrap());
    for step in explanation["steps"].as_array().unwrap() {
        for part in ["source", "level", "vote", "detail"] {
            next(step[part].as_str().unwrap_or_default());
        }
    }
    for missing in explanation["missing"].as_array().unwrap() {
        next(missing["add"].as_str().unwrap());
        next(missing["detail"].as_str().unwrap());
    }
}

#[tokio::test]
async fn the_page_says_what_the_api_says_of_the_session_and_of_a_token() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let group = owner.post("/api/v2/organizations/coder/groups", json!({"name": "ops"})).await;
    let group = group.expect(StatusCode::CREATED).text("id").to_owned();
    owner.patch(&format!("/api/v2/groups/{group}"), json!({"add_users": [alice.id]})).await.expect(StatusCode::OK);
    let web = owner.register("workspace", "web").await;
    let mine = alice.register("workspace", "mine").await;
    let acl = json!({"group_roles": {&group: "use"}});
    owner.patch(&format!("/api/v2/resources/workspace/{web}/acl"), acl).await.expect(StatusCode::OK);
    let reader = alice.scoped(&["workspace:read", "workspace:start"]).await;
    let single = alice.restricted(&["workspace:*", "template:read"], &[&format!("workspace:{web}")]).await;
    let mut browser = Browser::signed_in(&app, &alice);
    let empty = browser.open("/explain").await.expect(StatusCode::OK);
    assert!(empty.body.contains("value=\"workspace:ssh\"") && !words(&empty).contains("refused"), "{}", words(&empty));
    for key in [&alice, &reader, &single] {
        let subject = if key.key == alice.key { "me" } else { key.key_id() };
        for action in ["read", "ssh", "delete", "start", "update"] {
            for id in [&web, &mine] {
                let path = format!("/explain?subject={subject}&permission=workspace:{action}&object=workspace:{id}");
                let page = browser.open(&path).await.expect(StatusCode::OK);
                let object = json!({"resource_type": "workspace", "resource_id": id});
                let of_api = explained(key, action, object).await;
                if of_api["reason"].as_str().unwrap().contains("no workspace with this id") {
                    assert!(words(&page).contains("There is no workspace with this id, or it may not be read"));
                } else {
                    says(&page, &of_api);
                }
            }
        }
        for permission in ["template:create", "audit_log:read", "workspace:create", "api_key:read"] {
            let path = format!("/explain?subject={subject}&permission={permission}");
            let page = browser.open(&path).await.expect(StatusCode::OK);
            let (of, action) = permission.split_once(':').unwrap();
            let object = json!({"resource_type": of, "owner_id": "me", "any_org": true});
            says(&page, &explained(key, action, object).await);
        }
    }
    // What decided is told by name, and what would turn it fills the form of a token in.
    let path = format!("/explain?subject={}&permission=workspace:ssh&object=web", reader.key_id());
    let page = browser.open(&path).await.expect(StatusCode::OK);
    let said = words(&page);
    assert!(
        said.contains(&format!("group {group} (ops)"))
            && said.contains("May your token")
            && said.contains("open a shell in workspace web?"),
        "{said}"
    );
    let link = page.body.split("href=\"/settings/tokens/new?").nth(1).unwrap().split('"').next().unwrap();
    let link = format!("/settings/tokens/new?{}", link.replace("&#38;", "&"));
    for scope in ["workspace%3Aread", "workspace%3Astart", "workspace%3Assh"] {
        assert!(link.contains(&format!("scope={scope}")), "{link}");
    }
    let form = browser.open(&link).await.expect(StatusCode::OK);
    assert!(form.body.contains("value=\"workspace:ssh\" checked"), "{}", form.body);
    let path = format!("/explain?subject={}&permission=workspace:read&object=mine", single.key_id());
    let page = browser.open(&path).await.expect(StatusCode::OK);
    assert!(!words(&page).contains("allowed"), "{}", words(&page));
}

#[tokio::test]
async fn objects_are_found_by_name_among_those_that_the_person_may_see() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let secret = owner.register("workspace", "secret").await;
    for name in ["web <b>one</b>", "web two"] {
        alice.register("workspace", name).await;
    }
    let mut hers = Browser::signed_in(&app, &alice);
    let page = hers.open("/explain?permission=workspace:read&object=secret").await.expect(StatusCode::BAD_REQUEST);
    assert!(words(&page).contains("no workspace with this name that you may see"), "{}", words(&page));
    let missing = "1f0e0d0c-0b0a-4908-8706-050403020100";
    let mut answers = Vec::new();
    for id in [secret.as_str(), missing] {
        let page = hers.open(&format!("/explain?permission=workspace:read&object={id}")).await.expect(StatusCode::OK);
        answers.push(words(&page).replace(id, ""));
    }
    assert_eq!(answers[0], answers[1], "what may not be read looks like what is not there");
    let page = hers.open("/explain?permission=workspace:read&object=web").await.expect(StatusCode::OK);
    assert!(words(&page).contains("Which one?") && !page.body.contains("<b>"), "{}", page.body);
    let link = page.body.split("<li><a href=\"/explain?").nth(1).unwrap().split('"').next().unwrap();
    let page = hers.open(&format!("/explain?{}", link.replace("&#38;", "&"))).await.expect(StatusCode::OK);
    assert!(words(&page).contains("allowed"), "{}", words(&page));
    // Of others' tokens there is no answer, and none to a narrow session.
    let token = owner.scoped(&["workspace:read"]).await;
    let path = format!("/explain?subject={}&permission=workspace:read", token.key_id());
    hers.open(&path).await.expect(StatusCode::BAD_REQUEST);
    let narrow = owner.scoped(&["workspace:read", "api_key:read"]).await;
    let mut narrow = Browser::signed_in(&app, &narrow);
    let page = narrow.open(&path).await.expect(StatusCode::BAD_REQUEST);
    assert!(!page.body.contains("my token"), "{}", page.body);
    for query in ["permission=workspace:nonsense", "permission=workspace:read&object=template:*"] {
        hers.open(&format!("/explain?{query}")).await.expect(StatusCode::BAD_REQUEST);
    }
}

/// Of more objects than are shown, the one that is called just so is found, and people need not know which of its names
/// is shown where.
#[tokio::test]
async fn an_exact_name_is_found_among_many_and_so_is_a_display_name() {
    let (app, owner) = TestApp::new().await;
    for number in 0..25 {
        owner.register("workspace", &format!("a{number:02}-web")).await;
        owner.make_user(&format!("u{number:02}-zoe"), &[]).await;
    }
    owner.register("workspace", "web").await;
    owner.make_user("zoe", &[]).await;
    let group = json!({"name": "ops", "display_name": "Night shift"});
    owner.post("/api/v2/organizations/default/groups", group).await.expect(StatusCode::CREATED);
    let profile = json!({"username": "u07-zoe", "name": "Zora Zimmer"});
    owner.put("/api/v2/users/u07-zoe/profile", profile).await.expect(StatusCode::OK);
    let mut browser = Browser::signed_in(&app, &owner);
    for (permission, object, found) in [
        ("workspace:read", "web", "see workspace web?"),
        ("workspace:read", "WEB", "see workspace web?"),
        ("user:read", "zoe", "see user zoe?"),
        ("group:read", "night", "see group ops?"),
        ("user:read", "zora%20z", "see user u07-zoe?"),
    ] {
        let page = browser.open(&format!("/explain?permission={permission}&object={object}")).await;
        let said = words(&page.expect(StatusCode::OK));
        assert!(said.contains(found) && said.contains("allowed"), "{object}: {said}");
    }
    let page = browser.open("/explain?permission=workspace:read&object=-web").await.expect(StatusCode::OK);
    assert_eq!(page.body.matches("<li><a href=\"/explain?").count(), 20);
}

/// An administrator asks about others, as the API lets them, and is led to where the answer is turned.
#[tokio::test]
async fn others_are_explained_to_those_who_may_read_them_and_the_change_is_a_link_away() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let token = alice.scoped(&["workspace:read"]).await;
    let web = owner.register("workspace", "web").await;
    let organization = owner.organization().await;
    let asked = |subject: Value, action: &str, object: Value| {
        let checks = json!({"subject": subject, "checks": {"it": {"action": action, "object": object}}});
        let owner = owner.clone();
        async move { owner.post("/api/v2/authcheck?explain=true", checks).await.expect(StatusCode::OK).json()["it"].clone() }
    };
    let mut browser = Browser::signed_in(&app, &owner);
    let form = browser.open("/explain").await.expect(StatusCode::OK);
    assert!(form.body.contains("name=\"other\""), "{}", form.body);
    for (other, subject) in [("alice", json!({"user": "alice"})), (token.key_id(), json!({"key": token.key_id()}))] {
        for permission in ["template:create", "workspace:read", "audit_log:read"] {
            let (of, action) = permission.split_once(':').unwrap();
            let page = browser.open(&format!("/explain?other={other}&permission={permission}")).await;
            let object = json!({"resource_type": of, "owner_id": alice.id, "any_org": true});
            says(&page.expect(StatusCode::OK), &asked(subject.clone(), action, object).await);
        }
    }
    let page = browser.open("/explain?other=alice&permission=audit_log:read").await.expect(StatusCode::OK);
    assert!(page.body.contains(&format!("href=\"/deployment/users/{}\"", alice.id)), "{}", words(&page));
    assert!(words(&page).starts_with("Why? Ask") && words(&page).contains("May alice see"), "{}", words(&page));
    // What cannot be read by the subject is not there for it; the person who asks can share it.
    let path = format!("/explain?other=alice&permission=workspace:read&object=workspace:{web}");
    let page = browser.open(&path).await.expect(StatusCode::OK);
    assert!(words(&page).contains("refused"), "{}", words(&page));
    let acl = json!({"user_roles": {&alice.id: "use"}});
    owner.patch(&format!("/api/v2/resources/workspace/{web}/acl"), acl).await.expect(StatusCode::OK);
    let page = browser.open(&path.replace(":read&", ":delete&")).await.expect(StatusCode::OK);
    let of_api =
        asked(json!({"user": "alice"}), "delete", json!({"resource_type": "workspace", "resource_id": web})).await;
    says(&page, &of_api);
    let places = [format!("/resources/workspace/{web}"), format!("/organizations/{organization}/members/{}", alice.id)];
    assert!(places.iter().any(|place| page.body.contains(&format!("href=\"{place}\""))), "{}", page.body);
    let path = format!("/explain?other={}&permission=workspace:ssh&object=workspace:{web}", token.key_id());
    let page = browser.open(&path).await.expect(StatusCode::OK);
    assert!(page.body.contains(&format!("/settings/tokens/new?user={}", alice.id)), "{}", words(&page));
    // She sees nobody else, and is told no more than of somebody who does not exist.
    let mut hers = Browser::signed_in(&app, &alice);
    let form = hers.open("/explain").await.expect(StatusCode::OK);
    assert!(!form.body.contains("name=\"other\""), "{}", form.body);
    let mut said = Vec::new();
    for other in ["owner", "nobody"] {
        let page = hers.open(&format!("/explain?other={other}&permission=user:read")).await;
        said.push(words(&page.expect(StatusCode::BAD_REQUEST)));
    }
    assert_eq!(said[0], said[1]);
    assert!(said[0].contains("no user with this name"), "{}", said[0]);
}

/// Access that would change nothing is not proposed, and roles are those of the object's own organization.
#[tokio::test]
async fn only_changes_that_help_are_proposed() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let elsewhere = owner.add_organization("elsewhere").await;
    owner.post(&format!("/api/v2/organizations/{elsewhere}/members/alice"), json!({})).await.expect(StatusCode::OK);
    let web = owner.register("workspace", "web").await;
    let narrow = alice.scoped(&["template:read"]).await;
    let mut browser = Browser::signed_in(&app, &owner);
    let carl = json!({"username": "carl", "email": "carl@example.com", "password": PASSWORD,
        "organization_ids": [elsewhere]});
    owner.post("/api/v2/users", carl).await.expect(StatusCode::CREATED);
    let share = format!("href=\"/resources/workspace/{web}\"");
    for (other, helps) in [("alice", true), ("carl", false), (narrow.key_id(), false)] {
        let path = format!("/explain?other={other}&permission=workspace:read&object=workspace:{web}");
        let page = browser.open(&path).await.expect(StatusCode::OK);
        assert_eq!(page.body.contains(&share), helps, "{other}: {}", words(&page));
    }
    let roles = format!("href=\"/organizations/{elsewhere}/members/{}\"", alice.id);
    let path = format!("/explain?other=alice&permission=organization:update&object=organization:{elsewhere}");
    let page = browser.open(&path).await.expect(StatusCode::OK);
    assert!(page.body.contains(&roles), "{}", page.body);
}

/// A refusal leads to its reasons.
#[tokio::test]
async fn the_page_of_a_refusal_links_to_why() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let mut hers = Browser::signed_in(&app, &alice);
    let refused = hers.look_at("/audit").await.expect(StatusCode::FORBIDDEN);
    assert!(refused.body.contains("href=\"/explain?permission=audit_log%3Aread\""), "{}", refused.body);
    let why = hers.open("/explain?permission=audit_log%3Aread").await.expect(StatusCode::OK);
    assert!(words(&why).contains("refused") && words(&why).contains("no role and no access list"), "{}", words(&why));
    let nothing = hers.look_at("/nothing").await.expect(StatusCode::NOT_FOUND);
    assert!(!nothing.body.contains("/explain?"), "{}", nothing.body);
}

/// What is refused on one object may be allowed on others: the question that a refusal leads to is about that object.
#[tokio::test]
async fn a_refusal_leads_to_a_question_whose_answer_is_that_refusal() {
    let (app, owner) = TestApp::new().await;
    let other = owner.add_organization("other").await;
    let group = owner.post(&format!("/api/v2/organizations/{other}/groups"), json!({"name": "ops"})).await;
    let group = group.expect(StatusCode::CREATED).text("id").to_owned();
    let alice = owner.invite(&app, "alice", &[]).await;
    owner.post(&format!("/api/v2/organizations/{other}/members/alice"), Value::Null).await.expect(StatusCode::OK);
    let admin = json!({"roles": ["organization-admin"]});
    owner.put("/api/v2/organizations/coder/members/alice/roles", admin).await.expect(StatusCode::OK);
    owner.patch(&format!("/api/v2/groups/{group}"), json!({"add_users": [alice.id]})).await.expect(StatusCode::OK);
    let mut hers = Browser::signed_in(&app, &alice);
    for path in [format!("/groups/{group}/delete"), format!("/organizations/{other}/delete")] {
        let refused = hers.look_at(&path).await.expect(StatusCode::FORBIDDEN);
        let (_, link) =
            refused.body.split_once("href=\"/explain?").unwrap_or_else(|| panic!("{path}: {}", refused.body));
        let link = format!("/explain?{}", link.split('"').next().unwrap().replace("&#38;", "&"));
        let why = hers.open(&link).await.expect(StatusCode::OK);
        assert!(words(&why).contains("? refused"), "{link}: {}", words(&why));
    }
}
