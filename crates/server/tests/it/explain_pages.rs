//! The page that says why, without JavaScript.
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    support::{Answer, Identity, TestApp},
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
    assert!(!nothing.body.contains("/explain"), "{}", nothing.body);
}
