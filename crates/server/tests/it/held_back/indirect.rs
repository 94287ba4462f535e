//! The same for rights that come from elsewhere than the caller's own row: from roles that an organization makes, from
//! what all its members are given, from access lists, and from groups on them.
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    held::Held,
    mutations::Targets,
    support::{Answer, Identity, TestApp},
};

/// Where the right to change the template comes from, and how it is taken away.
#[derive(Clone, Copy, Debug)]
enum Loss {
    OwnRoleChanged,
    OwnRoleDeleted,
    DefaultRolesChanged,
    GrantToUserTaken,
    GrantToGroupTaken,
    GroupLeft,
    GroupDeleted,
    /// A group of all members is on the access list.
    OrganizationLeft,
}

const LOSSES: [Loss; 8] = [
    Loss::OwnRoleChanged,
    Loss::OwnRoleDeleted,
    Loss::DefaultRolesChanged,
    Loss::GrantToUserTaken,
    Loss::GrantToGroupTaken,
    Loss::GroupLeft,
    Loss::GroupDeleted,
    Loss::OrganizationLeft,
];

struct World {
    owner: Identity,
    targets: Targets,
    caller: Identity,
    _app: TestApp,
}

impl World {
    async fn new() -> Self {
        let (app, owner) = TestApp::new().await;
        let targets = Targets::new(&owner, "acme").await;
        let caller = targets.member(&owner, "caller", &[]).await;
        Self { owner, targets, caller, _app: app }
    }

    /// Asks as the owner; `{caller}` in path and body is the caller.
    async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        let filled = |text: &str| self.targets.filled(text).replace("{caller}", &self.caller.id);
        let body = serde_json::from_str(&filled(&body.to_string())).unwrap();
        let answer = self.owner.send(method.parse().unwrap(), &filled(&format!("/api/v2{path}")), Some(body)).await;
        assert!(answer.status.is_success(), "{method} {path}: {}", answer.body);
        answer
    }

    async fn own_role(&self, actions: &[&str]) {
        let permissions: Vec<Value> =
            actions.iter().map(|action| json!({"resource_type": "template", "action": action})).collect();
        let role = json!({"name": "{rolename}", "organization_permissions": permissions});
        self.ask("PUT", "/organizations/{organization}/members/roles", role).await;
    }

    async fn default_roles(&self, roles: &[&str]) {
        let body = json!({"default_org_member_roles": roles});
        self.ask("PATCH", "/organizations/{organization}", body).await;
    }

    async fn grant(&self, list: &str, grantee: &str, role: &str) {
        self.ask("PATCH", "/resources/template/{id}/acl", json!({list: {grantee: role}})).await;
    }

    async fn give(&self, loss: Loss) {
        match loss {
            Loss::OwnRoleChanged | Loss::OwnRoleDeleted => {
                self.own_role(&["read", "update"]).await;
                let roles = json!({"roles": ["{rolename}"]});
                self.ask("PUT", "/organizations/{organization}/members/{caller}/roles", roles).await;
            }
            Loss::DefaultRolesChanged => self.default_roles(&["organization-template-admin"]).await,
            Loss::GrantToUserTaken => self.grant("user_roles", "{caller}", "admin").await,
            Loss::GrantToGroupTaken | Loss::GroupLeft | Loss::GroupDeleted => {
                self.ask("PATCH", "/groups/{group}", json!({"add_users": ["{caller}"]})).await;
                self.grant("group_roles", "{group}", "admin").await;
            }
            Loss::OrganizationLeft => self.grant("group_roles", "{organization}", "admin").await,
        }
    }

    async fn take(&self, loss: Loss) {
        match loss {
            Loss::OwnRoleChanged => self.own_role(&["read"]).await,
            Loss::DefaultRolesChanged => self.default_roles(&[]).await,
            Loss::GrantToUserTaken => self.grant("user_roles", "{caller}", "").await,
            Loss::GrantToGroupTaken => self.grant("group_roles", "{group}", "").await,
            Loss::OwnRoleDeleted => {
                self.ask("DELETE", "/organizations/{organization}/members/roles/{rolename}", json!({})).await;
            }
            Loss::GroupLeft => {
                self.ask("PATCH", "/groups/{group}", json!({"remove_users": ["{caller}"]})).await;
            }
            Loss::GroupDeleted => {
                self.ask("DELETE", "/groups/{group}", json!({})).await;
            }
            Loss::OrganizationLeft => {
                self.ask("DELETE", "/organizations/{organization}/members/{caller}", json!({})).await;
            }
        }
    }

    async fn hold(&self, method: &str, path: &str, body: Value) -> Held {
        let body = self.targets.filled(&body.to_string());
        Held::send(&self.caller, method, &self.targets.filled(&format!("/api/v2{path}")), &body).await
    }

    /// Begins to rename the template, and to ask whether that may be done.
    async fn begin(&self) -> (Held, Held) {
        let renamed = self.hold("PATCH", "/resources/template/{id}", json!({"name": "late"})).await;
        let object = json!({"resource_type": "template", "resource_id": "{id}"});
        let check = json!({"checks": {"it": {"action": "update", "object": object}}});
        (renamed, self.hold("POST", "/authcheck", check).await)
    }

    async fn name(&self) -> String {
        self.ask("GET", "/resources/template/{id}", json!({})).await.text("name").to_owned()
    }
}

#[tokio::test]
async fn no_mutation_outlives_what_its_callers_right_came_from() {
    let mut wrong = Vec::new();
    for loss in LOSSES {
        let world = World::new().await;
        world.give(loss).await;
        let (renamed, checked) = world.begin().await;
        world.take(loss).await;
        let (checked, renamed) = (checked.complete().await, renamed.complete().await);
        if checked.json() != json!({"it": false}) {
            wrong.push(format!("{loss:?}: checked {}", checked.body));
        }
        if ![StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&renamed.status) || world.name().await != "base" {
            wrong.push(format!("{loss:?}: renamed {} {}", renamed.status, renamed.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The other way round: rights that were given meanwhile count, too.
#[tokio::test]
async fn a_late_body_is_acted_on_with_rights_that_were_given_meanwhile() {
    let mut wrong = Vec::new();
    for loss in LOSSES {
        let world = World::new().await;
        let (renamed, checked) = world.begin().await;
        world.give(loss).await;
        let (checked, renamed) = (checked.complete().await, renamed.complete().await);
        if checked.json() != json!({"it": true}) {
            wrong.push(format!("{loss:?}: checked {}", checked.body));
        }
        if renamed.status != StatusCode::OK || world.name().await != "late" {
            wrong.push(format!("{loss:?}: renamed {} {}", renamed.status, renamed.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
