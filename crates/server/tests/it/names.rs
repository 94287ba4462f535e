//! Names that read as ids: what they name would be taken for what has that id.
use axum::http::StatusCode;
use keyfob_testkit::store::UserId;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, TestApp};

const ORGANIZATIONS: &str = "/api/v2/organizations";

/// The spellings of an id that a name could have.
fn spellings(id: &str) -> [String; 4] {
    let simple = id.replace('-', "");
    [id.to_owned(), id.to_uppercase(), simple.to_uppercase(), simple]
}

#[track_caller]
fn assert_refused(answer: &Answer, field: &str, shown: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{shown}: {}", answer.body);
    assert_eq!(answer.message(), "Validation failed.", "{shown}");
    let validations = answer.json()["validations"].clone();
    assert_eq!(validations[0]["field"], field, "{shown}: {validations}");
    assert!(validations[0]["detail"].as_str().unwrap().contains("reads as an id"), "{shown}: {validations}");
}

#[tokio::test]
async fn no_name_reads_as_an_id() {
    let (_app, owner) = TestApp::new().await;
    let organization = owner.organization().await;
    owner.make_user("alice", &[]).await;
    owner.add_organization("acme").await;
    let groups = format!("{ORGANIZATIONS}/coder/groups");
    let group = owner.post(&groups, json!({"name": "staff"})).await.expect(StatusCode::CREATED).text("id").to_owned();
    for name in spellings(&owner.id) {
        let user = json!({
            "username": name, "email": "mal@example.com", "password": PASSWORD, "organization_ids": [organization],
        });
        let made = owner.post("/api/v2/users", user).await;
        assert_refused(&made, "username", &format!("a user named {name}"));
        let renamed = owner.put("/api/v2/users/alice/profile", json!({"username": name, "name": ""})).await;
        assert_refused(&renamed, "username", &format!("a user renamed to {name}"));
        let body = json!({"name": name});
        let made = owner.post(ORGANIZATIONS, body.clone()).await;
        assert_refused(&made, "name", &format!("an organization named {name}"));
        let renamed = owner.patch(&format!("{ORGANIZATIONS}/acme"), body.clone()).await;
        assert_refused(&renamed, "name", &format!("an organization renamed to {name}"));
        let made = owner.post(&groups, body.clone()).await;
        assert_refused(&made, "name", &format!("a group named {name}"));
        let renamed = owner.patch(&format!("/api/v2/groups/{group}"), body.clone()).await;
        assert_refused(&renamed, "name", &format!("a group renamed to {name}"));
        let made = owner.post(&format!("{ORGANIZATIONS}/coder/members/roles"), body).await;
        assert_refused(&made, "name", &format!("a role named {name}"));
    }
    // The nil UUID stands for the default organization.
    let nil = owner.post(ORGANIZATIONS, json!({"name": "0".repeat(32)})).await;
    assert_refused(&nil, "name", "an organization named as the nil UUID");
    // One character less or more is no id.
    for name in ["67e5504410b1426f9247bb680e5fe0c", "67e5504410b1426f9247bb680e5fe0cg"] {
        owner.add_organization(name).await;
        owner.make_user(name, &[]).await;
    }
}

#[tokio::test]
async fn the_first_user_has_no_name_that_reads_as_an_id() {
    let app = TestApp::empty(&[]).await;
    let name = "67e5504410b1426f9247bb680e5fe0c8";
    let body = json!({"email": "owner@example.com", "username": name, "password": PASSWORD});
    assert_refused(&app.anonymous().post("/api/v2/users/first", body).await, "username", "the first user");
}

/// Names that were given when this was not refused mean the same to everybody, also to those who have them.
#[tokio::test]
async fn a_path_that_reads_as_an_id_is_one() {
    let (app, owner) = TestApp::new().await;
    let victim = owner.make_user("victim", &[]).await["id"].as_str().unwrap().to_owned();
    let mallory = owner.invite(&app, "mallory", &["user-admin"]).await;
    let name = victim.replace('-', "");
    let store = app.data.store().await;
    let mut tx = store.begin().await.unwrap();
    tx.update_user_profile(UserId(mallory.id.parse().unwrap()), &name, "", app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    for by in [&owner, &mallory] {
        let found = by.get(&format!("/api/v2/users/{name}")).await.expect(StatusCode::OK);
        assert_eq!(found.text("id"), victim);
        let member = by.get(&format!("{ORGANIZATIONS}/coder/members/{name}")).await.expect(StatusCode::OK);
        assert_eq!(member.text("user_id"), victim);
    }
    mallory.put(&format!("/api/v2/users/{name}/status/suspend"), Value::Null).await.expect(StatusCode::OK);
    assert_eq!(owner.get(&format!("/api/v2/users/{victim}")).await.text("status"), "suspended");
    assert_eq!(owner.get(&format!("/api/v2/users/{}", mallory.id)).await.text("status"), "active");
}

/// Characters that turn the text around them can make any sentence about an object say something else.
#[tokio::test]
async fn no_new_name_has_characters_that_turn_the_text_around_it() {
    let (_app, owner) = TestApp::new().await;
    owner.make_user("alice", &[]).await;
    let organization = owner.organization().await;
    let groups = format!("{ORGANIZATIONS}/coder/groups");
    let group = owner.post(&groups, json!({"name": "staff"})).await.expect(StatusCode::CREATED).text("id").to_owned();
    let web = owner.register("workspace", "web").await;
    for turning in ["\u{202a}", "\u{202e}", "\u{2066}", "\u{2069}", "\u{7}"] {
        let name = format!("a{turning}b");
        let user = json!({
            "username": "mal", "name": name, "email": "mal@example.com", "password": PASSWORD,
            "organization_ids": [organization],
        });
        let role = json!({"name": "builder", "display_name": name});
        let resource = json!({"resource_type": "workspace", "name": name, "organization_id": organization});
        for (answer, field) in [
            (owner.post("/api/v2/users", user).await, "name"),
            (owner.put("/api/v2/users/alice/profile", json!({"username": "alice", "name": name})).await, "name"),
            (owner.post(ORGANIZATIONS, json!({"name": "acme", "display_name": name})).await, "display_name"),
            (owner.patch(&format!("{ORGANIZATIONS}/coder"), json!({"display_name": name})).await, "display_name"),
            (owner.post(&groups, json!({"name": "ops", "display_name": name})).await, "display_name"),
            (owner.patch(&format!("/api/v2/groups/{group}"), json!({"display_name": name})).await, "display_name"),
            (owner.post(&format!("{ORGANIZATIONS}/coder/members/roles"), role).await, "display_name"),
            (owner.post("/api/v2/users/me/keys/tokens", json!({"token_name": name})).await, "token_name"),
            (owner.post("/api/v2/resources", resource).await, "name"),
            (owner.patch(&format!("/api/v2/resources/workspace/{web}"), json!({"name": name})).await, "name"),
        ] {
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{turning:?} in {field}: {}", answer.body);
            let validations = answer.json()["validations"].clone();
            assert_eq!(validations[0]["field"], field, "{validations}");
            let detail = validations[0]["detail"].as_str().unwrap();
            assert!(detail.contains("control characters") && !detail.contains(turning), "{detail}");
        }
    }
    // Names of other scripts are none of that.
    owner.register("workspace", "\u{5e9}\u{5dc}\u{5d5}\u{5dd}").await;
}
