//! Every endpoint, and what it requires. Without a key, or with one that is broken, expired or too weak, it refuses.
use std::{collections::BTreeSet, fs, path::Path};

use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Identity, TestApp};

/// What an endpoint requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Public,
    /// A key, whatever its scopes are.
    AnyKey,
    /// A key. The answer holds what this permission covers.
    Filtered(&'static str),
    /// This permission.
    Requires(&'static str),
}
use Access::{AnyKey, Filtered, Public, Requires};

/// Below `/api/v2`, unless the path begins with two slashes.
const ENDPOINTS: [(&str, &str, Access); 97] = [
    ("GET", "//healthz", Public),
    ("GET", "//latency-check", Public),
    ("GET", "//readyz", Public),
    ("GET", "//docs", Public),
    ("GET", "/openapi.json", Public),
    ("GET", "//.well-known/oauth-protected-resource", Public),
    ("GET", "/", Public),
    ("GET", "/buildinfo", Public),
    ("GET", "/updatecheck", Public),
    ("GET", "/entitlements", Public),
    ("POST", "/csp/reports", Public),
    ("GET", "/auth/scopes", Public),
    ("GET", "/users/authmethods", Public),
    ("GET", "/users/first", Public),
    ("POST", "/users/first", Public),
    ("POST", "/users/login", Public),
    ("POST", "/users/validate-password", Public),
    ("GET", "/users/oidc/callback", Public),
    ("GET", "/users/oauth2/github/callback", Public),
    ("GET", "/users/oauth2/github/device", Public),
    ("GET", "/users/oidc-claims", Requires("user:read_personal")),
    ("DELETE", "/users/oidc-claims", Requires("user:read")),
    ("POST", "/users/{user}/convert-login", Requires("user:update_personal")),
    ("POST", "/device/code", Public),
    ("POST", "/device/token", Public),
    ("POST", "/users/otp/request", Public),
    ("POST", "/users/otp/change-password", Public),
    ("POST", "/users/logout", AnyKey),
    ("GET", "/experiments", AnyKey),
    ("GET", "/resource-types", AnyKey),
    ("POST", "/authcheck", AnyKey),
    ("GET", "/users/{user}", AnyKey),
    ("GET", "/users/{user}/login-type", AnyKey),
    ("GET", "/users/{user}/keys/tokens/tokenconfig", AnyKey),
    ("GET", "/audit", Requires("audit_log:read")),
    ("GET", "/deployment/stats", Requires("deployment_stats:read")),
    ("GET", "/deployment/config", Requires("deployment_config:read")),
    ("GET", "/users", Filtered("user:read")),
    ("POST", "/users", Requires("user:create")),
    ("GET", "/users/roles", Requires("assign_role:read")),
    ("DELETE", "/users/{user}", Requires("user:read")),
    ("DELETE", "/users/authmethods", Requires("user:read")),
    ("DELETE", "/users/first", Requires("user:read")),
    ("DELETE", "/users/login", Requires("user:read")),
    ("DELETE", "/users/logout", Requires("user:read")),
    ("DELETE", "/users/roles", Requires("user:read")),
    ("DELETE", "/users/validate-password", Requires("user:read")),
    ("GET", "/users/validate-password", Requires("user:read")),
    ("GET", "/users/login", Requires("user:read")),
    ("GET", "/users/logout", Requires("user:read")),
    ("PUT", "/users/{user}/profile", Requires("user:update_personal")),
    ("PUT", "/users/{user}/password", Requires("user:update_personal")),
    ("GET", "/users/{user}/organizations", Filtered("organization:read")),
    ("GET", "/users/{user}/organizations/{organizationname}", Requires("organization:read")),
    ("PUT", "/users/{user}/status/suspend", Requires("user:read")),
    ("PUT", "/users/{user}/status/activate", Requires("user:update")),
    ("GET", "/users/{user}/roles", Requires("user:read_personal")),
    ("PUT", "/users/{user}/roles", Requires("user:read")),
    ("GET", "/users/{user}/appearance", Requires("user:read_personal")),
    ("PUT", "/users/{user}/appearance", Requires("user:update_personal")),
    ("GET", "/users/{user}/preferences", Requires("user:read_personal")),
    ("PUT", "/users/{user}/preferences", Requires("user:update_personal")),
    ("GET", "/users/{user}/notices", Requires("user:read_personal")),
    ("PUT", "/users/{user}/notices", Requires("user:update_personal")),
    ("POST", "/users/{user}/keys", Requires("api_key:create")),
    ("POST", "/users/{user}/keys/tokens", Requires("api_key:create")),
    ("GET", "/users/{user}/keys/tokens", Filtered("api_key:read")),
    ("GET", "/users/{user}/keys/tokens/{keyname}", Requires("api_key:read")),
    ("GET", "/users/{user}/keys/{keyid}", Requires("api_key:read")),
    ("DELETE", "/users/{user}/keys/{keyid}", Requires("api_key:read")),
    ("PUT", "/users/{user}/keys/{keyid}/expire", Requires("api_key:read")),
    ("GET", "/users/{user}/sessions", Filtered("api_key:read")),
    ("DELETE", "/users/{user}/sessions", Requires("api_key:delete")),
    ("DELETE", "/users/{user}/sessions/{id}", Requires("api_key:read")),
    ("GET", "/organizations", Filtered("organization:read")),
    ("POST", "/organizations", Requires("organization:create")),
    ("GET", "/groups", Filtered("group:read")),
    ("GET", "/groups/{group}", Requires("group:read")),
    ("PATCH", "/groups/{group}", Requires("group:read")),
    ("DELETE", "/groups/{group}", Requires("group:read")),
    ("GET", "/groups/{group}/members", Requires("group:read")),
    ("GET", "/resources", Filtered("workspace:read")),
    ("POST", "/resources", Requires("workspace:create")),
    ("GET", "/resources/{type}/{id}", Requires("workspace:read")),
    ("PATCH", "/resources/{type}/{id}", Requires("workspace:read")),
    ("DELETE", "/resources/{type}/{id}", Requires("workspace:read")),
    ("GET", "/resources/{type}/{id}/acl", Requires("workspace:read")),
    ("PATCH", "/resources/{type}/{id}/acl", Requires("workspace:read")),
    ("GET", "/workspaces", Filtered("workspace:read")),
    ("GET", "/workspaces/{workspace}", Requires("workspace:read")),
    ("GET", "/users/{user}/workspace/{workspacename}", Requires("workspace:read")),
    ("GET", "/templates", Filtered("template:read")),
    ("GET", "/templates/{template}", Requires("template:read")),
    ("GET", "/organizations/{organization}", Requires("organization:read")),
    ("PATCH", "/organizations/{organization}", Requires("organization:read")),
    ("DELETE", "/organizations/{organization}", Requires("organization:read")),
    ("GET", "/organizations/{organization}/templates", Requires("organization:read")),
];

/// Endpoints below an organization, which the caller must first of all be able to read.
const BELOW_ORGANIZATIONS: [(&str, &str); 15] = [
    ("GET", "/templates/{templatename}"),
    ("GET", "/members"),
    ("GET", "/paginated-members"),
    ("GET", "/members/{user}"),
    ("POST", "/members/{user}"),
    ("DELETE", "/members/{user}"),
    ("PUT", "/members/{user}/roles"),
    ("GET", "/members/roles"),
    ("POST", "/members/roles"),
    ("PUT", "/members/roles"),
    ("DELETE", "/members/roles"),
    ("DELETE", "/members/roles/{rolename}"),
    ("GET", "/groups"),
    ("POST", "/groups"),
    ("GET", "/groups/{groupname}"),
];

pub(crate) fn endpoints() -> Vec<(&'static str, String, Access)> {
    let below = BELOW_ORGANIZATIONS.iter().chain(&[("GET", "/groups/{groupname}/members")]);
    let below = below.map(|(method, path)| {
        (*method, format!("/organizations/{{organization}}{path}"), Requires("organization:read"))
    });
    ENDPOINTS.iter().map(|(method, path, access)| (*method, (*path).to_owned(), *access)).chain(below).collect()
}

/// Words that are usernames for methods without a route of their own: routed, but described only as `/users/{user}`.
const ALIASES: [(&str, &str); 11] = [
    ("DELETE", "/organizations/{organization}/members/roles"),
    ("DELETE", "/users/authmethods"),
    ("DELETE", "/users/first"),
    ("DELETE", "/users/login"),
    ("DELETE", "/users/logout"),
    ("DELETE", "/users/oidc-claims"),
    ("DELETE", "/users/roles"),
    ("DELETE", "/users/validate-password"),
    ("GET", "/users/login"),
    ("GET", "/users/logout"),
    ("GET", "/users/validate-password"),
];

/// Pages for people, which are not part of the API; `web` tests them.
pub(crate) const PAGES: [&str; 60] = [
    "/",
    "/assets/icon.svg",
    "/assets/pages.css",
    "/assets/pages.js",
    "/audit",
    "/audit/records.csv",
    "/audit/records.jsonl",
    "/cli-auth",
    "/deployment/settings",
    "/deployment/tokens",
    "/deployment/tokens/expire",
    "/deployment/tokens/find",
    "/deployment/users",
    "/deployment/users/create",
    "/deployment/users/{user}",
    "/deployment/users/{user}/activate",
    "/deployment/users/{user}/delete",
    "/deployment/users/{user}/password",
    "/deployment/users/{user}/roles",
    "/deployment/users/{user}/suspend",
    "/device",
    "/docs/guides",
    "/docs/guides/{guide}",
    "/explain",
    "/favicon.ico",
    "/groups/{group}",
    "/groups/{group}/delete",
    "/login",
    "/login/device",
    "/logout",
    "/organizations",
    "/organizations/create",
    "/organizations/{organization}",
    "/organizations/{organization}/delete",
    "/organizations/{organization}/groups",
    "/organizations/{organization}/members",
    "/organizations/{organization}/members/{user}",
    "/organizations/{organization}/members/{user}/remove",
    "/organizations/{organization}/new-role",
    "/organizations/{organization}/roles",
    "/organizations/{organization}/roles/{rolename}",
    "/organizations/{organization}/roles/{rolename}/delete",
    "/reset-password",
    "/reset-password/change",
    "/resources",
    "/resources/{type}/{id}",
    "/settings/account",
    "/settings/account/theme",
    "/settings/notifications",
    "/settings/security",
    "/settings/security/provider",
    "/settings/sessions",
    "/settings/sessions/{id}",
    "/settings/tokens",
    "/settings/tokens/new",
    "/settings/tokens/{keyid}",
    "/settings/tokens/{keyid}/delete",
    "/settings/tokens/{keyid}/expire",
    "/setup",
    "/users",
];

/// Every operation of the document, and routes that it does not describe.
async fn served() -> BTreeSet<(String, String)> {
    let app = TestApp::empty(&[]).await;
    let document = app.anonymous().get("/api/v2/openapi.json").await.expect(StatusCode::OK).json();
    let mut served: BTreeSet<(String, String)> = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = match path.strip_prefix("/api/v2") {
            Some("") => "/".to_owned(),
            Some(below) => below.to_owned(),
            None => format!("/{path}"),
        };
        served.extend(methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    let aliases = ALIASES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned()));
    served.extend(aliases);
    served
}

