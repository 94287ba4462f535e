//! A request is decided with the rights that its caller has once all of it is there: one whose body is held back until
//! those rights were taken away changes nothing.
mod indirect;
mod socket;

use std::collections::BTreeSet;

use axum::http::{Request, StatusCode, header};
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    held::Held,
    mutations::{AUTHCHECK, Mutation, Targets, documented, mutations},
    support::{Answer, Identity, TestApp},
};

/// Why a caller has no rights any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    RolesTaken,
    Suspended,
    Deleted,
    SignedOut,
    KeyExpired,
    KeyExpiredByTime,
    KeyDeleted,
    SessionsDeleted,
    /// Of an administrator of the organization alone.
    OrganizationRolesTaken,
    /// The same.
    RemovedFromOrganization,
}
use Cause::{
    Deleted, KeyDeleted, KeyExpired, KeyExpiredByTime, OrganizationRolesTaken, RemovedFromOrganization, RolesTaken,
    SessionsDeleted, SignedOut, Suspended,
};

const CAUSES: [Cause; 8] =
    [RolesTaken, Suspended, Deleted, SignedOut, KeyExpired, KeyExpiredByTime, KeyDeleted, SessionsDeleted];

/// How long a key lives that expires by itself.
const LIFETIME: SignedDuration = SignedDuration::from_mins(1);

struct World {
    app: TestApp,
    owner: Identity,
    targets: Targets,
}

impl World {
    async fn new() -> Self {
        let (app, owner) = TestApp::new().await;
        let targets = Targets::new(&owner, "acme").await;
        Self { app, owner, targets }
    }

    /// A caller who may do everything in question, until this cause.
    async fn caller(&self, cause: Cause, name: &str) -> Identity {
        match cause {
            OrganizationRolesTaken | RemovedFromOrganization => {
                let caller = self.targets.member(&self.owner, name, &[]).await;
                self.set_organization_roles(&caller, &["organization-admin"]).await;
                caller
            }
            KeyExpiredByTime => {
                let caller = self.targets.member(&self.owner, name, &["owner"]).await;
                caller.token(json!({"lifetime": i64::try_from(LIFETIME.as_nanos()).unwrap()})).await
            }
            _ => self.targets.member(&self.owner, name, &["owner"]).await,
        }
    }

    /// Takes the caller's rights away.
    async fn take_rights(&self, cause: Cause, caller: &Identity) {
        let user = format!("/api/v2/users/{}", caller.id);
        let key = format!("{user}/keys/{}", caller.key_id());
        let done = match cause {
            RolesTaken => self.set_roles(caller, &[]).await,
            // Owners are not suspended; the roles are back before the request goes on.
            Suspended => {
                self.set_roles(caller, &[]).await;
                self.owner.put(&format!("{user}/status/suspend"), json!({})).await.expect(StatusCode::OK);
                self.set_roles(caller, &["owner"]).await
            }
            Deleted => self.owner.delete(&user).await,
            SignedOut => caller.post("/api/v2/users/logout", json!({})).await,
            KeyExpired => self.owner.put(&format!("{key}/expire"), json!({})).await,
            KeyExpiredByTime => {
                self.app.advance(LIFETIME);
                return;
            }
            KeyDeleted => self.owner.delete(&key).await,
            SessionsDeleted => self.owner.delete(&format!("{user}/sessions")).await,
            OrganizationRolesTaken => self.set_organization_roles(caller, &[]).await,
            RemovedFromOrganization => self.owner.delete(&self.membership(caller)).await,
        };
        assert!(done.status.is_success(), "{cause:?}: {}", done.body);
    }

    async fn set_roles(&self, caller: &Identity, roles: &[&str]) -> Answer {
        let path = format!("/api/v2/users/{}/roles", caller.id);
        self.owner.put(&path, json!({"roles": roles})).await.expect(StatusCode::OK)
    }

    async fn set_organization_roles(&self, caller: &Identity, roles: &[&str]) -> Answer {
        let path = format!("{}/roles", self.membership(caller));
        self.owner.put(&path, json!({"roles": roles})).await.expect(StatusCode::OK)
    }

    fn membership(&self, caller: &Identity) -> String {
        self.targets.filled(&format!("/api/v2/organizations/{{organization}}/members/{}", caller.id))
    }

    async fn hold(&self, caller: &Identity, of: &Mutation) -> Held {
        Held::send(caller, of.method, &of.path(&self.targets), &of.body(&self.targets)).await
    }
}

