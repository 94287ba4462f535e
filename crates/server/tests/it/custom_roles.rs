//! Custom roles of organizations, and their default roles.
use axum::http::StatusCode;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::support::{Answer, Identity, Log, TestApp};

const ORGANIZATIONS: &str = "/api/v2/organizations";

async fn give(by: &Identity, organization: &str, user: &str, roles: &[&str]) -> Answer {
    by.put(&format!("{ORGANIZATIONS}/{organization}/members/{user}/roles"), json!({"roles": roles})).await
}

fn request(name: &str, permissions: &[(&str, &str)]) -> Value {
    let permissions: Vec<Value> = permissions
        .iter()
        .map(|(of, action)| json!({"resource_type": of, "action": action, "negate": false}))
        .collect();
    json!({"name": name, "display_name": "Template reader", "organization_permissions": permissions})
}

#[tokio::test]
async fn an_organizations_own_role_gives_what_it_says_until_it_is_removed() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let template = owner.register("template", "base").await;
    let read = format!("/api/v2/templates/{template}");
    alice.get(&read).await.expect(StatusCode::NOT_FOUND);

    let roles = format!("{ORGANIZATIONS}/coder/members/roles");
    let made = owner.post(&roles, request("template-reader", &[("template", "read")])).await;
    assert_json_snapshot!("custom_role", made.expect(StatusCode::OK).json());
    let given = give(&owner, "coder", "alice", &["template-reader"]).await.expect(StatusCode::OK);
    assert_eq!(given.json()["roles"][0]["display_name"], "Template reader");
    alice.get(&read).await.expect(StatusCode::OK);

    owner.put(&roles, request("template-reader", &[("file", "read")])).await.expect(StatusCode::OK);
    alice.get(&read).await.expect(StatusCode::NOT_FOUND);
    owner.put(&roles, request("template-reader", &[("template", "read")])).await.expect(StatusCode::OK);
    alice.get(&read).await.expect(StatusCode::OK);

    owner.delete(&format!("{roles}/template-reader")).await.expect(StatusCode::NO_CONTENT);
    alice.get(&read).await.expect(StatusCode::NOT_FOUND);
    let member = owner.get(&format!("{ORGANIZATIONS}/coder/members/alice")).await.json();
    assert_eq!(member["roles"], json!([]), "a role that is gone is gone from its holders");
    let missing = owner.delete(&format!("{roles}/template-reader")).await.expect(StatusCode::NOT_FOUND);
    assert_eq!(missing.message(), "No custom role with the name template-reader found");
}

