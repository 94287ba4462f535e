//! Rows that do not decode, as a later version or a person might have written them: they stand in the way of nothing, and
//! can be deleted.
use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use keyfob_testkit::MailServer;
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    support::{Answer, Identity, PASSWORD, TestApp},
};

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
        let records = format!("/audit?api_key_id={id}");
        Browser::signed_in(&app, &owner).open(&records).await.expect(StatusCode::OK);
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

const MEMBERS: &str = "/api/v2/organizations/coder/members";

/// Bob's id, as SQL has it.
fn blob(user: &Identity) -> String {
    format!("x'{}'", user.id.replace('-', ""))
}

/// What those who administer users do to a user, each with the status of success. The last deletes the user.
async fn acts(by: &Identity, user: &str, token: &str) -> Vec<(&'static str, Answer, StatusCode)> {
    let path = format!("/api/v2/users/{user}");
    let (ok, empty) = (StatusCode::OK, StatusCode::NO_CONTENT);
    let expire = format!("{path}/keys/{token}/expire");
    let renamed = json!({"username": "robert", "name": ""});
    vec![
        ("get", by.get(&path).await, ok),
        ("list tokens", by.get(&format!("{path}/keys/tokens")).await, ok),
        ("list sessions", by.get(&format!("{path}/sessions")).await, ok),
        ("get roles", by.get(&format!("{path}/roles")).await, ok),
        ("get organizations", by.get(&format!("{path}/organizations")).await, ok),
        ("expire a token", by.send(Method::PUT, &expire, None).await, empty),
        ("end sessions", by.delete(&format!("{path}/sessions")).await, empty),
        ("rename", by.put(&format!("{path}/profile"), renamed).await, ok),
        ("activate", by.put(&format!("{path}/status/activate"), Value::Null).await, ok),
        ("set roles", by.put(&format!("{path}/roles"), json!({"roles": []})).await, ok),
        ("suspend", by.put(&format!("{path}/status/suspend"), Value::Null).await, ok),
        (
            "set the password",
            by.put(&format!("{path}/password"), json!({"password": "An0ther!Secret-pw"})).await,
            empty,
        ),
        ("delete", by.delete(&path).await, ok),
    ]
}

/// The database finds the action in the text; what does not decode grants nothing.
#[tokio::test]
async fn a_damaged_access_list_shows_nothing() {
    let (app, owner) = TestApp::new().await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let id = owner.register("workspace", "dev").await;
    let list = format!("/api/v2/resources/workspace/{id}/acl");
    owner.patch(&list, json!({"user_roles": {bob.id.as_str(): "use"}})).await.expect(StatusCode::OK);
    let seen = async || {
        let [resources, workspaces] = ["resources?type=workspace", "workspaces"].map(|list| format!("/api/v2/{list}"));
        let resources = bob.get(&resources).await.expect(StatusCode::OK).json();
        let workspaces = bob.get(&workspaces).await.expect(StatusCode::OK).json();
        [resources["resources"].as_array().unwrap().len(), workspaces["workspaces"].as_array().unwrap().len()]
    };
    assert_eq!(seen().await, [1, 1]);
    damage(&app, "UPDATE resource_grants SET actions = '[\"read\", 1]'").await;
    assert_eq!(seen().await, [0, 0]);
    bob.get(&format!("/api/v2/resources/workspace/{id}")).await.expect(StatusCode::NOT_FOUND);
}

