//! Members of many groups and organizations: no list is too long for them.
use axum::http::StatusCode;
use serde_json::json;

use crate::support::{Identity, TestApp};

const GROUPS: u32 = 600;
const ORGANIZATIONS: u32 = 300;

/// Puts a user into so many new groups of the default organization and into so many new organizations, where they may
/// read what was recorded.
async fn join_many(app: &TestApp, user: &Identity, home: &str) {
    let blob = |id: &str| format!("x'{}'", id.replace('-', ""));
    let (user, home) = (blob(&user.id), blob(home));
    let many =
        |count| format!("WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < {count})");
    let (groups, organizations) = (many(GROUPS), many(ORGANIZATIONS));
    let sql = format!(
        "{groups} INSERT INTO groups (id, organization_id, name, created_at, updated_at)
             SELECT randomblob(16), {home}, 'many' || n, 0, 0 FROM many;
         INSERT INTO group_members (group_id, user_id) SELECT id, {user} FROM groups WHERE name LIKE 'many%';
         {organizations} INSERT INTO organizations
             (id, name, name_key, display_name, default_org_member_roles, created_at, updated_at)
             SELECT randomblob(16), 'many' || n, 'many' || n, '', '[\"organization-workspace-access\"]', 0, 0 FROM many;
         INSERT INTO organization_members (organization_id, user_id, roles, created_at, updated_at)
             SELECT id, {user}, '[\"organization-auditor\"]', 0, 0 FROM organizations WHERE name LIKE 'many%';"
    );
    app.tamper(&sql).await;
}

#[tokio::test]
async fn a_member_of_many_groups_and_organizations_lists_everything_that_they_may_see() {
    let (app, owner) = TestApp::new().await;
    let amy = owner.invite(&app, "amy", &[]).await;
    join_many(&app, &amy, &owner.organization().await).await;
    let shared = owner.register("workspace", "shared").await;
    let group = owner.get("/api/v2/groups?has_member=amy").await.expect(StatusCode::OK).json();
    let groups: Vec<&str> = group.as_array().unwrap().iter().map(|group| group["name"].as_str().unwrap()).collect();
    assert!(groups.contains(&"many600"), "{}", groups.len());
    let last = group.as_array().unwrap().iter().find(|group| group["name"] == "many600").unwrap();
    let access = json!({"group_roles": {last["id"].as_str().unwrap(): "use"}});
    owner.patch(&format!("/api/v2/resources/workspace/{shared}/acl"), access).await.expect(StatusCode::OK);

    for (list, has_shared) in [
        ("/api/v2/resources", true),
        ("/api/v2/resources?limit=5", true),
        ("/api/v2/resources?type=workspace", true),
        ("/api/v2/workspaces", true),
        ("/api/v2/templates", false),
        ("/api/v2/users", false),
        ("/api/v2/groups", false),
        ("/api/v2/organizations", false),
        ("/api/v2/audit?limit=5", false),
        ("/api/v2/users/me/keys/tokens", false),
        ("/api/v2/users/me/sessions", false),
    ] {
        let listed = amy.get(list).await.expect(StatusCode::OK);
        assert_eq!(listed.body.contains(&shared), has_shared, "{list}");
    }
    let organizations = amy.get("/api/v2/organizations").await.json();
    assert_eq!(organizations.as_array().unwrap().len(), 301);
    let after = amy.get(&format!("/api/v2/resources?after_id={shared}")).await.expect(StatusCode::OK).json();
    assert_eq!((&after["count"], &after["resources"]), (&json!(1), &json!([])));
    let check = json!({"action": "read", "object": {"resource_type": "workspace", "resource_id": shared}});
    let checked = amy.post("/api/v2/authcheck", json!({"checks": {"one": check}})).await.expect(StatusCode::OK);
    assert_eq!(checked.json()["one"], true);
}
