//! Rows that do not decode, as a later version or a person might have written them: they stand in the way of nothing, and
//! can be deleted.
use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use keyfob_testkit::MailServer;
use serde_json::{Value, json};

use crate::support::{Identity, TestApp};

async fn damage(app: &TestApp, sql: &str) {
    assert_eq!(app.tamper(sql).await, 1, "{sql}");
}

fn names(list: &Value, member: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one[member].as_str().unwrap().to_owned()).collect()
}

/// A member's token of this name; its id.
async fn token(member: &Identity, name: &str) -> String {
    member.token(json!({"token_name": name})).await.key_id().to_owned()
}

const TOKENS: &str = "/api/v2/users/me/keys/tokens";

#[tokio::test]
async fn a_damaged_token_is_left_out_of_lists_and_is_expired_and_deleted_by_its_owner() {
    let (app, owner) = TestApp::new().await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let good = token(&bob, "good").await;
    for damaged in ["scopes = '[[]]'", "secret_hash = x'07'", "expires_at = 9223372036854775807", "ip_address = 'x'"] {
        let bad = bob.token(json!({"token_name": "bad"})).await;
        let id = bad.key_id();
        damage(&app, &format!("UPDATE api_keys SET {damaged} WHERE id = '{id}'")).await;
        assert!(!bad.get("/api/v2/users/me").await.status.is_success(), "{damaged}: it opens nothing");
        let tokens = bob.get(TOKENS).await.expect(StatusCode::OK).json();
        assert_eq!(names(&tokens, "id"), [good.as_str()], "{damaged}");
        let everybodys = format!("{TOKENS}?include_all=true&include_expired=true");
        owner.get(&everybodys).await.expect(StatusCode::OK);
        let shown = bob.get(&format!("/api/v2/users/me/keys/{id}")).await.expect(StatusCode::OK).json();
        assert_eq!((&shown["scopes"], &shown["allow_list"]), (&json!([]), &json!([])), "{damaged}");
        let carol = owner.invite(&app, &format!("carol-{}", &id.to_lowercase()), &[]).await;
        carol.delete(&format!("/api/v2/users/me/keys/{id}")).await.expect(StatusCode::NOT_FOUND);
        let expire = format!("/api/v2/users/me/keys/{id}/expire");
        bob.send(Method::PUT, &expire, None).await.expect(StatusCode::NO_CONTENT);
        bob.delete(&format!("/api/v2/users/me/keys/{id}")).await.expect(StatusCode::NO_CONTENT);
        bob.get(&format!("/api/v2/users/me/keys/{id}")).await.expect(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn damaged_sessions_end_with_all_others() {
    let (app, owner) = TestApp::new().await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let (one, other) = (app.sign_in("bob@example.com").await, app.sign_in("bob@example.com").await);
    for session in [&one, &other] {
        damage(&app, &format!("UPDATE api_keys SET parent_id = 'x' WHERE id = '{}'", session.key_id())).await;
    }
    let sessions = bob.get("/api/v2/users/me/sessions").await.expect(StatusCode::OK).json();
    assert_eq!(names(&sessions, "id"), [bob.key_id()]);
    bob.delete(&format!("/api/v2/users/me/sessions/{}", one.key_id())).await.expect(StatusCode::NO_CONTENT);
    bob.delete("/api/v2/users/me/sessions?keep_current=true").await.expect(StatusCode::NO_CONTENT);
    assert_eq!(app.tamper("UPDATE api_keys SET user_agent = 'x' WHERE parent_id = 'x'").await, 0);
    bob.get("/api/v2/users/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_damaged_user_is_left_out_of_lists_and_deleted() {
    let (app, owner) = TestApp::new().await;
    for damaged in ["roles = '[1]'", "status = 'asleep'", "created_at = 9223372036854775807"] {
        let bad = owner.invite(&app, "bad", &[]).await;
        damage(&app, &format!("UPDATE users SET {damaged} WHERE username = 'bad' AND deleted = false")).await;
        assert!(!bad.get("/api/v2/users/me").await.status.is_success(), "{damaged}");
        let users = owner.get("/api/v2/users").await.expect(StatusCode::OK).json();
        assert_eq!(names(&users["users"], "username"), ["owner"], "{damaged}");
        let members = format!("/api/v2/organizations/{}/members", owner.organization().await);
        assert_eq!(owner.get(&members).await.expect(StatusCode::OK).json().as_array().unwrap().len(), 1);
        owner.get("/api/v2/audit?limit=100").await.expect(StatusCode::OK);
        owner.delete(&format!("/api/v2/users/{}", bad.id)).await.expect(StatusCode::OK);
        owner.make_user("bad", &[]).await;
        owner.delete("/api/v2/users/bad").await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn damaged_objects_are_left_out_of_lists_and_deleted() {
    let (app, owner) = TestApp::new().await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let home = owner.organization().await;
    let (good, bad) = (bob.register("workspace", "good").await, bob.register("workspace", "bad").await);
    damage(&app, "UPDATE resources SET attributes = '[]' WHERE name = 'bad'").await;
    let listed = bob.get("/api/v2/resources?type=workspace").await.expect(StatusCode::OK).json();
    assert_eq!(names(&listed["resources"], "id"), [good]);
    bob.get("/api/v2/workspaces").await.expect(StatusCode::OK);
    bob.delete(&format!("/api/v2/resources/workspace/{bad}")).await.expect(StatusCode::NO_CONTENT);

    let groups = format!("/api/v2/organizations/{home}/groups");
    let group = owner.post(&groups, json!({"name": "bad"})).await.expect(StatusCode::CREATED);
    damage(&app, "UPDATE groups SET source = 'sky' WHERE name = 'bad'").await;
    assert_eq!(names(&owner.get(&groups).await.expect(StatusCode::OK).json(), "name"), ["Everyone"]);
    owner.delete(&format!("/api/v2/groups/{}", group.text("id"))).await.expect(StatusCode::OK);

    let roles = format!("/api/v2/organizations/{home}/members/roles");
    let role = json!({"name": "bad", "organization_permissions": [{"resource_type": "workspace", "action": "read"}]});
    owner.post(&roles, role).await.expect(StatusCode::OK);
    damage(&app, "UPDATE custom_roles SET permissions = '[1]' WHERE name = 'bad'").await;
    assert!(!names(&owner.get(&roles).await.expect(StatusCode::OK).json(), "name").contains(&"bad".to_owned()));
    owner.delete(&format!("{roles}/bad")).await.expect(StatusCode::NO_CONTENT);

    damage(
        &app,
        &format!("UPDATE organization_members SET roles = '7' WHERE user_id = x'{}'", bob.id.replace('-', "")),
    )
    .await;
    let members = format!("/api/v2/organizations/{home}/members");
    assert_eq!(names(&owner.get(&members).await.expect(StatusCode::OK).json(), "username"), ["owner"]);
    owner.get("/api/v2/users").await.expect(StatusCode::OK);
    owner.delete(&format!("{members}/{}", bob.id)).await.expect(StatusCode::NO_CONTENT);

    let other = owner.add_organization("bad").await;
    damage(&app, "UPDATE organizations SET shareable_workspace_owners = 'some' WHERE name = 'bad'").await;
    let organizations = owner.get("/api/v2/organizations").await.expect(StatusCode::OK).json();
    assert_eq!(organizations.as_array().unwrap().len(), 1);
    owner.delete(&format!("/api/v2/organizations/{other}")).await.expect(StatusCode::OK);
    owner.add_organization("bad").await;
}

/// The server starts with it, too.
#[tokio::test]
async fn a_damaged_key_keeps_no_server_from_starting() {
    let (app, owner) = TestApp::new().await;
    let bad = token(&owner, "bad").await;
    damage(&app, &format!("UPDATE api_keys SET scopes = '[[]]' WHERE id = '{bad}'")).await;
    drop(owner);
    let app = app.restarted(&[]).await;
    let owner = app.sign_in("owner@example.com").await;
    owner.get(TOKENS).await.expect(StatusCode::OK);
}

/// The mail to one user waits while that user's row does not decode, and is sent when it does again; a mail that does
/// not decode itself is given up. All others are sent.
#[tokio::test]
async fn damaged_rows_hold_up_no_other_mail() {
    let mails = MailServer::start();
    let smarthost = format!("--email-smarthost={}", mails.address);
    let (app, owner) = TestApp::with(&["--email-from=Keyfob <keys@example.com>", &smarthost]).await;
    for name in ["alice", "bob", "carol"] {
        owner.make_user(name, &[]).await;
        let asked = json!({"email": format!("{name}@example.com")});
        app.anonymous().post("/api/v2/users/otp/request", asked).await.expect(StatusCode::NO_CONTENT);
    }
    let of_bob = "(SELECT id FROM users WHERE username = 'bob')";
    damage(&app, "UPDATE users SET status = 'asleep' WHERE username = 'alice'").await;
    damage(&app, &format!("UPDATE notices SET content = '{{' WHERE user_id = {of_bob}")).await;
    let recipients = || mails.take().into_iter().map(|mail| mail.to).collect::<Vec<_>>();
    app.server.run_jobs_once().await;
    assert_eq!(recipients(), ["carol@example.com"]);
    damage(&app, "UPDATE users SET status = 'active' WHERE username = 'alice'").await;
    app.advance(SignedDuration::from_secs(60));
    app.server.run_jobs_once().await;
    assert_eq!(recipients(), ["alice@example.com"]);
}

/// The owner of one token whose row does not decode keeps no other owner from being told.
#[tokio::test]
async fn a_damaged_owner_keeps_no_other_from_being_told_of_tokens_that_expire() {
    let mails = MailServer::start();
    let smarthost = format!("--email-smarthost={}", mails.address);
    let (app, owner) = TestApp::with(&["--email-from=Keyfob <keys@example.com>", &smarthost]).await;
    let lifetime = SignedDuration::from_hours(10 * 24);
    for name in ["alice", "bob"] {
        let member = owner.invite(&app, name, &[]).await;
        let token =
            member.token(json!({"token_name": "ci", "lifetime": i64::try_from(lifetime.as_nanos()).unwrap()})).await;
        token.get("/api/v2/users/me").await.expect(StatusCode::OK);
    }
    let deliver = async || {
        app.server.run_jobs_once().await;
        // Reminders that are found together are sent after a while without further ones.
        app.advance(SignedDuration::from_secs(60));
        app.server.run_jobs_once().await;
        mails.take().into_iter().map(|mail| mail.to).collect::<Vec<_>>()
    };
    deliver().await;
    damage(&app, "UPDATE users SET status = 'asleep' WHERE username = 'alice'").await;
    app.advance(lifetime - SignedDuration::from_hours(7 * 24));
    assert_eq!(deliver().await, ["bob@example.com"]);
}