/// One whose roles cannot be read could have any: so owners act on them, and nobody else.
#[tokio::test]
async fn owners_act_on_users_whose_rows_are_damaged_and_others_do_not() {
    let of_bob = |table: &str, id: &str, damaged: &str| format!("UPDATE {table} SET {damaged} WHERE {id} = BOB");
    for damage in [
        of_bob("organization_members", "user_id", "roles = '7'"),
        of_bob("organization_members", "user_id", "created_at = 9223372036854775807"),
        of_bob("users", "id", "roles = '[1]'"),
        "UPDATE organizations SET default_org_member_roles = '7' WHERE name = 'acme'".to_owned(),
        "UPDATE organizations SET shareable_workspace_owners = 'some' WHERE name = 'acme'".to_owned(),
    ] {
        let (app, owner) = TestApp::new().await;
        let (bob, admin) = (owner.invite(&app, "bob", &[]).await, owner.invite(&app, "admin", &["user-admin"]).await);
        owner.add_organization("acme").await;
        owner.post("/api/v2/organizations/acme/members/bob", json!({})).await.expect(StatusCode::OK);
        let token = token(&bob, "ci").await;
        let rows = app.tamper(&damage.replace("BOB", &blob(&bob))).await;
        assert!(rows > 0, "{damage}");
        let refused = ["rename", "activate", "suspend", "set the password", "delete"];
        for (act, answer, _) in acts(&admin, &bob.id, &token).await {
            assert!(!answer.status.is_server_error(), "{damage}, {act}: {}", answer.body);
            assert!(!refused.contains(&act) || answer.status.is_client_error(), "{damage}, {act}: {}", answer.body);
        }
        for (act, answer, status) in acts(&owner, &bob.id, &token).await {
            assert_eq!(answer.status, status, "{damage}, {act}: {}", answer.body);
        }
    }
}

