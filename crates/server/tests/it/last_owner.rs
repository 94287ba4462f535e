//! There is always an owner who is active: no other user could make one.
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    held::Held,
    oidc::{amy, flags, provider, signed_in},
    support::{Answer, Identity, TestApp},
};

/// How often two owners try to be the only one.
const TRIES: usize = 200;

const NO_OWNER: &str = "There must be an owner.";

/// What takes an owner away.
#[derive(Clone, Copy, Debug)]
enum Removal {
    Demote,
    Suspend,
    Delete,
}
use Removal::{Delete, Demote, Suspend};

const REMOVALS: [Removal; 3] = [Demote, Suspend, Delete];

impl Removal {
    async fn of(self, by: &Identity, user: &str) -> Answer {
        let user = format!("/api/v2/users/{user}");
        match self {
            Demote => by.put(&format!("{user}/roles"), json!({"roles": []})).await,
            Suspend => by.put(&format!("{user}/status/suspend"), json!({})).await,
            Delete => by.delete(&user).await,
        }
    }
}

/// A server with one owner, and with an administrator of users who is no owner.
struct World {
    _app: TestApp,
    owner: Identity,
    admin: Identity,
    organization: String,
}

impl World {
    async fn new() -> Self {
        let (app, owner) = TestApp::new().await;
        let organization = owner.organization().await;
        let admin = user(&owner, &organization, "admin", &["user-admin"]).await;
        Self { _app: app, owner, admin, organization }
    }

    /// A further owner.
    async fn second(&self, by: &Identity, name: &str) -> Identity {
        user(by, &self.organization, name, &["owner"]).await
    }