/// A role that forbids something unknown would have to forbid everything.
#[tokio::test]
async fn a_role_that_forbids_is_not_stored_whether_or_not_what_it_forbids_is_known() {
    let (_app, owner) = TestApp::new().await;
    let roles = format!("{ORGANIZATIONS}/coder/members/roles");
    owner.post(&roles, request("reader", &[("template", "read")])).await.expect(StatusCode::OK);
    for (of, action) in [("template", "update"), ("spaceship", "read"), ("template", "fly"), ("spaceship", "*")] {
        let mut denial = request("reader", &[(of, action)]);
        denial["organization_permissions"][0]["negate"] = json!(true);
        owner.put(&roles, denial.clone()).await.expect(StatusCode::BAD_REQUEST);
        denial["name"] = json!("other");
        owner.post(&roles, denial).await.expect(StatusCode::BAD_REQUEST);
    }
    let kept = owner.get(&roles).await.expect(StatusCode::OK).json();
    let custom: Vec<&Value> = kept.as_array().unwrap().iter().filter(|role| role["built_in"] == false).collect();
    assert_eq!(custom.len(), 1, "{custom:?}");
    assert_eq!(custom[0]["organization_permissions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_role_that_breaks_a_rule_is_not_made() {
    let (app, owner) = TestApp::new().await;
    let admin = owner.invite(&app, "admin", &[]).await;
    give(&owner, "coder", "admin", &["organization-admin"]).await.expect(StatusCode::OK);
    let roles = format!("{ORGANIZATIONS}/coder/members/roles");
    let permission = json!([{"resource_type": "template", "action": "read"}]);
    let mut with_site = request("r", &[]);
    with_site["site_permissions"] = permission.clone();
    let mut with_user = request("r", &[]);
    with_user["user_permissions"] = permission.clone();
    let mut negative = request("r", &[("template", "read")]);
    negative["organization_permissions"][0]["negate"] = json!(true);
    let cases = [
        (request("owner", &[]), "Reserved role name"),
        (request("a b", &[]), "Invalid role name"),
        (request(&"a".repeat(33), &[]), "Invalid role name"),
        (with_site, "Invalid request, not allowed to assign site wide permissions for an organization role."),
        (with_user, "Invalid request, not allowed to assign user permissions for an organization role."),
        (negative, "Failed to update role permissions"),
        (request("r", &[("*", "read")]), "Failed to update role permissions"),
        (request("r", &[("template", "*")]), "Failed to update role permissions"),
        (request("r", &[("nothing", "read")]), "Failed to update role permissions"),
        (request("r", &[("template", "fly")]), "Failed to update role permissions"),
        // An organization's administrator may not read users' secrets.
        (request("r", &[("user_secret", "read")]), "Failed to update role permissions"),
    ];
    for (body, message) in cases {
        let refused = admin.post(&roles, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}: {}", refused.body);
        assert_eq!(refused.message(), message, "{body}");
    }
    let listed = admin.get(&roles).await.json();
    assert!(listed.as_array().unwrap().iter().all(|role| role["built_in"] == json!(true)));
    let alice = owner.invite(&app, "alice", &[]).await;
    alice.post(&roles, request("r", &[("template", "read")])).await.expect(StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn default_roles_of_an_organization_are_every_members() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let template = owner.register("template", "base").await;
    let read = format!("/api/v2/templates/{template}");
    alice.get(&read).await.expect(StatusCode::NOT_FOUND);
    let path = format!("{ORGANIZATIONS}/coder");
    let roles = json!({"default_org_member_roles": ["organization-workspace-access", "organization-template-admin"]});
    owner.patch(&path, roles).await.expect(StatusCode::OK);
    alice.get(&read).await.expect(StatusCode::OK);
    let bad = owner.patch(&path, json!({"default_org_member_roles": ["king"]})).await;
    assert_eq!(bad.expect(StatusCode::BAD_REQUEST).message(), "Invalid default_org_member_roles entry.");
}

/// A custom role has only its own permissions, even if its name is one that the server uses.
#[tokio::test]
async fn an_own_role_gains_nothing_by_its_name() {
    let (app, owner) = TestApp::new().await;
    let roles = format!("{ORGANIZATIONS}/coder/members/roles");
    for name in ["system", "System", "Owner", "ORGANIZATION-ADMIN"] {
        let refused = owner.post(&roles, request(name, &[])).await.expect(StatusCode::BAD_REQUEST);
        assert_eq!(refused.message(), "Reserved role name", "{name}");
        assert_eq!(refused.detail(), format!("\"{name}\" is a reserved role name, and not allowed to be used"));
    }
    for name in ["organization-member", "Organization-Service-Account"] {
        let refused = owner.post(&roles, request(name, &[])).await.expect(StatusCode::CONFLICT);
        assert_eq!(refused.message(), format!("A role with the name \"{name}\" already exists."));
        assert_eq!(refused.json()["validations"][0]["field"], "name");
    }
    // Custom roles with these two names can be assigned only by users who may assign every role of an organization.
    let helper = owner.invite(&app, "helper", &[]).await;
    give(&owner, "coder", "helper", &["organization-user-admin"]).await.expect(StatusCode::OK);
    owner.make_user("alice", &[]).await;
    for name in ["custom-organization-role", "custom-site-role"] {
        owner.post(&roles, request(name, &[("template", "read")])).await.expect(StatusCode::OK);
        let refused = give(&helper, "coder", "alice", &[name]).await.expect(StatusCode::BAD_REQUEST);
        assert!(refused.message().starts_with("not authorized to assign role"), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_role_that_is_removed_is_no_default_any_more_and_does_not_revive() {
    let (app, owner) = TestApp::new().await;
    let alice = owner.invite(&app, "alice", &[]).await;
    let read = format!("/api/v2/templates/{}", owner.register("template", "base").await);
    let (path, roles) = (format!("{ORGANIZATIONS}/coder"), format!("{ORGANIZATIONS}/coder/members/roles"));
    owner.post(&roles, request("reader", &[("template", "read")])).await.expect(StatusCode::OK);
    let defaults = json!({"default_org_member_roles": ["organization-workspace-access", "reader", "reader"]});
    let changed = owner.patch(&path, defaults).await.expect(StatusCode::OK).json();
    assert_eq!(changed["default_org_member_roles"], json!(["organization-workspace-access", "reader"]), "each once");
    alice.get(&read).await.expect(StatusCode::OK);

    owner.delete(&format!("{roles}/reader")).await.expect(StatusCode::NO_CONTENT);
    let kept = owner.get(&path).await.expect(StatusCode::OK).json();
    assert_eq!(kept["default_org_member_roles"], json!(["organization-workspace-access"]));
    owner.post(&roles, request("reader", &[("template", "read")])).await.expect(StatusCode::OK);
    alice.get(&read).await.expect(StatusCode::NOT_FOUND);
    give(&owner, "coder", "alice", &["organization-auditor"]).await.expect(StatusCode::OK);
}

#[tokio::test]
async fn a_permission_that_is_repeated_is_stored_once() {
    let (_app, owner) = TestApp::new().await;
    let roles = format!("{ORGANIZATIONS}/coder/members/roles");
    let repeated = [("template", "read"), ("file", "read"), ("template", "read"), ("file", "read")].repeat(250);
    for answer in [
        owner.post(&roles, request("reader", &repeated)).await.expect(StatusCode::OK),
        owner.put(&roles, request("reader", &repeated)).await.expect(StatusCode::OK),
    ] {
        let stored = answer.json()["organization_permissions"].clone();
        let types: Vec<&Value> = stored.as_array().unwrap().iter().map(|one| &one["resource_type"]).collect();
        assert_eq!(types, ["template", "file"]);
    }
}

/// Adds so many custom roles to the default organization.
async fn add_roles(app: &TestApp, name: &str, count: u32) {
    let sql = format!(
        "WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < {count})
         INSERT INTO custom_roles (organization_id, name, name_key, permissions, created_at, updated_at)
         SELECT id, '{name}' || n, '{name}' || n, '[]', 0, 0 FROM organizations, many WHERE is_default = true"
    );
    assert_eq!(app.tamper(&sql).await, u64::from(count));
}

#[tokio::test]
async fn an_organization_has_a_bounded_number_of_custom_roles() {
    let (app, owner) = TestApp::new().await;
    let roles = format!("{ORGANIZATIONS}/coder/members/roles");
    add_roles(&app, "r", 255).await;
    owner.post(&roles, request("last", &[])).await.expect(StatusCode::OK);
    let refused = owner.post(&roles, request("more", &[])).await.expect(StatusCode::BAD_REQUEST);
    assert_eq!(refused.message(), "An organization has at most 256 custom roles.");
    assert_eq!(refused.detail(), "Delete one that nobody needs, or add the permissions to another.");
    owner.put(&roles, request("last", &[("template", "read")])).await.expect(StatusCode::OK);
    owner.add_organization("acme").await;
    let acme = format!("{ORGANIZATIONS}/acme/members/roles");
    owner.post(&acme, request("more", &[])).await.expect(StatusCode::OK);
    owner.delete(&format!("{roles}/r7")).await.expect(StatusCode::NO_CONTENT);
    owner.post(&roles, request("more", &[])).await.expect(StatusCode::OK);
}

/// A role that does not decode is named in the log whenever it is read.
#[tokio::test]
async fn a_request_reads_the_roles_that_its_caller_holds_and_no_others() {
    let (app, owner) = TestApp::new().await;
    let amy = owner.invite(&app, "amy", &[]).await;
    let roles = format!("{ORGANIZATIONS}/coder/members/roles");
    for name in ["held", "default", "other"] {
        owner.post(&roles, request(name, &[("template", "read")])).await.expect(StatusCode::OK);
    }
    give(&owner, "coder", "amy", &["held"]).await.expect(StatusCode::OK);
    let defaults = json!({"default_org_member_roles": ["default"]});
    owner.patch(&format!("{ORGANIZATIONS}/coder"), defaults).await.expect(StatusCode::OK);
    for (damaged, is_read) in [("other", false), ("held", true), ("default", true)] {
        let sql = "UPDATE custom_roles SET permissions = CASE name WHEN";
        let sql = format!("{sql} '{damaged}' THEN '[7]' ELSE '[]' END");
        app.tamper(&sql).await;
        let log = Log::capture();
        amy.get("/api/v2/users/me").await.expect(StatusCode::OK);
        assert_eq!(log.text().contains("custom_roles"), is_read, "{damaged}: {}", log.text());
    }
}