/// All mutations with a documented body to hold back.
fn with_bodies() -> impl Iterator<Item = &'static Mutation> {
    mutations().filter(|of| of.has_body() && of.path != AUTHCHECK)
}

/// Holds each of these requests back until this cause, and says what was wrong with what came of it.
async fn outlived(cause: Cause, of: impl Iterator<Item = &'static Mutation>) -> Vec<String> {
    let world = World::new().await;
    let mut wrong = Vec::new();
    for (number, of) in of.enumerate() {
        let caller = world.caller(cause, &format!("caller{number}")).await;
        let held = world.hold(&caller, of).await;
        world.take_rights(cause, &caller).await;
        let before = world.targets.state(&world.owner).await;
        let answer = held.complete().await;
        let after = world.targets.state(&world.owner).await;
        let changed = before.iter().zip(&after).filter(|(before, after)| before != after).map(|(_, (path, _))| path);
        let changed: Vec<&String> = changed.collect();
        if !is_refusal(answer.status) || !changed.is_empty() {
            let Answer { status, body, .. } = answer;
            wrong.push(format!("{} {}: {status} {}; changed {changed:?}", of.method, of.path, body.trim_end()));
        }
    }
    wrong
}

fn is_refusal(status: StatusCode) -> bool {
    [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&status)
}

async fn nothing_outlives(cause: Cause) {
    let wrong = outlived(cause, with_bodies()).await;
    assert!(wrong.is_empty(), "{cause:?}:\n{}", wrong.join("\n"));
}

