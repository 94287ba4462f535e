//! Every route that changes something, with a request that succeeds there.
use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Identity, PASSWORD, TestApp};

/// A request that changes something, where it takes a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mutation {
    pub(crate) method: &'static str,
    /// Below `/api/v2`, as the document spells it.
    pub(crate) path: &'static str,
    /// Empty where the route reads none.
    body: &'static str,
    /// A place of the path, and what it names here in place of what it usually does.
    instead: Option<(&'static str, &'static str)>,
}

const fn change(method: &'static str, path: &'static str, body: &'static str) -> Mutation {
    Mutation { method, path, body, instead: None }
}

/// A route that reads no body.
const fn bare(method: &'static str, path: &'static str) -> Mutation {
    change(method, path, "")
}

/// The only route of these methods that takes a key and a body, and changes nothing.
pub(crate) const AUTHCHECK: &str = "/authcheck";

const NEW_USER: &str = r#"{
    "username": "{fresh}", "email": "{fresh}@example.com", "login_type": "none", "user_status": "active",
    "organization_ids": ["{organization}"], "roles": ["owner"]
}"#;

const MUTATIONS: &[Mutation] = &[
    change("POST", AUTHCHECK, r#"{"checks": {}}"#),
    change("POST", "/users", NEW_USER),
    change("PUT", "/users/{user}/profile", r#"{"username": "{username}", "name": "{fresh}"}"#),
    change("PUT", "/users/{user}/appearance", r#"{"theme_preference": "{fresh}", "terminal_font": "fira-code"}"#),
    change("PUT", "/users/{user}/preferences", r#"{"agent_chat_send_shortcut": "modifier_enter"}"#),
    // Users choose only for themselves.
    Mutation {
        instead: Some(("{user}", "me")),
        ..change("PUT", "/users/{user}/notices", r#"{"token_minted": false}"#)
    },
    change("POST", "/users/{user}/convert-login", r#"{"to_type": "oidc", "password": "{password}"}"#),
    change("PUT", "/users/{user}/password", r#"{"password": "An0ther!Secret-pw"}"#),
    change("PUT", "/users/{user}/roles", r#"{"roles": ["auditor"]}"#),
    change("POST", "/users/{user}/keys/tokens", r#"{"token_name": "{fresh}"}"#),
    change("POST", "/organizations", r#"{"name": "{fresh}"}"#),
    change("PATCH", "/organizations/{organization}", r#"{"description": "{fresh}"}"#),
    change("POST", "/organizations/{organization}/members/roles", r#"{"name": "{fresh}"}"#),
    change(
        "PUT",
        "/organizations/{organization}/members/roles",
        r#"{"name": "{rolename}", "display_name": "{fresh}"}"#,
    ),
    change("PUT", "/organizations/{organization}/members/{user}/roles", r#"{"roles": ["organization-auditor"]}"#),
    change("POST", "/organizations/{organization}/groups", r#"{"name": "{fresh}"}"#),
    change("PATCH", "/groups/{group}", r#"{"display_name": "{fresh}", "add_users": ["{user}"]}"#),
    change(
        "POST",
        "/resources",
        r#"{"resource_type": "template", "name": "{fresh}", "organization_id": "{organization}"}"#,
    ),
    change("PATCH", "/resources/{type}/{id}", r#"{"name": "{fresh}-too"}"#),
    change("PATCH", "/resources/{type}/{id}/acl", r#"{"user_roles": {"{user}": "use"}}"#),
    bare("POST", "/users/{user}/keys"),
    bare("PUT", "/users/{user}/keys/{keyid}/expire"),
    bare("DELETE", "/users/{user}/keys/{keyid}"),
    bare("DELETE", "/users/{user}/sessions"),
    Mutation { instead: Some(("{id}", "{session}")), ..bare("DELETE", "/users/{user}/sessions/{id}") },
    bare("PUT", "/users/{user}/status/suspend"),
    Mutation { instead: Some(("{user}", "{suspended}")), ..bare("PUT", "/users/{user}/status/activate") },
    bare("DELETE", "/users/{user}"),
    Mutation {
        instead: Some(("{organization}", "{empty}")),
        ..bare("POST", "/organizations/{organization}/members/{user}")
    },
    bare("DELETE", "/organizations/{organization}/members/{user}"),
    bare("DELETE", "/organizations/{organization}/members/roles/{rolename}"),
    Mutation { instead: Some(("{organization}", "{empty}")), ..bare("DELETE", "/organizations/{organization}") },
    bare("DELETE", "/groups/{group}"),
    bare("DELETE", "/resources/{type}/{id}"),
    bare("POST", "/users/logout"),
];

impl Mutation {
    /// The path with what it names.
    pub(crate) fn path(&self, targets: &Targets) -> String {
        let path = self.instead.map_or_else(|| self.path.to_owned(), |(place, by)| self.path.replace(place, by));
        format!("/api/v2{}", targets.filled(&path))
    }

    /// The body with what it names.
    pub(crate) fn body(&self, targets: &Targets) -> String {
        targets.filled(self.body)
    }

    /// Whether the route reads a body.
    pub(crate) fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// Whether it is about what is in an organization, so that an administrator there may do it.
    pub(crate) fn is_in_organization(&self) -> bool {
        let paths = ["/organizations/", "/groups/", "/resources"];
        paths.iter().any(|path| self.path.starts_with(path))
    }

    /// Whether callers do it to their own user, for which they need no role.
    pub(crate) fn is_ones_own(&self) -> bool {
        self.instead == Some(("{user}", "me"))
    }

    pub(crate) async fn send(&self, by: &Identity, targets: &Targets) -> Answer {
        let body = self.has_body().then(|| serde_json::from_str(&self.body(targets)).unwrap());
        by.send(Method::from_bytes(self.method.as_bytes()).unwrap(), &self.path(targets), body).await
    }
}

/// All of them. Each succeeds, in this order on the same targets as long as nothing of them is deleted.
pub(crate) fn mutations() -> impl Iterator<Item = &'static Mutation> {
    MUTATIONS.iter()
}

/// An operation of the document that is no plain question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Operation {
    pub(crate) method: String,
    /// Below `/api/v2`.
    pub(crate) path: String,
    pub(crate) has_body: bool,
}

/// What the document has of other methods than `GET`: what takes a key, and what takes none.
pub(crate) async fn documented() -> (BTreeSet<Operation>, BTreeSet<Operation>) {
    let app = TestApp::empty(&[]).await;
    let document = app.anonymous().get("/api/v2/openapi.json").await.expect(StatusCode::OK).json();
    let mut operations = (BTreeSet::new(), BTreeSet::new());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap().iter().filter(|(method, _)| *method != "get") {
            let has_body = !operation["requestBody"].is_null();
            let path = path.strip_prefix("/api/v2").unwrap().to_owned();
            let found = Operation { method: method.to_uppercase(), path, has_body };
            // In place of the document's list of credentials.
            let is_public = operation["security"] == json!([{}]);
            if is_public {
                operations.1.insert(found)
            } else {
                operations.0.insert(found)
            };
        }
    }
    operations
}

#[tokio::test]
async fn every_documented_mutation_has_its_row() {
    let rows: BTreeSet<Operation> = mutations()
        .map(|row| Operation { method: row.method.to_owned(), path: row.path.to_owned(), has_body: row.has_body() })
        .collect();
    let (documented, _) = documented().await;
    assert_eq!(rows.difference(&documented).collect::<Vec<_>>(), Vec::<&Operation>::new(), "rows of nothing");
    assert_eq!(documented.difference(&rows).collect::<Vec<_>>(), Vec::<&Operation>::new(), "without a row");
}

/// An organization with something of every kind in it, for mutations to change.
pub(crate) struct Targets(Vec<(&'static str, String)>);

impl Targets {
    /// Makes all of it, with names that begin with this.
    pub(crate) async fn new(owner: &Identity, name: &str) -> Self {
        let organization = owner.add_organization(name).await;
        let empty = owner.add_organization(&format!("{name}-empty")).await;
        let user = user(owner, &organization, &format!("{name}-user"), json!({"password": PASSWORD})).await;
        let status = json!({"login_type": "none", "user_status": "suspended"});
        let suspended = self::user(owner, &organization, &format!("{name}-suspended"), status).await;
        let keys = format!("/api/v2/users/{user}/keys");
        let token = owner.with_key_of(&owner.post(&format!("{keys}/tokens"), json!({"token_name": "ci"})).await);
        let session = owner.with_key_of(&owner.post(&keys, json!({})).await);
        let at = format!("/api/v2/organizations/{organization}");
        let group = owner.post(&format!("{at}/groups"), json!({"name": "builders"})).await.expect(StatusCode::CREATED);
        owner.post(&format!("{at}/members/roles"), json!({"name": "reader"})).await.expect(StatusCode::OK);
        let template = json!({"resource_type": "template", "name": "base", "organization_id": organization});
        let template = owner.post("/api/v2/resources", template).await.expect(StatusCode::CREATED);
        Self(vec![
            ("{organization}", organization),
            ("{empty}", empty),
            ("{user}", user),
            ("{username}", format!("{name}-user")),
            ("{password}", PASSWORD.to_owned()),
            ("{suspended}", suspended),
            ("{keyid}", token.key_id().to_owned()),
            ("{session}", session.key_id().to_owned()),
            ("{group}", group.text("id").to_owned()),
            ("{rolename}", "reader".to_owned()),
            ("{type}", "template".to_owned()),
            ("{id}", template.text("id").to_owned()),
            ("{fresh}", format!("{name}-fresh")),
        ])
    }

    /// A text in which every place is what it names.
    pub(crate) fn filled(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (place, value)| text.replace(place, value))
    }

    /// A member of the organization who signs in by no way, with these roles of the deployment, and a session.
    pub(crate) async fn member(&self, owner: &Identity, name: &str, roles: &[&str]) -> Identity {
        let rest = json!({"login_type": "none", "roles": roles});
        let id = user(owner, &self.filled("{organization}"), name, rest).await;
        let minted = owner.post(&format!("/api/v2/users/{id}/keys"), json!({})).await;
        owner.with_key_of(&minted).with_id(&id)
    }

    /// What an owner sees of all that mutations change: everything but when users and keys were last used, which each
    /// request of a key that is still good moves.
    pub(crate) async fn state(&self, owner: &Identity) -> Vec<(String, Value)> {
        const PATHS: [&str; 17] = [
            "/audit?limit=1",
            "/users",
            "/users/me/keys/tokens?include_all=true&include_expired=true",
            "/users/me/sessions",
            "/users/{user}/roles",
            "/users/{user}/sessions",
            "/users/{user}/organizations",
            "/users/{user}/appearance",
            "/users/{user}/preferences",
            "/users/{user}/notices",
            "/organizations",
            "/organizations/{organization}/members",
            "/organizations/{organization}/members/roles",
            "/organizations/{empty}/members",
            "/groups",
            "/resources",
            "/users/{suspended}",
        ];
        let mut state = Vec::new();
        for path in PATHS {
            let path = format!("/api/v2{}", self.filled(path));
            let seen = owner.get(&path).await.expect(StatusCode::OK).json();
            state.push((path, without_times_of_use(seen)));
        }
        state
    }
}

fn without_times_of_use(seen: Value) -> Value {
    match seen {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(name, _)| !["last_seen_at", "last_used"].contains(&name.as_str()));
            kept.map(|(name, member)| (name, without_times_of_use(member))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_times_of_use).collect(),
        other => other,
    }
}

/// Makes a user who is a member of this organization, and is active unless the rest says otherwise.
async fn user(owner: &Identity, organization: &str, name: &str, rest: Value) -> String {
    let mut body = json!({
        "username": name, "email": format!("{name}@example.com"), "user_status": "active",
        "organization_ids": [organization],
    });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    owner.post("/api/v2/users", body).await.expect(StatusCode::CREATED).text("id").to_owned()
}
