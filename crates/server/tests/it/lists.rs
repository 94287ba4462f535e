//! A list holds exactly the objects whose single decisions allow `read`.
use std::collections::BTreeSet;

use axum::http::StatusCode;
use keyfob_server::Random;
use serde_json::{Map, Value, json};

use crate::support::{Identity, TestApp};

/// Objects of one type, by id.
pub(crate) struct Objects(pub(crate) &'static str, pub(crate) Vec<String>);

/// Users of several roles, in one or two organizations.
pub(crate) async fn people(app: &TestApp, owner: &Identity, second: &str) -> Vec<Identity> {
    let mut people = vec![owner.clone()];
    let roles: [(&str, &[&str], bool); 6] = [
        ("alice", &[], true),
        ("bob", &[], false),
        ("carol", &["template-admin"], false),
        ("dave", &["auditor"], true),
        ("erin", &["user-admin"], true),
        ("frank", &[], false),
    ];
    for (name, roles, in_second) in roles {
        people.push(owner.invite(app, name, roles).await);
        if in_second {
            let membership = format!("/api/v2/organizations/{second}/members/{name}");
            owner.post(&membership, json!({})).await.expect(StatusCode::OK);
        }
    }
    people
}

/// Creates groups with random members, two in each organization.
pub(crate) async fn groups(
    owner: &Identity,
    people: &[Identity],
    organizations: &[String; 2],
    random: &Random,
) -> Vec<String> {
    let mut ids = organizations.to_vec();
    for organization in organizations {
        for name in ["one", "two"] {
            let path = format!("/api/v2/organizations/{organization}/groups");
            let made = owner.post(&path, json!({"name": name})).await.expect(StatusCode::CREATED);
            let id = made.text("id").to_owned();
            for person in people.iter().filter(|_| random.one_of(&[true, false])) {
                // Users who are not members of the organization are refused.
                owner.patch(&format!("/api/v2/groups/{id}"), json!({"add_users": [person.id]})).await;
            }
            ids.push(id);
        }
    }
    ids
}

/// Registers objects of random owners and places, and grants some of them to random users and groups.
pub(crate) async fn objects(
    owner: &Identity,
    people: &[Identity],
    organizations: &[String; 2],
    groups: &[String],
    random: &Random,
) -> Vec<Objects> {
    let grantees: [&str; 6] = std::array::from_fn(|place| groups[place].as_str());
    let owners: [&str; 7] = std::array::from_fn(|place| people[place].id.as_str());
    let places = [organizations[0].as_str(), organizations[1].as_str()];
    let mut all = Vec::new();
    for (of, count, roles) in [
        ("workspace", 60, [json!("use"), json!("admin")]),
        ("template", 20, [json!("use"), json!("admin")]),
        ("task", 20, [json!(["read"]), json!(["update"])]),
    ] {
        let mut ids = Vec::new();
        for number in 0..count {
            let organization = random.one_of(&places);
            let mut body =
                json!({"resource_type": of, "name": format!("{of}{number}"), "organization_id": organization});
            if of != "template" {
                body["owner_id"] = json!(random.one_of(&owners));
            }
            let made = owner.post("/api/v2/resources", body).await.expect(StatusCode::CREATED);
            let id = made.text("id").to_owned();
            let (role, user) = (&roles[random.one_of(&[0, 1])], random.one_of(&owners));
            let change = match random.one_of(&[0, 1, 2, 3, 4, 5]) {
                0 | 1 => json!({"user_roles": {user: role}}),
                2 => json!({"group_roles": {random.one_of(&grantees): role}}),
                _ => json!({}),
            };
            owner.patch(&format!("/api/v2/resources/{of}/{id}/acl"), change).await.expect(StatusCode::OK);
            ids.push(id);
        }
        all.push(Objects(of, ids));
    }
    all
}

/// Keys of one user: the session, and narrower tokens.
async fn keys(user: &Identity, all: &[Objects], random: &Random) -> Vec<Identity> {
    let mut keys = vec![user.clone()];
    for scopes in [&["workspace:read"][..], &["workspace:ssh", "task:*"], &["coder:workspaces.access"], &["user:read"]]
    {
        keys.push(user.scoped(scopes).await);
    }
    let some = |objects: &Objects| {
        let chosen = objects.1.iter().filter(|_| random.one_of(&[true, false])).take(30);
        chosen.map(|id| format!("{}:{id}", objects.0)).collect::<Vec<_>>()
    };
    let (workspaces, templates) = (some(&all[0]), some(&all[1]));
    let mixed: Vec<&str> = workspaces.iter().take(10).chain(templates.iter().take(5)).map(String::as_str).collect();
    let workspaces: Vec<&str> = workspaces.iter().map(String::as_str).collect();
    keys.push(user.restricted(&["workspace:read"], &workspaces).await);
    keys.push(user.restricted(&["coder:all"], &mixed).await);
    keys.push(user.restricted(&["coder:all"], &["template:*", mixed[0]]).await);
    keys.push(user.restricted(&["workspace:*"], &["task:*", "user:*"]).await);
    keys
}

/// The objects that the key may read according to `authcheck`.
async fn readable(key: &Identity, Objects(of, ids): &Objects) -> BTreeSet<String> {
    let checks: Map<String, Value> = ids
        .iter()
        .map(|id| (id.clone(), json!({"action": "read", "object": {"resource_type": of, "resource_id": id}})))
        .collect();
    let answers = key.post("/api/v2/authcheck", json!({"checks": checks})).await.expect(StatusCode::OK).json();
    ids.iter().filter(|id| answers[id.as_str()] == true).cloned().collect()
}

/// The objects in a list, whose count must agree.
async fn listed(key: &Identity, of: &str) -> BTreeSet<String> {
    let (path, member) = match of {
        "user" => ("/api/v2/users".to_owned(), "users"),
        "organization" => ("/api/v2/organizations".to_owned(), ""),
        "group" => ("/api/v2/groups".to_owned(), ""),
        of => (format!("/api/v2/resources?type={of}"), "resources"),
    };
    let list = key.get(&path).await.expect(StatusCode::OK).json();
    let found = if member.is_empty() { &list } else { &list[member] }.as_array().unwrap();
    assert!(member.is_empty() || list["count"] == found.len(), "{list}");
    let ids: BTreeSet<String> = found.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), found.len());
    ids
}

