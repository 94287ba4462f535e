//! Isolation of organizations, for names in queries and bodies.
use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Caller, TwoOrganizations, places, sample::SampleOrganization};
use crate::{
    access::endpoints,
    support::{Answer, Identity},
};

/// Every list, and queries that name objects of another organization. An organization or a group in the path is the
/// caller's own.
const LISTS: [(&str, &[&str]); 16] = [
    ("/users", &["", "q={username}", "after_id={user}"]),
    ("/users/{user}/organizations", &[""]),
    ("/users/{user}/sessions", &[""]),
    ("/users/{user}/keys/tokens", &["", "include_all=true&include_expired=true", "after_id={keyid}"]),
    ("/organizations", &[""]),
    ("/organizations/{organization}/members", &["", "q=user_id:{user}"]),
    ("/organizations/{organization}/paginated-members", &["", "q={username}", "after_id={user}"]),
    ("/organizations/{organization}/members/roles", &[""]),
    (
        "/organizations/{organization}/groups",
        &["", "organization={organization}", "has_member={user}", "group_ids={group}"],
    ),
    ("/organizations/{organization}/groups/{groupname}/members", &["", "q={username}"]),
    ("/organizations/{organization}/templates", &["", "q=organization:{organization}", "after_id={template}"]),
    ("/groups", &["", "organization={organization}", "has_member={user}", "group_ids={group}"]),
    ("/groups/{group}/members", &["", "q={username}", "after_id={user}"]),
    ("/resources", &["", "organization={organization}", "owner={user}", "q={workspacename}", "after_id={workspace}"]),
    (
        "/workspaces",
        &[
            "",
            "q=organization:{organization}",
            "q=owner:{username}",
            "q=name:{workspacename}",
            "q=template:{templatename}",
            "after_id={workspace}",
        ],
    ),
    ("/templates", &["", "q=organization:{organization}", "q=name:{templatename}", "after_id={template}"]),
];

/// Queries for audit records, for callers who may read those of their organization.
const RECORDS: [&str; 5] = [
    "q=organization:{organization}",
    "q=username:{username}",
    "q=resource_id:{workspace}",
    "q=resource_target:{workspacename}",
    "q=resource_id:{organization}",
];

