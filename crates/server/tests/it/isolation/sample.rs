//! Organizations with an object of every type.
use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Answer, Identity};

/// An organization with an object of every type: what to fill in for the placeholders of paths, as an id and as a name
/// (twice the same where there is only one).
#[derive(Clone, Debug)]
pub(super) struct SampleOrganization {
    places: BTreeMap<&'static str, [String; 2]>,
    /// An object of each type that an organization can have, by the type's name.
    pub(super) objects: BTreeMap<String, String>,
}

/// How to name an object that has an id and a name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spelling {
    Id,
    Name,
}

impl SampleOrganization {
    /// Creates an organization with a user who has a token, a group, a role, a workspace, a template, and an object of
    /// each other type.
    pub(super) async fn new(owner: &Identity, name: &str) -> Self {
        let organization = owner.add_organization(name).await;
        let roles = format!("/api/v2/organizations/{name}/members/roles");
        let role = json!({
            "name": format!("{name}-role"), "organization_permissions": everything(owner, &organization).await,
        });
        owner.post(&roles, role).await.expect(StatusCode::OK);
        let person = person(owner, name, "person", &[]).await;
        let group = json!({"name": format!("{name}-group")});
        let group = owner.post(&format!("/api/v2/organizations/{name}/groups"), group).await;
        let group = group.expect(StatusCode::CREATED).text("id").to_owned();
        owner.patch(&format!("/api/v2/groups/{group}"), json!({"add_users": [person.id]})).await.expect(StatusCode::OK);
        let objects = objects(owner, name, &organization, &person.id).await;
        let one = |name: &str| [name.to_owned(), name.to_owned()];
        let places = [
            ("{organization}", [organization.clone(), name.to_owned()]),
            ("{organizationname}", [organization, name.to_owned()]),
            ("{user}", [person.id.clone(), format!("{name}-person")]),
            ("{keyname}", one(&format!("{name}-key"))),
            ("{keyid}", one(person.key_id())),
            ("{group}", one(&group)),
            ("{groupname}", one(&format!("{name}-group"))),
            ("{rolename}", one(&format!("{name}-role"))),
            ("{workspace}", one(&objects["workspace"])),
            ("{workspacename}", one(&format!("{name}-workspace"))),
            ("{template}", one(&objects["template"])),
            ("{templatename}", one(&format!("{name}-template"))),
        ];
        Self { places: places.into(), objects }
    }

    /// The same placeholders with names and ids of nothing.
    pub(super) fn missing(&self) -> Self {
        let mut number = 0;
        let mut missing_name = |text: &String| {
            number += 1;
            match text.len() {
                36 => format!("0f0e0d0c-0b0a-4908-8706-0504030201{number:02x}"),
                10 => format!("NoSuchId{number:02}"),
                _ => format!("missing-{number}"),
            }
        };
        let mut places: BTreeMap<&'static str, [String; 2]> =
            self.places.iter().map(|(place, names)| (*place, names.each_ref().map(&mut missing_name))).collect();
        places.insert("{organizationname}", places["{organization}"].clone());
        let objects = self.objects.iter().map(|(of, id)| (of.clone(), missing_name(id))).collect();
        Self { places, objects }
    }

    /// The same with this caller's user, key and workspace.
    pub(super) async fn of(&self, caller: &Identity) -> Self {
        let name = self.name("{organization}");
        let body = json!({
            "resource_type": "workspace", "name": format!("{name}-workspace"), "organization_id": self.id("{organization}"),
        });
        let workspace = caller.post("/api/v2/resources", body).await.expect(StatusCode::CREATED);
        let one = |name: &str| [name.to_owned(), name.to_owned()];
        let own =
            [("{user}", one("me")), ("{keyid}", one(caller.key_id())), ("{workspace}", one(workspace.text("id")))];
        let mut organization = self.clone();
        organization.places.extend(own);
        organization
    }

    pub(super) fn id(&self, place: &str) -> &str {
        &self.places[place][0]
    }

    pub(super) fn name(&self, place: &str) -> &str {
        &self.places[place][1]
    }