/// Scopes and allow lists restrict lists exactly as they restrict single decisions.
#[tokio::test]
async fn a_list_holds_exactly_what_the_check_permits_to_read() {
    let (app, owner) = TestApp::new().await;
    let random = Random::seeded(2);
    let organizations = [owner.organization().await, owner.add_organization("second").await];
    let people = people(&app, &owner, &organizations[1]).await;
    for (name, role) in [("bob", "organization-admin"), ("frank", "organization-auditor")] {
        let path = format!("/api/v2/organizations/{}/members/{name}/roles", organizations[0]);
        owner.put(&path, json!({"roles": [role]})).await.expect(StatusCode::OK);
    }
    let groups = groups(&owner, &people, &organizations, &random).await;
    let mut all = objects(&owner, &people, &organizations, &groups, &random).await;
    all.push(Objects("user", people.iter().map(|person| person.id.clone()).collect()));
    all.push(Objects("organization", organizations.to_vec()));
    all.push(Objects("group", groups));
    let (mut empty, mut full, mut partial) = (0, 0, 0);
    for user in &people {
        for (number, key) in keys(user, &all, &random).await.iter().enumerate() {
            for objects in &all {
                let (listed, readable) = (listed(key, objects.0).await, readable(key, objects).await);
                assert_eq!(listed, readable, "key {number} of {}, type {}", user.id, objects.0);
                match listed.len() {
                    0 => empty += 1,
                    some if some == objects.1.len() => full += 1,
                    _ => partial += 1,
                }
            }
        }
    }
    // The comparison would be worthless if lists held all objects or none.
    assert!(empty > 20 && full > 10 && partial > 50, "{empty} empty, {full} full, {partial} partial");
}