/// Users are told that it is their data, and who can mend it; nothing of the row.
#[tokio::test]
async fn a_damaged_membership_is_mended_by_removing_it_or_setting_its_roles() {
    let (app, owner) = TestApp::new().await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let admin = owner.invite(&app, "admin", &[]).await;
    let roles = json!({"roles": ["organization-admin"]});
    owner.put(&format!("{MEMBERS}/admin/roles"), roles).await.expect(StatusCode::OK);
    let helper = owner.invite(&app, "helper", &[]).await;
    let roles = json!({"roles": ["organization-user-admin"]});
    owner.put(&format!("{MEMBERS}/helper/roles"), roles).await.expect(StatusCode::OK);
    let me = "/api/v2/users/me";
    for mends_by_roles in [true, false] {
        damage(&app, &format!("UPDATE organization_members SET roles = '7' WHERE user_id = {}", blob(&bob))).await;
        let told = bob.get(me).await.expect(StatusCode::INTERNAL_SERVER_ERROR);
        let page = Browser::signed_in(&app, &bob).look_at("/").await.expect(StatusCode::INTERNAL_SERVER_ERROR);
        let id = format!("<code>{}</code>", page.header("x-coder-request-id"));
        assert!(page.body.contains(&id), "{}", page.body);
        let detail = "Your membership of an organization is damaged. An administrator can mend it: they remove you from \
                      the organization, and add you again.";
        assert_eq!(told.detail(), detail);
        let shown = admin.get(&format!("{MEMBERS}/bob")).await.expect(StatusCode::INTERNAL_SERVER_ERROR);
        assert!(shown.detail().starts_with("The user's membership of an organization is damaged."), "{}", shown.body);
        for answer in [told, shown] {
            assert!(!answer.body.contains(&bob.id) && !answer.body.contains("organization_members"), "{}", answer.body);
        }
        // It can have held every role of the organization.
        let none = json!({"roles": []});
        helper.put(&format!("{MEMBERS}/bob/roles"), none.clone()).await.expect(StatusCode::BAD_REQUEST);
        helper.delete(&format!("{MEMBERS}/bob")).await.expect(StatusCode::FORBIDDEN);
        if mends_by_roles {
            admin.put(&format!("{MEMBERS}/bob/roles"), none).await.expect(StatusCode::OK);
        } else {
            admin.delete(&format!("{MEMBERS}/bob")).await.expect(StatusCode::NO_CONTENT);
            owner.post(&format!("{MEMBERS}/bob"), json!({})).await.expect(StatusCode::OK);
        }
        bob.get(me).await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn a_damaged_user_is_mended_by_setting_what_is_damaged() {
    let (app, owner) = TestApp::new().await;
    let bob = owner.invite(&app, "bob", &["auditor"]).await;
    let path = "/api/v2/users/bob";
    for (damaged, mend, body, roles) in [
        ("roles = '[1]'", "roles", json!({"roles": ["auditor"]}), json!(["owner"])),
        ("status = 'asleep'", "status/activate", Value::Null, json!(["auditor"])),
    ] {
        damage(&app, &format!("UPDATE users SET {damaged} WHERE id = {}", blob(&bob))).await;
        let told = bob.get("/api/v2/users/me").await.expect(StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            told.detail().starts_with("The data of your account is damaged. An owner can mend it"),
            "{}",
            told.body
        );
        let shown = owner.get(path).await.expect(StatusCode::OK).json();
        assert_eq!(names(&shown["roles"], "name"), names_of(&roles), "{damaged}");
        owner.get("/api/v2/audit?q=username:bob").await.expect(StatusCode::OK);
        owner.put(&format!("{path}/{mend}"), body).await.expect(StatusCode::OK);
        let me = bob.get("/api/v2/users/me").await.expect(StatusCode::OK).json();
        assert_eq!(names(&me["roles"], "name"), ["auditor"], "{damaged}");
    }
}

fn names_of(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// What a group may do is lost to its member, and nothing else.
#[tokio::test]
async fn a_damaged_row_of_a_group_or_a_role_locks_nobody_out() {
    let (app, owner) = TestApp::in_a_file(&[]).await;
    let bob = owner.invite(&app, "bob", &[]).await;
    let made = owner.post("/api/v2/organizations/coder/groups", json!({"name": "makers"})).await;
    let path = format!("/api/v2/groups/{}", made.expect(StatusCode::CREATED).text("id"));
    owner.patch(&path, json!({"add_users": [bob.id]})).await.expect(StatusCode::OK);
    damage(
        &app,
        &format!("PRAGMA foreign_keys = 0; UPDATE group_members SET group_id = x'07' WHERE user_id = {}", blob(&bob)),
    )
    .await;
    bob.get("/api/v2/users/me").await.expect(StatusCode::OK);

    let role = json!({"name": "reader", "organization_permissions": [{"resource_type": "template", "action": "read"}]});
    let read = format!("/api/v2/templates/{}", owner.register("template", "base").await);
    owner.post(&format!("{MEMBERS}/roles"), role.clone()).await.expect(StatusCode::OK);
    owner.put(&format!("{MEMBERS}/bob/roles"), json!({"roles": ["reader"]})).await.expect(StatusCode::OK);
    damage(&app, "UPDATE custom_roles SET permissions = '[1]' WHERE name = 'reader'").await;
    bob.get(&read).await.expect(StatusCode::NOT_FOUND);
    owner.put(&format!("{MEMBERS}/roles"), role).await.expect(StatusCode::OK);
    bob.get(&read).await.expect(StatusCode::OK);
    owner.delete("/api/v2/users/bob").await.expect(StatusCode::OK);
}

/// A client that knows no password gets the answers of an account that is not there.
#[tokio::test]
async fn a_damaged_account_is_no_different_to_those_who_do_not_know_its_password() {
    let mails = MailServer::start();
    let smarthost = format!("--email-smarthost={}", mails.address);
    let (app, owner) = TestApp::with(&["--email-from=Keyfob <keys@example.com>", &smarthost]).await;
    owner.make_user("bob", &[]).await;
    for damaged in ["roles = '[1]'", "status = 'asleep'", "created_at = 9223372036854775807"] {
        damage(&app, &format!("UPDATE users SET {damaged} WHERE username = 'bob'")).await;
        let anonymous = app.anonymous();
        let with = |email: &str, password: &str| json!({"email": email, "password": password});
        let right = "/api/v2/users/login";
        let wrong = anonymous.post(right, with("bob@example.com", "wrong")).await.expect(StatusCode::UNAUTHORIZED);
        let absent = anonymous.post(right, with("nobody@example.com", "wrong")).await.expect(StatusCode::UNAUTHORIZED);
        assert_eq!(wrong.body, absent.body, "{damaged}");
        let told = anonymous.post(right, with("bob@example.com", PASSWORD)).await;
        assert!(told.expect(StatusCode::INTERNAL_SERVER_ERROR).body.contains("is damaged"), "{damaged}");
        let asked = json!({"email": "bob@example.com"});
        anonymous.post("/api/v2/users/otp/request", asked).await.expect(StatusCode::NO_CONTENT);
        let change = json!({
            "email": "bob@example.com", "password": "An0ther!Secret-pw",
            "one_time_passcode": "1f7c1c2b-4d0e-4d9f-9a1c-3f3b5f8f2a10",
        });
        let refused = anonymous.post("/api/v2/users/otp/change-password", change).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{damaged}: {}", refused.body);
    }
}
