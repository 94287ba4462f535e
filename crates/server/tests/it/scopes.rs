//! Every scope that a token may have allows what its name says, and nothing else.
use std::collections::BTreeSet;

use axum::http::StatusCode;
use keyfob_rbac::{Catalogue, Scope};
use serde_json::{Map, Value, json};

use crate::support::{Identity, TestApp};

/// Every action of every type, as a check of an object of the caller's own.
fn questions(catalogue: &Catalogue, owner: &Identity, organization: &str) -> Map<String, Value> {
    let of_type = |of| catalogue.actions_of(of).map(move |action| (of, action));
    let pairs = catalogue.resource_types().flat_map(of_type);
    let question = |(of, action)| {
        let (name, verb) = (catalogue.type_name(of), catalogue.action_name(action));
        let shape = catalogue.shape(of);
        let mut object = json!({"resource_type": name});
        if shape.has_owner {
            object["owner_id"] = json!(owner.id);
        }
        if shape.organization == keyfob_rbac::InOrganization::Always {
            object["organization_id"] = json!(organization);
        }
        (format!("{name}:{verb}"), json!({"action": verb, "object": object}))
    };
    pairs.map(question).collect()
}

async fn permitted(key: &Identity, questions: &Map<String, Value>) -> BTreeSet<String> {
    let answers = key.post("/api/v2/authcheck", json!({"checks": questions})).await.expect(StatusCode::OK).json();
    let answers = answers.as_object().unwrap().clone();
    answers.into_iter().filter(|(_, is_permitted)| *is_permitted == true).map(|(question, _)| question).collect()
}

/// The permissions in a scope's definition.
fn named(catalogue: &Catalogue, scope: &str) -> BTreeSet<String> {
    let expanded = Scope::expand(catalogue, &[catalogue.scope(scope).unwrap()]).unwrap();
    let all = catalogue.resource_types().flat_map(|of| catalogue.actions_of(of).map(move |action| (of, action)));
    let is_named = |(of, action): &(keyfob_rbac::ResourceType, keyfob_rbac::Action)| {
        let fits = |permission: &keyfob_rbac::Permission| {
            permission.resource_type.is_none_or(|named| named == *of)
                && permission.action.is_none_or(|named| named == *action)
        };
        expanded.site.iter().any(fits)
    };
    let name = |(of, action)| format!("{}:{}", catalogue.type_name(of), catalogue.action_name(action));
    all.filter(is_named).map(name).collect()
}

#[tokio::test]
async fn every_scope_is_reachable_sufficient_and_no_more_than_its_name() {
    let (_app, owner) = TestApp::new().await;
    let catalogue = Catalogue::built_in();
    let organization = owner.organization().await;
    let questions = questions(&catalogue, &owner, &organization);
    let everything = permitted(&owner, &questions).await;
    let scopes = owner.get("/api/v2/auth/scopes").await.json();
    let scopes: Vec<&str> =
        scopes["external"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect();
    assert_eq!(scopes.len(), 55);
    for scope in scopes {
        let key = owner.scoped(&[scope]).await;
        let named = named(&catalogue, scope);
        let expected: BTreeSet<String> = named.intersection(&everything).cloned().collect();
        assert_eq!(permitted(&key, &questions).await, expected, "{scope}");
        assert!(!expected.is_empty(), "{scope} is not reachable");
        // A low-level scope permits what its name says, whatever the definitions are.
        if let Some((of, action)) = scope.split_once(':').filter(|(of, _)| *of != "coder") {
            let is_meant = |permission: &String| {
                permission.split_once(':').is_some_and(|(its, verb)| its == of && (action == "*" || action == verb))
            };
            assert!(named.iter().all(is_meant), "{scope}: {named:?}");
        }
    }
}

/// Each composite scope's tasks succeed with exactly that scope, and another task is refused.
#[tokio::test]
async fn composite_scopes_are_enough_for_the_tasks_that_they_name() {
    let (_app, owner) = TestApp::new().await;
    let organization = owner.organization().await;
    let workspace = owner.register("workspace", "dev").await;
    let template = owner.register("template", "base").await;
    let new = |of: &str| json!({"resource_type": of, "name": format!("new-{of}"), "organization_id": organization});
    let (path, of_template) =
        (format!("/api/v2/resources/workspace/{workspace}"), format!("/api/v2/templates/{template}"));

    let create = owner.scoped(&["coder:workspaces.create"]).await;
    let made = create.post("/api/v2/resources", new("workspace")).await.expect(StatusCode::CREATED);
    create.get(&of_template).await.expect(StatusCode::OK);
    let made = format!("/api/v2/resources/workspace/{}", made.text("id"));
    create.delete(&made).await.expect(StatusCode::FORBIDDEN);

    let operate = owner.scoped(&["coder:workspaces.operate"]).await;
    operate.patch(&path, json!({"attributes": {"status": "stopped"}})).await.expect(StatusCode::OK);
    operate.delete(&path).await.expect(StatusCode::FORBIDDEN);

    let access = owner.scoped(&["coder:workspaces.access"]).await;
    access.get(&path).await.expect(StatusCode::OK);
    access.patch(&path, json!({"attributes": {}})).await.expect(StatusCode::FORBIDDEN);

    let author = owner.scoped(&["coder:templates.author"]).await;
    author.post("/api/v2/resources", new("template")).await.expect(StatusCode::CREATED);
    author.post("/api/v2/resources", new("workspace")).await.expect(StatusCode::FORBIDDEN);

    let delete = owner.scoped(&["coder:workspaces.delete"]).await;
    delete.delete(&path).await.expect(StatusCode::NO_CONTENT);
    delete.post("/api/v2/resources", new("workspace")).await.expect(StatusCode::FORBIDDEN);

    let keys = owner.scoped(&["coder:apikeys.manage_self"]).await;
    let child = keys.token(json!({})).await;
    keys.delete(&format!("/api/v2/users/me/keys/{}", child.key_id())).await.expect(StatusCode::NO_CONTENT);
    keys.get("/api/v2/users").await.expect(StatusCode::OK);
    assert_eq!(keys.get("/api/v2/users").await.json()["count"], 0);
}