/// Routes that the document does not describe cannot be added unnoticed: their calls are counted.
#[test]
fn nothing_but_aliases_and_pages_is_routed_beside_the_document() {
    let mut sources = Vec::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
    let mut routed: Vec<&str> = sources
        .iter()
        .flat_map(|source| source.split(".route(").skip(1))
        .map(|call| call.split('"').nth(1).unwrap_or(call))
        .collect();
    routed.sort_unstable();
    let mut aliases = ALIASES.map(|(_, path)| path).to_vec();
    aliases.sort_unstable();
    aliases.dedup();
    aliases.extend(PAGES);
    // On an address of its own.
    aliases.push("/metrics");
    aliases.sort_unstable();
    assert_eq!(routed, aliases);
}

fn gather(folder: &Path, sources: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(path).unwrap();
            sources.push(source.split("#[cfg(test)]").next().unwrap().to_owned());
        }
    }
}

#[tokio::test]
async fn every_endpoint_has_its_row() {
    let rows: BTreeSet<(String, String)> =
        endpoints().into_iter().map(|(method, path, _)| (method.to_owned(), path)).collect();
    let served = served().await;
    assert_eq!(rows.difference(&served).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "rows of nothing");
    assert_eq!(served.difference(&rows).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "without a row");
}

/// A deployment with an object for every placeholder of a path.
pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) owner: Identity,
    places: Vec<(&'static str, String)>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let (app, owner) = TestApp::new().await;
        owner.make_user("alice", &[]).await;
        let minted = owner.post("/api/v2/users/alice/keys/tokens", json!({"token_name": "ci"})).await;
        let alice = owner.with_key_of(&minted.expect(StatusCode::CREATED));
        let groups = "/api/v2/organizations/coder/groups";
        let group = owner.post(groups, json!({"name": "builders"})).await.expect(StatusCode::CREATED);
        let places = vec![
            ("{organizationname}", "coder".to_owned()),
            ("{organization}", "coder".to_owned()),
            ("{keyname}", "ci".to_owned()),
            ("{keyid}", alice.key_id().to_owned()),
            ("{groupname}", "builders".to_owned()),
            ("{group}", group.text("id").to_owned()),
            ("{rolename}", "reader".to_owned()),
            ("{workspacename}", "dev".to_owned()),
            ("{type}", "workspace".to_owned()),
            ("{id}", owner.register("workspace", "dev").await),
            ("{workspace}", owner.register("workspace", "second").await),
            ("{templatename}", "base".to_owned()),
            ("{template}", owner.register("template", "base").await),
        ];
        Self { app, owner, places }
    }

    fn path(&self, method: &str, path: &str) -> String {
        let own = self.places.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value));
        // Changes that users may not make to themselves are made to another user.
        let other = ["DELETE /users/{user}", "PUT /users/{user}/status/suspend", "PUT /users/{user}/roles"];
        let user = if other.contains(&format!("{method} {path}").as_str()) { "alice" } else { "me" };
        let own = own.replace("{user}", user);
        own.strip_prefix("//").map_or_else(|| format!("/api/v2{own}"), |outside| format!("/{outside}"))
    }

    pub(crate) async fn ask(&self, who: &Identity, method: &str, path: &str) -> Answer {
        let body = (!matches!(method, "GET" | "DELETE")).then(|| body(path));
        who.send(Method::from_bytes(method.as_bytes()).unwrap(), &self.path(method, path), body).await
    }
}