/// Requests about the caller's own objects, with bodies that name objects of another organization.
const BODIES: [(&str, &str, &str); 12] = [
    ("POST", "/users", r#"{"username": "fresh", "service_account": true, "organization_ids": ["{organization}"]}"#),
    ("POST", "/resources", r#"{"resource_type": "workspace", "name": "fresh", "organization_id": "{organization}"}"#),
    ("POST", "/resources", r#"{"resource_type": "template", "name": "fresh", "organization_id": "{organization}"}"#),
    ("PATCH", "/resources/workspace/{workspace}", r#"{"organization_id": "{organization}"}"#),
    ("PATCH", "/resources/template/{template}", r#"{"organization_id": "{organization}"}"#),
    ("PATCH", "/organizations/{organization}", r#"{"default_org_member_roles": ["{rolename}"]}"#),
    ("PUT", "/organizations/{organization}/members/roles", r#"{"name": "{rolename}"}"#),
    ("PUT", "/organizations/{organization}/members/acme-person/roles", r#"{"roles": ["{rolename}"]}"#),
    ("PATCH", "/groups/{group}", r#"{"add_users": ["{user}"]}"#),
    ("PATCH", "/groups/{group}", r#"{"remove_users": ["{user}"]}"#),
    ("PATCH", "/resources/workspace/{workspace}/acl", r#"{"group_roles": {"{group}": "use"}}"#),
    ("PATCH", "/resources/template/{template}/acl", r#"{"group_roles": {"{group}": "use"}}"#),
];

/// Replaces the placeholders in a text by ids of this organization.
fn filled(text: &str, organization: &SampleOrganization) -> String {
    organization.all().fold(text.to_owned(), |text, (place, id)| text.replace(place, id))
}

async fn get(caller: &Caller, path: &str, query: &str, of: &SampleOrganization) -> Answer {
    caller.who.get(&format!("/api/v2{}?{}", filled(path, &caller.own), filled(query, of))).await
}

/// Checks that a list holds nothing of the foreign organization, and that naming its objects is like naming nothing.
async fn check_list(organizations: &TwoOrganizations, caller: &Caller, path: &str, query: &str) {
    let foreign = get(caller, path, query, &organizations.foreign).await;
    let context = format!("{} {path}?{query}: {}", caller.name, foreign.body);
    // Callers who may read users see all of them, with their organizations.
    if caller.reads_users && path == "/users" {
        return;
    }
    // A refusal repeats the query.
    let named = if foreign.status.is_success() { organizations.foreign.names_in(&foreign) } else { Vec::new() };
    assert!(named.is_empty(), "{named:?} in {context}");
    if !(caller.reads_users && query.contains("{user")) {
        let missing = get(caller, path, query, &organizations.missing).await;
        assert_eq!(
            organizations.foreign.without_names(&foreign),
            organizations.missing.without_names(&missing),
            "{context}"
        );
    }
}

#[tokio::test]
async fn no_list_holds_what_is_another_organizations_whatever_it_is_asked_for() {
    let organizations = TwoOrganizations::new().await;
    for caller in organizations.callers().await {
        for (path, queries) in LISTS {
            for query in queries {
                check_list(&organizations, &caller, path, query).await;
            }
        }
        get(&caller, "/audit", "", &organizations.foreign).await.expect(StatusCode::OK);
        for query in RECORDS {
            check_list(&organizations, &caller, "/audit", query).await;
        }
    }
}

fn is_list(answer: &Answer) -> bool {
    let body = answer.json();
    body.is_array() || body.get("count").is_some()
}

#[tokio::test]
async fn every_list_is_among_these() {
    let organizations = TwoOrganizations::new().await;
    let all = organizations.callers().await.remove(1);
    let mut lists = BTreeSet::new();
    for (_, path, _) in endpoints().into_iter().filter(|(method, path, _)| *method == "GET" && !path.starts_with("//"))
    {
        let answer = all.who.get(&format!("/api/v2{}", filled(&path.replace("{type}", "workspace"), &all.own))).await;
        if answer.status == StatusCode::OK && is_list(&answer) {
            lists.insert(path);
        }
    }
    // Lists that are the same for all callers.
    for path in ["/experiments", "/users/roles"] {
        assert!(lists.remove(path), "{path}");
    }
    let known: BTreeSet<String> = LISTS.iter().map(|(path, _)| *path).chain(["/audit"]).map(str::to_owned).collect();
    assert_eq!(lists, known);
}

async fn send(caller: &Caller, (method, path, body): (&str, &str, &str), of: &SampleOrganization) -> Answer {
    let body = serde_json::from_str(&filled(body, of)).unwrap();
    let path = format!("/api/v2{}", filled(path, &caller.own));
    caller.who.send(Method::from_bytes(method.as_bytes()).unwrap(), &path, Some(body)).await
}

#[tokio::test]
async fn what_a_body_names_of_another_organization_is_nothing_and_nothing_is_done() {
    let organizations = TwoOrganizations::new().await;
    let callers = organizations.callers().await;
    let state = async || {
        (
            organizations.foreign.everything(&organizations.owner).await,
            organizations.own.everything(&organizations.owner).await,
        )
    };
    let before = state().await;
    for caller in callers {
        for request in BODIES {
            let foreign = send(&caller, request, &organizations.foreign).await;
            let missing = send(&caller, request, &organizations.missing).await;
            let context = format!("{} {request:?}: {}", caller.name, foreign.body);
            assert!(foreign.status.is_client_error(), "{context}");
            assert_eq!(
                organizations.foreign.without_names(&foreign),
                organizations.missing.without_names(&missing),
                "{context}"
            );
        }
        assert_eq!(state().await, before, "{}", caller.name);
    }
}

/// Authorization checks of all objects by id, with explanations.
async fn explained(who: &Identity, of: &SampleOrganization) -> Vec<(String, Value)> {
    let stored = [("organization", "{organization}"), ("group", "{group}")];
    let stored = stored.map(|(kind, place)| (kind.to_owned(), of.id(place).to_owned()));
    let mut answers = Vec::new();
    for (kind, id) in of.objects.clone().into_iter().chain(stored) {
        for action in ["read", "update", "delete", "share"] {
            let object = json!({"resource_type": kind, "resource_id": id});
            let checks = json!({"checks": {"it": {"action": action, "object": object}}});
            let answer = who.post("/api/v2/authcheck?explain=true", checks).await.expect(StatusCode::OK).json();
            assert_eq!(answer["it"]["allowed"], false, "{action} {kind}");
            answers.push((format!("{action} {kind}"), answer));
        }
    }
    answers
}

#[tokio::test]
async fn the_check_says_of_what_is_another_organizations_what_it_says_of_nothing() {
    let organizations = TwoOrganizations::new().await;
    for caller in organizations.callers().await {
        assert_eq!(
            explained(&caller.who, &organizations.foreign).await,
            explained(&caller.who, &organizations.missing).await
        );
    }
}

/// An endpoint without a name in its path is tried by query or body, or concerns no organization.
#[test]
fn every_endpoint_is_tried_in_its_path_its_query_or_its_body() {
    const WITHOUT: [(&str, &str); 37] = [
        ("DELETE", "/users/authmethods"),
        ("DELETE", "/users/first"),
        ("DELETE", "/users/login"),
        ("DELETE", "/users/logout"),
        ("DELETE", "/users/oidc-claims"),
        ("DELETE", "/users/roles"),
        ("DELETE", "/users/validate-password"),
        ("GET", "/"),
        ("GET", "/auth/scopes"),
        ("GET", "/buildinfo"),
        ("GET", "/deployment/config"),
        ("GET", "/deployment/stats"),
        ("GET", "/entitlements"),
        ("GET", "/experiments"),
        ("GET", "/openapi.json"),
        ("GET", "/resource-types"),
        ("GET", "/updatecheck"),
        ("GET", "/users/authmethods"),
        ("GET", "/users/first"),
        ("GET", "/users/login"),
        ("GET", "/users/logout"),
        ("GET", "/users/oauth2/github/callback"),
        ("GET", "/users/oauth2/github/device"),
        ("GET", "/users/oidc-claims"),
        ("GET", "/users/oidc/callback"),
        ("GET", "/users/roles"),
        ("GET", "/users/validate-password"),
        ("POST", "/csp/reports"),
        ("POST", "/device/code"),
        ("POST", "/device/token"),
        ("POST", "/organizations"),
        ("POST", "/users/first"),
        ("POST", "/users/login"),
        ("POST", "/users/logout"),
        ("POST", "/users/otp/change-password"),
        ("POST", "/users/otp/request"),
        ("POST", "/users/validate-password"),
    ];
    let in_body = BODIES.iter().map(|(method, path, _)| (*method, *path));
    let in_query = LISTS.iter().map(|(path, _)| ("GET", *path)).chain([("GET", "/audit"), ("POST", "/authcheck")]);
    let tried: BTreeSet<(&str, &str)> = in_body.chain(in_query).collect();
    let endpoints = endpoints();
    let left: BTreeSet<(&str, &str)> = endpoints
        .iter()
        .map(|(method, path, _)| (*method, path.as_str()))
        .filter(|(method, path)| {
            places(path).is_empty() && !path.starts_with("//") && !tried.contains(&(*method, *path))
        })
        .collect();
    assert_eq!(left, BTreeSet::from(WITHOUT));
}