    /// The ids of all owners who are active.
    async fn owners(&self) -> Vec<String> {
        let path = "/api/v2/users?q=role:owner%20status:active";
        let found = self.admin.get(path).await.expect(StatusCode::OK).json();
        found["users"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// Makes a user who signs in at GitHub, with these roles and a session.
async fn user(by: &Identity, organization: &str, name: &str, roles: &[&str]) -> Identity {
    let body = json!({
        "username": name, "email": format!("{name}@example.com"), "login_type": "github", "user_status": "active",
        "organization_ids": [organization], "roles": roles,
    });
    let made = by.post("/api/v2/users", body).await.expect(StatusCode::CREATED);
    let minted = by.post(&format!("/api/v2/users/{name}/keys"), json!({})).await;
    by.with_key_of(&minted).with_id(made.text("id"))
}

/// A refusal says that there must be an owner, or its caller has been removed before.
#[track_caller]
fn is_fair(answer: &Answer) {
    let shown = format!("{} {}", answer.status, answer.body);
    match answer.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {}
        StatusCode::BAD_REQUEST => {
            let message = answer.message();
            // An owner is not suspended at all; a caller who is no owner any more may not take that role.
            let known = [NO_OWNER, "You cannot suspend a user with the", "not authorized to assign role"];
            assert!(known.iter().any(|known| message.starts_with(known)), "{shown}");
        }
        _ => assert!(answer.status.is_success(), "{shown}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_owners_who_remove_each_other_at_the_same_moment_one_stays() {
    let world = World::new().await;
    let (mut one, mut changed) = (world.owner.clone(), 0);
    let mut other = world.second(&one, "second").await;
    for number in 0..TRIES {
        let (removal, counter) = (REMOVALS[number % 3], REMOVALS[number / 3 % 3]);
        let race = |removal: Removal, by: &Identity, user: &Identity| {
            let (by, user) = (by.clone(), user.id.clone());
            tokio::spawn(async move { removal.of(&by, &user).await })
        };
        let (first, second) = (race(removal, &one, &other), race(counter, &other, &one));
        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        let owners = world.owners().await;
        let shown = format!("try {number}, {removal:?} and {counter:?}: {first:?} {second:?}");
        assert!(!owners.is_empty(), "no owner is left: {shown}");
        is_fair(&first);
        is_fair(&second);
        if owners.len() == 1 {
            changed += 1;
            one = if owners.contains(&one.id) { one } else { other };
            other = world.second(&one, &format!("owner{number}")).await;
        }
    }
    assert!(changed > TRIES / 2, "only {changed} tries came to something");
}

/// The same where nothing is left to chance: both requests are there but for a byte.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_owners_whose_requests_to_demote_each_other_wait_one_stays() {
    let world = World::new().await;
    let mut one = world.owner.clone();
    for number in 0..TRIES / 10 {
        let other = world.second(&one, &format!("owner{number}")).await;
        let hold = async |by: &Identity, user: &Identity| {
            Held::send(by, "PUT", &format!("/api/v2/users/{}/roles", user.id), r#"{"roles": []}"#).await
        };
        let (first, second) = (hold(&one, &other).await, hold(&other, &one).await);
        let (first, second) = tokio::join!(first.complete(), second.complete());
        let owners = world.owners().await;
        assert_eq!(owners.len(), 1, "try {number}: {first:?} {second:?}");
        is_fair(&first);
        is_fair(&second);
        one = if owners.contains(&one.id) { one } else { other };
    }
}

/// Who may remove an owner is an owner: no other user removes the last one.
#[tokio::test]
async fn an_administrator_of_users_does_not_remove_the_last_owner() {
    let world = World::new().await;
    // An owner who is suspended could not make another.
    let idle = world.second(&world.owner, "idle").await;
    Demote.of(&world.owner, &idle.id).await.expect(StatusCode::OK);
    Suspend.of(&world.owner, &idle.id).await.expect(StatusCode::OK);
    let roles = format!("/api/v2/users/{}/roles", idle.id);
    world.owner.put(&roles, json!({"roles": ["owner"]})).await.expect(StatusCode::OK);
    let auditor = user(&world.owner, &world.organization, "auditor", &["auditor", "template-admin"]).await;
    for removal in REMOVALS {
        for by in [&world.admin, &auditor] {
            let answer = removal.of(by, &world.owner.id).await;
            assert!(answer.status.is_client_error(), "{removal:?}: {} {}", answer.status, answer.body);
            assert_eq!(world.owners().await, [world.owner.id.as_str()], "{removal:?}: {}", answer.body);
        }
    }
}

/// Somebody must be able to sign in: programs, and users who sign in by no way, are no owners who are left.
#[tokio::test]
async fn an_owner_whom_nobody_signs_in_as_does_not_count() {
    let world = World::new().await;
    for (name, fields) in [
        ("robot", json!({"service_account": true})),
        ("nobody", json!({"login_type": "none", "email": "nobody@example.com"})),
    ] {
        let mut body = json!({
            "username": name, "user_status": "active", "organization_ids": [world.organization], "roles": ["owner"],
        });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        world.owner.post("/api/v2/users", body).await.expect(StatusCode::CREATED);
        let minted = world.owner.post(&format!("/api/v2/users/{name}/keys"), json!({})).await;
        let other = world.owner.with_key_of(&minted);
        for removal in REMOVALS {
            let refused = removal.of(&other, &world.owner.id).await.expect(StatusCode::BAD_REQUEST);
            assert_eq!(refused.message(), NO_OWNER, "{removal:?} by {name}");
            assert!(refused.detail().contains("signs in"), "{}", refused.body);
        }
    }
    let second = world.second(&world.owner, "second").await;
    Demote.of(&second, &world.owner.id).await.expect(StatusCode::OK);
}

/// Taking the role is for those who may give it.
#[tokio::test]
async fn only_owners_remove_an_owner() {
    let world = World::new().await;
    let second = world.second(&world.owner, "second").await;
    let refused = Delete.of(&world.admin, &second.id).await.expect(StatusCode::FORBIDDEN);
    assert_eq!(refused.message(), "Forbidden.");
    let refused = Suspend.of(&world.admin, &second.id).await.expect(StatusCode::BAD_REQUEST);
    assert!(refused.message().starts_with("You cannot suspend a user with the \"owner\" role."), "{}", refused.body);
    let refused = Demote.of(&world.admin, &second.id).await;
    assert!(refused.status.is_client_error(), "{}", refused.body);
    let mut owners = [world.owner.id.clone(), second.id];
    owners.sort();
    let mut left = world.owners().await;
    left.sort();
    assert_eq!(left, owners);
}

/// No user does it to themselves, also not the last owner.
#[tokio::test]
async fn an_owner_does_not_remove_themselves() {
    let world = World::new().await;
    let me = &world.owner.id;
    for user in ["me", "owner", me] {
        let refused = Delete.of(&world.owner, user).await.expect(StatusCode::FORBIDDEN);
        assert_eq!(refused.message(), "You cannot delete yourself!");
        let refused = Suspend.of(&world.owner, user).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.message(), "You cannot suspend yourself.");
        let refused = Demote.of(&world.owner, user).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.message(), "You cannot change your own roles.");
    }
    assert_eq!(world.owners().await, [me.as_str()]);
}

/// Where there is another, an owner is removed like every user, but is demoted before they are suspended.
#[tokio::test]
async fn an_owner_who_is_not_the_last_is_removed() {
    let world = World::new().await;
    let second = world.second(&world.owner, "second").await;
    let refused = Suspend.of(&world.owner, &second.id).await.expect(StatusCode::BAD_REQUEST);
    assert!(refused.message().starts_with("You cannot suspend a user with the \"owner\" role."), "{}", refused.body);
    Demote.of(&world.owner, &second.id).await.expect(StatusCode::OK);
    Suspend.of(&world.owner, &second.id).await.expect(StatusCode::OK);
    let third = world.second(&world.owner, "third").await;
    Delete.of(&third, &world.owner.id).await.expect(StatusCode::OK);
    assert_eq!(world.owners().await, [third.id]);
}

/// Roles from a provider keep the last owner, also if the only others are suspended or programs.
#[tokio::test]
async fn roles_that_follow_a_provider_leave_an_owner_who_is_active() {
    let provider = provider();
    let flags = flags(&provider, &["--oidc-user-role-field=roles"]);
    let app = TestApp::empty(&flags.iter().map(AsRef::as_ref).collect::<Vec<_>>()).await;
    let amy_signs_in = async |roles: Value| {
        let mut claims = amy();
        claims["roles"] = roles;
        provider.sign_in_as(&claims);
        signed_in(&app, &provider).await
    };
    let first = amy_signs_in(json!(["owner"])).await;
    let organization = first.organization().await;
    let robot = json!({
        "username": "robot", "service_account": true, "user_status": "active", "organization_ids": [organization],
        "roles": ["owner"],
    });
    first.post("/api/v2/users", robot).await.expect(StatusCode::CREATED);
    let other = user(&first, &organization, "other", &["owner"]).await;
    Demote.of(&first, &other.id).await.expect(StatusCode::OK);
    Suspend.of(&first, &other.id).await.expect(StatusCode::OK);
    let roles = format!("/api/v2/users/{}/roles", other.id);
    first.put(&roles, json!({"roles": ["owner"]})).await.expect(StatusCode::OK);
    let names = async |of: &Identity| of.get("/api/v2/users/me").await.expect(StatusCode::OK).json()["roles"].clone();
    let again = amy_signs_in(json!([])).await;
    assert_eq!(names(&again).await[0]["name"], "owner");
    let activate = format!("/api/v2/users/{}/status/activate", other.id);
    again.send(Method::PUT, &activate, None).await.expect(StatusCode::OK);
    assert_eq!(names(&amy_signs_in(json!([])).await).await, json!([]));
}