    /// Every placeholder with its id, and the username.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let more = [("{id}", self.objects["workspace"].as_str()), ("{username}", self.name("{user}"))];
        self.places.iter().map(|(place, names)| (*place, names[0].as_str())).chain(more)
    }

    /// Whether this object has a name besides its id.
    pub(super) fn has_name(&self, place: &str) -> bool {
        self.id(place) != self.name(place)
    }

    /// The same with one object of another organization.
    pub(super) fn with(&self, place: &'static str, of: &Self) -> Self {
        let mut organization = self.clone();
        organization.places.insert(place, of.places[place].clone());
        organization
    }

    pub(super) fn name_as(&self, place: &str, spelling: Spelling) -> &str {
        match spelling {
            Spelling::Id => self.id(place),
            Spelling::Name => self.name(place),
        }
    }

    /// An answer with placeholders for names of this organization, to compare it with answers about another.
    pub(super) fn without_names(&self, answer: &Answer) -> String {
        let places =
            self.places.iter().flat_map(|(place, names)| names.iter().map(move |name| (name.as_str(), *place)));
        let objects = self.objects.values().map(|id| (id.as_str(), "{id}"));
        let mut names: Vec<(&str, &str)> = places.chain(objects).filter(|(name, _)| *name != "me").collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        let body = names.iter().fold(answer.body.clone(), |body, (name, place)| body.replace(name, place));
        format!("{} {body}", answer.status)
    }

    /// The names of this organization in an answer. A user does not belong to one organization.
    pub(super) fn names_in(&self, answer: &Answer) -> Vec<&str> {
        let is_secret = |(place, _): &(&&str, &[String; 2])| !matches!(**place, "{user}");
        let places = self.places.iter().filter(is_secret).flat_map(|(_, names)| names);
        places.chain(self.objects.values()).map(String::as_str).filter(|name| answer.body.contains(*name)).collect()
    }

    /// The state of the organization, as an owner sees it.
    pub(super) async fn everything(&self, owner: &Identity) -> Vec<(String, Value)> {
        let (organization, user) = (self.id("{organization}"), self.id("{user}"));
        let mut paths = vec![
            format!("resources?organization={organization}"),
            format!("resources?owner={user}"),
            format!("groups/{}/members", self.id("{group}")),
            format!("workspaces?q=organization:{organization}"),
            format!("templates?q=organization:{organization}"),
            format!("users/{user}/keys/{}", self.id("{keyid}")),
        ];
        let of_organization = ["", "/members", "/members/roles", "/groups", "/templates"];
        paths.extend(of_organization.map(|path| format!("organizations/{organization}{path}")));
        let of_user = [
            "",
            "/organizations",
            "/roles",
            "/appearance",
            "/preferences",
            "/notices",
            "/keys/tokens?include_expired=true",
        ];
        paths.extend(of_user.map(|path| format!("users/{user}{path}")));
        let mut all = Vec::new();
        for path in paths {
            let answer = owner.get(&format!("/api/v2/{path}")).await.expect(StatusCode::OK);
            all.push((path, answer.json()));
        }
        all
    }
}

/// Every permission that an organization's custom role can have.
async fn everything(owner: &Identity, organization: &str) -> Vec<Value> {
    let types = owner.get("/api/v2/resource-types").await.json()["resource_types"].as_array().unwrap().clone();
    let mut permissions = Vec::new();
    for of in &types {
        for action in of["actions"].as_array().unwrap() {
            permissions.push(json!({"resource_type": of["name"], "action": action}));
        }
    }
    let check = |permission: &Value| {
        let object = json!({"resource_type": permission["resource_type"], "organization_id": organization});
        json!({"action": permission["action"], "object": object})
    };
    let checks = permissions.iter().enumerate().map(|(number, permission)| (number.to_string(), check(permission)));
    let checks: serde_json::Map<String, Value> = checks.collect();
    let held = owner.post("/api/v2/authcheck", json!({"checks": checks})).await.expect(StatusCode::OK).json();
    let mut number = 0..;
    permissions.retain(|_| held[number.next().unwrap().to_string()] == true);
    assert!(permissions.len() > 100);
    permissions
}

/// Registers one object of each type that an organization can have.
async fn objects(owner: &Identity, name: &str, organization: &str, person: &str) -> BTreeMap<String, String> {
    let types = owner.get("/api/v2/resource-types").await.json()["resource_types"].as_array().unwrap().clone();
    let mut objects = BTreeMap::new();
    for of in types.iter().filter(|of| of["registrable"] == true && of["organization"] == true) {
        let kind = of["name"].as_str().unwrap();
        let mut body = json!({
            "resource_type": kind, "name": format!("{name}-{kind}"), "organization_id": organization,
        });
        if of["owner"] == true {
            body["owner_id"] = json!(person);
        }
        let made = owner.post("/api/v2/resources", body).await;
        // Objects of some types can be created by no one.
        if made.status != StatusCode::FORBIDDEN {
            objects.insert(kind.to_owned(), made.expect(StatusCode::CREATED).text("id").to_owned());
        }
    }
    assert!(objects.len() > 9, "{objects:?}");
    objects
}

/// Creates a member of this organization alone, with these roles there and a full key.
pub(super) async fn person(owner: &Identity, organization: &str, name: &str, roles: &[&str]) -> Identity {
    let name = format!("{organization}-{name}");
    let at = owner.get(&format!("/api/v2/organizations/{organization}")).await.expect(StatusCode::OK);
    let body = json!({
        "username": name, "email": format!("{name}@example.com"), "login_type": "none", "user_status": "active",
        "organization_ids": [at.text("id")],
    });
    let made = owner.post("/api/v2/users", body).await.expect(StatusCode::CREATED);
    let given = format!("/api/v2/organizations/{organization}/members/{name}/roles");
    owner.put(&given, json!({"roles": roles})).await.expect(StatusCode::OK);
    let token = json!({"token_name": format!("{organization}-key")});
    let minted = owner.post(&format!("/api/v2/users/{name}/keys/tokens"), token).await;
    let mut person = owner.with_key_of(&minted);
    made.text("id").clone_into(&mut person.id);
    person
}