/// A body that is valid for every endpoint, so that only the key decides.
pub(crate) fn body(path: &str) -> Value {
    match path {
        "/authcheck" => json!({"checks": {}}),
        "/users" => json!({
            "username": "fresh", "service_account": true, "organization_ids": ["00000000-0000-0000-0000-000000000000"],
        }),
        "/resources" => json!({
            "resource_type": "workspace", "name": "fresh", "organization_id": "00000000-0000-0000-0000-000000000000",
        }),
        // Its unknown fields are refused.
        "/users/{user}/keys/tokens" => json!({"token_name": "fresh"}),
        _ => json!({
            "username": "owner", "name": "fresh", "theme_preference": "dark", "terminal_font": "fira-code",
            "roles": [], "checks": {},
        }),
    }
}

#[tokio::test]
async fn without_a_valid_key_only_public_endpoints_answer() {
    let world = World::new().await;
    let expired = world.owner.token(json!({"lifetime": 1_000_000_000})).await;
    let secret = if expired.key.ends_with('x') { "y" } else { "x" };
    let wrong = world.app.bearer_of(&format!("{}{secret}", &expired.key[..expired.key.len() - 1]));
    world.app.advance(SignedDuration::from_secs(1));
    for (method, path, access) in endpoints() {
        for who in [world.app.anonymous(), world.app.bearer_of("broken"), wrong.clone(), expired.clone()] {
            let answer = world.ask(&who, method, &path).await;
            let is_refused = answer.status == StatusCode::UNAUTHORIZED;
            let is_sign_in = path == "/users/login" && method == "POST";
            assert!(is_sign_in || is_refused == (access != Public), "{method} {path}: {}", answer.body);
            assert!(!answer.headers.contains_key("X-Keyfob-Required"), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_key_that_is_too_weak_is_refused_and_told_what_it_takes() {
    let world = World::new().await;
    for (method, path, access) in endpoints() {
        let weak = world.owner.scoped(&["file:read"]).await;
        let answer = world.ask(&weak, method, &path).await;
        let needed: BTreeSet<&str> = answer.header("X-Keyfob-Required").split(", ").collect();
        let shown = format!("{method} {path}: {} {}", answer.status, answer.body);
        match access {
            Public => {}
            AnyKey => assert!(answer.status.is_success(), "{shown}"),
            Filtered(permission) => {
                assert!(answer.status.is_success() && needed.contains(permission), "{shown} {needed:?}");
                assert!(!answer.body.contains("\"name\":\"") && !answer.body.contains("\"id\":\""), "{shown}");
            }
            Requires(permission) => {
                let is_refused = [StatusCode::FORBIDDEN, StatusCode::NOT_FOUND].contains(&answer.status);
                assert!(is_refused && needed.contains(permission), "{shown} {needed:?}");
                assert_eq!(answer.detail(), format!("the key's scopes lack {permission}"), "{shown}");
            }
        }
    }
    // None of these requests changed anything.
    for path in ["/users/alice", "/groups/{group}", "/resources/{type}/{id}", "/organizations/{organization}"] {
        world.ask(&world.owner, "GET", path).await.expect(StatusCode::OK);
    }
    world.ask(&world.owner, "GET", "/users/fresh").await.expect(StatusCode::NOT_FOUND);
}