async fn nothing_in_the_organization_outlives(cause: Cause) {
    let wrong = outlived(cause, with_bodies().filter(|of| of.is_in_organization())).await;
    assert!(wrong.is_empty(), "{cause:?}:\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn no_mutation_outlives_its_callers_roles() {
    let wrong = outlived(RolesTaken, with_bodies().filter(|of| !of.is_ones_own())).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn no_mutation_outlives_its_callers_suspension() {
    nothing_outlives(Suspended).await;
}

#[tokio::test]
async fn no_mutation_outlives_its_callers_deletion() {
    nothing_outlives(Deleted).await;
}

#[tokio::test]
async fn no_mutation_outlives_its_callers_sign_out() {
    nothing_outlives(SignedOut).await;
}

#[tokio::test]
async fn no_mutation_outlives_a_key_that_is_expired() {
    nothing_outlives(KeyExpired).await;
}

#[tokio::test]
async fn no_mutation_outlives_a_key_that_expires() {
    nothing_outlives(KeyExpiredByTime).await;
}

#[tokio::test]
async fn no_mutation_outlives_a_key_that_is_deleted() {
    nothing_outlives(KeyDeleted).await;
}

#[tokio::test]
async fn no_mutation_outlives_its_callers_sessions() {
    nothing_outlives(SessionsDeleted).await;
}

#[tokio::test]
async fn no_mutation_in_an_organization_outlives_its_callers_roles_there() {
    nothing_in_the_organization_outlives(OrganizationRolesTaken).await;
}

#[tokio::test]
async fn no_mutation_in_an_organization_outlives_its_callers_membership() {
    nothing_in_the_organization_outlives(RemovedFromOrganization).await;
}

/// The tests above hold back what would be done otherwise: rights that stand are enough, however late the body is.
#[tokio::test]
async fn a_late_body_is_acted_on_while_the_caller_may() {
    let world = World::new().await;
    let mut tried = BTreeSet::new();
    for of in with_bodies() {
        let held = world.hold(&world.owner, of).await;
        let answer = held.complete().await;
        assert!(answer.status.is_success(), "{} {}: {} {}", of.method, of.path, answer.status, answer.body);
        tried.insert((of.method.to_owned(), of.path.to_owned()));
    }
    let (documented, _) = documented().await;
    let expected = documented.into_iter().filter(|of| of.has_body && of.path != AUTHCHECK);
    assert_eq!(tried, expected.map(|of| (of.method, of.path)).collect());
    let world = World::new().await;
    let admin = world.caller(OrganizationRolesTaken, "admin").await;
    for of in with_bodies().filter(|of| of.is_in_organization()) {
        let answer = world.hold(&admin, of).await.complete().await;
        assert!(answer.status.is_success(), "{} {}: {} {}", of.method, of.path, answer.status, answer.body);
    }
}

/// A body that no route documents is waited for all the same, so it keeps no rights alive either.
#[tokio::test]
async fn no_mutation_without_a_documented_body_outlives_its_callers_key() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    for (number, of) in mutations().filter(|of| !of.has_body()).enumerate() {
        let caller = world.caller(KeyDeleted, &format!("caller{number}")).await;
        let held = Held::send(&caller, of.method, &of.path(&world.targets), " ").await;
        world.take_rights(KeyDeleted, &caller).await;
        let before = world.targets.state(&world.owner).await;
        let answer = held.complete().await;
        if !is_refusal(answer.status) || world.targets.state(&world.owner).await != before {
            wrong.push(format!("{} {}: {} {}", of.method, of.path, answer.status, answer.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Answers without a change are decided with the same rights.
#[tokio::test]
async fn a_check_is_answered_by_the_rights_that_stand_once_all_of_it_is_there() {
    let world = World::new().await;
    let check = json!({"checks": {"it": {"action": "create", "object": {"resource_type": "user"}}}}).to_string();
    let mut wrong = Vec::new();
    for (number, cause) in CAUSES.into_iter().enumerate() {
        for (query, member) in [("", "/it"), ("?explain=true", "/it/allowed")] {
            let caller = world.caller(cause, &format!("caller{number}{}", query.len())).await;
            let held = Held::send(&caller, "POST", &format!("/api/v2/authcheck{query}"), &check).await;
            world.take_rights(cause, &caller).await;
            let answer = held.complete().await;
            let is_right = match cause {
                RolesTaken => answer.status == StatusCode::OK && answer.json().pointer(member) == Some(&json!(false)),
                _ => answer.status == StatusCode::UNAUTHORIZED,
            };
            if !is_right {
                wrong.push(format!("{cause:?}{query}: {} {}", answer.status, answer.body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A form may prove by a header that its page is ours: then nothing reads it before the page does.
#[tokio::test]
async fn no_approval_of_a_device_outlives_its_callers_rights() {
    const CSRF: &str = "JXm9hOUdZctWt0ZZGAy9xiS/gxMKYOThdxjjMnMUyn4=";
    const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
    let world = World::new().await;
    let mut wrong = Vec::new();
    // Its own keys may be minted by every user.
    for (number, cause) in CAUSES.into_iter().filter(|cause| *cause != RolesTaken).enumerate() {
        let caller = world.caller(cause, &format!("caller{number}")).await;
        let device = world.app.anonymous().post("/api/v2/device/code", json!({})).await.expect(StatusCode::OK).json();
        let form = format!("answer=approve&code={}", device["user_code"].as_str().unwrap());
        let head = Request::post("/device")
            .header(header::COOKIE, format!("coder_session_token={}; csrf_token={CSRF}", caller.key))
            .header("X-CSRF-TOKEN", CSRF)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let approval = Held::send_head(&caller, head, &form).await;
        world.take_rights(cause, &caller).await;
        let answer = approval.complete().await;
        if answer.status.is_success() {
            wrong.push(format!("{cause:?}: {}", answer.status));
        }
        let redeem = json!({"grant_type": GRANT, "device_code": device["device_code"]});
        let told = world.app.anonymous().post("/api/v2/device/token", redeem).await.expect(StatusCode::BAD_REQUEST);
        if told.json()["error"] != "authorization_pending" {
            wrong.push(format!("{cause:?}: {}", told.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The page of an error has the navigation of the person who asked, and none once their session has ended.
#[tokio::test]
async fn the_page_of_an_error_is_around_nobody_whose_session_has_ended_meanwhile() {
    const CSRF: &str = "JXm9hOUdZctWt0ZZGAy9xiS/gxMKYOThdxjjMnMUyn4=";
    let world = World::new().await;
    let caller = world.caller(SignedOut, "caller").await;
    let held = async || {
        let head = Request::post("/reset-password")
            .header(header::COOKIE, format!("coder_session_token={}; csrf_token={CSRF}", caller.key))
            .header("X-CSRF-TOKEN", CSRF)
            .header(header::ACCEPT, "text/html")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Held::send_head(&caller, head, "email=%00").await
    };
    let page = held().await.complete().await.expect(StatusCode::BAD_REQUEST);
    assert!(page.body.contains("<p class=\"who\">caller</p>"), "{}", page.body);
    let begun = held().await;
    world.take_rights(SignedOut, &caller).await;
    let page = begun.complete().await.expect(StatusCode::BAD_REQUEST);
    assert!(!page.body.contains("caller") && !page.body.contains("/logout"), "{}", page.body);
}
