//! Concurrent changes: each decides on the data in its own transaction, and none undoes another.
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Answer, Identity, PASSWORD, TestApp};

const ORGANIZATIONS: &str = "/api/v2/organizations";
/// How often each race is run. A check outside the transaction would lose some of these.
const ROUNDS: usize = 40;

async fn give(by: &Identity, user: &str, roles: &[&str]) -> Answer {
    by.put(&format!("{ORGANIZATIONS}/coder/members/{user}/roles"), json!({"roles": roles})).await
}

async fn site_roles(by: &Identity, user: &str, roles: &[&str]) -> Answer {
    by.put(&format!("/api/v2/users/{user}/roles"), json!({"roles": roles})).await
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

/// Sends two requests on two threads.
async fn both<A, B>(one: A, other: B) -> (Answer, Answer)
where
    A: Future<Output = Answer> + Send + 'static,
    B: Future<Output = Answer> + Send + 'static,
{
    let (one, other) = (tokio::spawn(one), tokio::spawn(other));
    (one.await.unwrap(), other.await.unwrap())
}

async fn patch(by: Identity, path: String, body: Value) -> Answer {
    by.patch(&path, body).await
}

async fn put(by: Identity, path: String, body: Value) -> Answer {
    by.put(&path, body).await
}

async fn post(by: Identity, path: String, body: Value) -> Answer {
    by.post(&path, body).await
}

async fn delete(by: Identity, path: String) -> Answer {
    by.delete(&path).await
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_an_organization_brings_no_revoked_default_role_back() {
    let (_app, owner) = TestApp::new().await;
    let narrow = owner.scoped(&["organization:read", "organization:update"]).await;
    let path = format!("{ORGANIZATIONS}/coder");
    for round in 0..ROUNDS {
        let given = json!({"default_org_member_roles": ["organization-auditor"]});
        owner.patch(&path, given).await.expect(StatusCode::OK);
        let revoke = json!({"default_org_member_roles": []});
        let describe = json!({"description": format!("round {round}")});
        let (revoked, described) =
            both(patch(owner.clone(), path.clone(), revoke), patch(narrow.clone(), path.clone(), describe)).await;
        revoked.expect(StatusCode::OK);
        described.expect(StatusCode::OK);
        let organization = owner.get(&path).await.json();
        assert_eq!(organization["default_org_member_roles"], json!([]), "round {round}");
        assert_eq!(organization["description"], format!("round {round}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_roles_keeps_none_that_was_just_taken() {
    let (app, owner) = TestApp::new().await;
    let helper = owner.invite(&app, "helper", &[]).await;
    give(&owner, "helper", &["organization-user-admin"]).await.expect(StatusCode::OK);
    owner.make_user("alice", &[]).await;
    let path = format!("{ORGANIZATIONS}/coder/members/alice/roles");
    for round in 0..ROUNDS {
        give(&owner, "alice", &["organization-auditor"]).await.expect(StatusCode::OK);
        // It may be assigned only if alice has it already.
        let keep = json!({"roles": ["organization-auditor", "agents-access"]});
        let (taken, kept) =
            both(put(owner.clone(), path.clone(), json!({"roles": []})), put(helper.clone(), path.clone(), keep)).await;
        taken.expect(StatusCode::OK);
        let member = owner.get(&format!("{ORGANIZATIONS}/coder/members/alice")).await.json();
        let refused = kept.status == StatusCode::BAD_REQUEST;
        assert!(refused || names(&member["roles"]).is_empty(), "round {round}: {member}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_a_group_keeps_what_others_changed() {
    let (_app, owner) = TestApp::new().await;
    let group = owner.post(&format!("{ORGANIZATIONS}/coder/groups"), json!({"name": "g"})).await;
    let path = format!("/api/v2/groups/{}", group.expect(StatusCode::CREATED).text("id"));
    for round in 0..ROUNDS {
        let (name, display) = (format!("g{round}"), format!("G {round}"));
        let (renamed, shown) = both(
            patch(owner.clone(), path.clone(), json!({"name": name})),
            patch(owner.clone(), path.clone(), json!({"display_name": display})),
        )
        .await;
        renamed.expect(StatusCode::OK);
        shown.expect(StatusCode::OK);
        let group = owner.get(&path).await.json();
        assert_eq!((&group["name"], &group["display_name"]), (&json!(name), &json!(display)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_a_group_that_is_removed_finds_none() {
    let (_app, owner) = TestApp::new().await;
    for round in 0..ROUNDS {
        let made = owner.post(&format!("{ORGANIZATIONS}/coder/groups"), json!({"name": format!("g{round}")})).await;
        let path = format!("/api/v2/groups/{}", made.expect(StatusCode::CREATED).text("id"));
        let (removed, changed) = both(
            delete(owner.clone(), path.clone()),
            patch(owner.clone(), path.clone(), json!({"add_users": [owner.id]})),
        )
        .await;
        removed.expect(StatusCode::OK);
        assert!([StatusCode::OK, StatusCode::NOT_FOUND].contains(&changed.status), "round {round}: {}", changed.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_while_they_are_added_is_no_member() {
    let (_app, owner) = TestApp::new().await;
    owner.add_organization("acme").await;
    for round in 0..ROUNDS {
        let name = format!("user{round}");
        let id = owner.make_user(&name, &[]).await["id"].as_str().unwrap().to_owned();
        let (removed, added) = both(
            delete(owner.clone(), format!("/api/v2/users/{id}")),
            post(owner.clone(), format!("{ORGANIZATIONS}/acme/members/{id}"), json!({})),
        )
        .await;
        removed.expect(StatusCode::OK);
        assert!([StatusCode::OK, StatusCode::NOT_FOUND].contains(&added.status), "{}", added.body);
        let member = owner.get(&format!("{ORGANIZATIONS}/acme/members/{id}")).await;
        assert_eq!(member.status, StatusCode::NOT_FOUND, "round {round}: {}", member.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_in_an_organization_that_is_removed() {
    let (_app, owner) = TestApp::new().await;
    for round in 0..ROUNDS {
        let name = format!("acme{round}");
        let id = owner.add_organization(&name).await;
        let path = format!("{ORGANIZATIONS}/{id}");
        let (making, body) = match round % 4 {
            0 => (
                "/api/v2/resources".to_owned(),
                json!({
                    "resource_type": "template", "name": "base", "organization_id": id,
                }),
            ),
            1 => (format!("{path}/groups"), json!({"name": "g"})),
            2 => (format!("{path}/members/roles"), json!({"name": "own"})),
            _ => (
                "/api/v2/users".to_owned(),
                json!({
                    "username": name, "email": format!("{name}@example.com"), "login_type": "none",
                    "organization_ids": [id],
                }),
            ),
        };
        let (made, removed) =
            both(post(owner.clone(), making.clone(), body), delete(owner.clone(), path.clone())).await;
        assert!(!made.status.is_server_error(), "round {round}, {making}: {}", made.body);
        let is_there = owner.get(&path).await.status == StatusCode::OK;
        let is_made = made.status.is_success();
        // A role is deleted with its organization, in either order; everything else keeps the organization.
        let may_both = making.ends_with("/roles");
        assert!(may_both || is_made == is_there, "round {round}, {making}: {} then {}", made.body, removed.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn access_lists_keep_what_others_granted() {
    let (_app, owner) = TestApp::new().await;
    let acl = format!("/api/v2/resources/template/{}/acl", owner.register("template", "base").await);
    let mut granted = 0;
    for round in 0..ROUNDS / 4 {
        let mut ids = Vec::new();
        for side in ["left", "right"] {
            let user = owner.make_user(&format!("{side}{round}"), &[]).await;
            ids.push(user["id"].as_str().unwrap().to_owned());
        }
        let grant = |id: &String| patch(owner.clone(), acl.clone(), json!({"user_roles": {id: "use"}}));
        let (one, other) = both(grant(&ids[0]), grant(&ids[1])).await;
        one.expect(StatusCode::OK);
        other.expect(StatusCode::OK);
        granted += 2;
        let list = owner.get(&acl).await.json();
        assert_eq!(list["user_roles"].as_object().unwrap().len(), granted, "round {round}");
    }
}

const PASSWORDS: [&str; 2] = ["Sup3rSecret!pw", "An0ther!Secret-pw"];

/// A new password revokes every older key, also those that are minted with the old password meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_while_the_password_changes_has_no_session_afterwards() {
    let (app, owner) = TestApp::new().await;
    owner.make_user("alice", &[]).await;
    let login = |password: &str| {
        let body = json!({"email": "alice@example.com", "password": password});
        tokio::spawn(post(app.anonymous(), "/api/v2/users/login".to_owned(), body))
    };
    for round in 0..6 {
        let (old, new) = (PASSWORDS[round % 2], PASSWORDS[(round + 1) % 2]);
        let change = put(owner.clone(), "/api/v2/users/alice/password".to_owned(), json!({"password": new}));
        let change = tokio::spawn(change);
        // They wait for the same threads as the change: some read before it is made, and finish after it.
        let logins: Vec<_> = (0..8).map(|_| login(old)).collect();
        change.await.unwrap().expect(StatusCode::NO_CONTENT);
        for login in logins {
            let answer = login.await.unwrap();
            if answer.status == StatusCode::CREATED {
                let session = app.bearer_of(answer.text("session_token"));
                session.get("/api/v2/users/me").await.expect(StatusCode::UNAUTHORIZED);
            }
        }
        login(new).await.unwrap().expect(StatusCode::CREATED);
    }
}

async fn change_themes(by: Identity) {
    for theme in ["light", "dark"].into_iter().cycle() {
        let body = json!({"theme_preference": theme, "terminal_font": ""});
        by.put("/api/v2/users/me/appearance", body).await.expect(StatusCode::OK);
    }
}

/// Where only owners sign in with a password, the role counts as it is when the session begins.
#[tokio::test(flavor = "multi_thread")]
async fn an_owner_whose_role_is_taken_during_the_sign_in_is_not_signed_in() {
    let (app, owner) = TestApp::for_owners_alone(&[("bob", &["owner"])]).await;
    let bob = app.sign_in("bob@example.com").await;
    // Others change something all the time, so that changes are made durable together.
    let others: Vec<_> = (0..4).map(|_| tokio::spawn(change_themes(owner.clone()))).collect();
    for _ in 0..6 {
        let login = || {
            let body = json!({"email": "bob@example.com", "password": PASSWORD});
            tokio::spawn(post(app.anonymous(), "/api/v2/users/login".to_owned(), body))
        };
        let logins: Vec<_> = (0..8).map(|_| login()).collect();
        // The first are done, and the others under way.
        let mut logins = logins.into_iter();
        logins.next().unwrap().await.unwrap().expect(StatusCode::CREATED);
        site_roles(&owner, &bob.id, &[]).await.expect(StatusCode::OK);
        for login in logins {
            let status = login.await.unwrap().status;
            assert!([StatusCode::CREATED, StatusCode::FORBIDDEN].contains(&status), "{status}");
        }
        let records = owner.get("/api/v2/audit?limit=20").await.expect(StatusCode::OK).json();
        // The newest come first: what stands before the change of roles was done after it.
        let records = records["audit_logs"].as_array().unwrap();
        let since = records.iter().take_while(|of| of["action"] != "write").filter(|of| of["status_code"] == 201);
        assert_eq!(since.count(), 0, "{records:?}");
        site_roles(&owner, &bob.id, &["owner"]).await.expect(StatusCode::OK);
    }
    others.iter().for_each(JoinHandle::abort);
}

/// A browser's session goes on with a new cookie, unless it was ended while the password changed.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_ended_while_it_changes_the_password_does_not_go_on() {
    const CSRF: &str = "JXm9hOUdZctWt0ZZGAy9xiS/gxMKYOThdxjjMnMUyn4=";
    let (app, owner) = TestApp::new().await;
    owner.make_user("alice", &[]).await;
    let mut met = 0;
    for round in 0..6 {
        let alice = app.sign_in("alice@example.com").await;
        let body = json!({"old_password": PASSWORDS[0], "password": PASSWORDS[1]});
        let request = axum::http::Request::put("/api/v2/users/me/password")
            .header("Cookie", format!("coder_session_token={}; csrf_token={CSRF}", alice.key))
            .header("X-CSRF-TOKEN", CSRF)
            .body(axum::body::Body::from(body.to_string()))
            .unwrap();
        let browser = alice.clone();
        let (changed, ended) = both(
            async move { browser.send_request(request).await },
            delete(owner.clone(), format!("/api/v2/users/alice/sessions/{}", alice.key_id())),
        )
        .await;
        let is_fresh = changed.header("Set-Cookie").starts_with("coder_session_token=");
        assert!(
            !is_fresh || ended.status == StatusCode::NOT_FOUND,
            "round {round}: {} {}",
            changed.status,
            ended.status
        );
        // A change that was authenticated, and refused when its unit of work began, names what it required.
        let was_under_way =
            changed.status != StatusCode::UNAUTHORIZED || !changed.header("X-Keyfob-Required").is_empty();
        met += usize::from(ended.status == StatusCode::NO_CONTENT && was_under_way);
        if changed.status == StatusCode::NO_CONTENT {
            let back = json!({"password": PASSWORDS[0]});
            owner.put("/api/v2/users/alice/password", back).await.expect(StatusCode::NO_CONTENT);
        }
    }
    assert!(met > 0, "no change was under way when its session ended");
}

/// The roles that the user has when the password is set count.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_not_set_for_who_has_just_become_stronger() {
    let (app, owner) = TestApp::new().await;
    let admin = owner.invite(&app, "admin", &["user-admin"]).await;
    for round in 0..6 {
        let name = format!("user{round}");
        owner.make_user(&name, &[]).await;
        let (set, promoted) = both(
            put(admin.clone(), format!("/api/v2/users/{name}/password"), json!({"password": PASSWORDS[1]})),
            put(owner.clone(), format!("/api/v2/users/{name}/roles"), json!({"roles": ["owner"]})),
        )
        .await;
        promoted.expect(StatusCode::OK);
        // The change takes three hashes, the promotion none: it was first.
        assert_ne!(set.status, StatusCode::NO_CONTENT, "round {round}");
    }
}
