//! What every built-in role permits, as the server answers: the engine's matrix, tested with real users, their keys and
//! `authcheck`.
use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use keyfob_rbac::ShareableWorkspaceOwners;
use serde_json::{Map, Value, json};

use crate::support::{Identity, TestApp};

const MATRIX: &str = include_str!("../../../rbac/tests/data/rbac-matrix.json");

/// Rows for which no user can be created, and why. May only shrink.
const ROWS_WITHOUT_USERS: [(&str, &str); 8] = [
    ("owner, disable_owner_workspace_exec", "no setting of the server turns it on"),
    ("member, disable_workspace_sharing, disable_chat_sharing", "no setting of the server turns them on"),
    ("organization-member, sharing everyone, minimum_implicit_member", "no setting of the server turns it on"),
    ("organization-member, sharing service_accounts, minimum_implicit_member", "no setting of the server turns it on"),
    ("organization-member, sharing none, minimum_implicit_member", "no setting of the server turns it on"),
    ("organization-service-account, sharing everyone, minimum_implicit_member", "no setting of the server turns it on"),
    (
        "organization-service-account, sharing service_accounts, minimum_implicit_member",
        "no setting of the server turns it on",
    ),
    ("organization-service-account, sharing none, minimum_implicit_member", "no setting of the server turns it on"),
];

/// The permissions of one role in the matrix: shape, type and action.
type Permitted<'a> = BTreeSet<(&'a str, &'a str, &'a str)>;

struct Matrix {
    data: Value,
    /// Every type with its actions, as the server lists them.
    actions: Vec<(String, Vec<String>)>,
}

impl Matrix {
    async fn new(owner: &Identity) -> Self {
        let types = owner.get("/api/v2/resource-types").await.expect(StatusCode::OK).json();
        let texts = |of: &Value| of.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect();
        let types = types["resource_types"].as_array().unwrap().iter();
        let actions = types.map(|of| (of["name"].as_str().unwrap().to_owned(), texts(&of["actions"]))).collect();
        Self { data: serde_json::from_str(MATRIX).unwrap(), actions }
    }

    fn rows(&self) -> impl Iterator<Item = &str> {
        self.data["roles"].as_object().unwrap().keys().map(String::as_str)
    }

    /// Shape, type and action of every check.
    fn questions(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let shapes = self.data["shapes"].as_object().unwrap().keys();
        shapes.flat_map(move |shape| {
            let actions = self.actions.iter();
            actions.flat_map(move |(of, actions)| {
                actions.iter().map(move |action| (shape.as_str(), of.as_str(), action.as_str()))
            })
        })
    }

    fn permitted<'m>(&'m self, row: &str) -> Permitted<'m> {
        let rows = &self.data["roles"][row];
        let listed = |(shape, of, action): &(&str, &str, &str)| {
            let actions = rows[shape][of].as_array();
            actions.is_some_and(|actions| actions.iter().any(|listed| listed == "*" || listed == action))
        };
        self.questions().filter(listed).collect()
    }
}

/// A user with the roles of a row.
struct Holder<'a> {
    row: &'a str,
    site: Vec<&'a str>,
    /// Which sharing the organization permits; `None` for a user without an organization.
    sharing: Option<&'static str>,
    roles: Vec<&'a str>,
    is_service_account: bool,
}

impl<'a> Holder<'a> {
    fn of(row: &'a str) -> Self {
        let mut holder = Self { row, site: Vec::new(), sharing: None, roles: Vec::new(), is_service_account: false };
        for words in row.split(" + ") {
            match words.split([',', ' ']).next().unwrap() {
                "member" => {}
                name @ ("owner" | "auditor" | "template-admin" | "user-admin") => holder.site.push(name),
                name @ ("organization-member" | "organization-service-account") => {
                    holder.is_service_account = name == "organization-service-account";
                    let said = words.trim_start_matches(name);
                    holder.sharing =
                        ["none", "service_accounts", "everyone"].into_iter().find(|word| said.contains(word));
                }
                name => holder.roles.push(name),
            }
        }
        let is_member = holder.sharing.is_some() || !holder.roles.is_empty();
        holder.sharing = is_member.then(|| holder.sharing.unwrap_or("everyone"));
        holder
    }

    /// The rows that together make up this user's permissions. No user has one role alone: every user has `member`, and
    /// every member has a role of the organization. A row that names several roles names all of them.
    fn rows(&self) -> Vec<String> {
        if self.row.contains(" + ") {
            return vec![self.row.to_owned()];
        }
        let kind = if self.is_service_account { "organization-service-account" } else { "organization-member" };
        let implied = self.sharing.map(|sharing| format!("{kind}, sharing {sharing}"));
        [self.row.to_owned(), "member".to_owned()].into_iter().chain(implied).collect()
    }

    fn expected<'m>(&self, matrix: &'m Matrix) -> Permitted<'m> {
        let permitted = self.rows().into_iter().flat_map(|row| matrix.permitted(&row));
        permitted.filter(|question| !self.forbids(question)).collect()
    }

    /// Whether this user's role takes a permission of members away.
    fn forbids(&self, (_, of, action): &(&str, &str, &str)) -> bool {
        let taken = ["create", "delete", "create_agent", "delete_agent"];
        self.row == "organization-workspace-creation-ban" && *of == "workspace" && taken.contains(action)
    }
}

/// A server with an organization for each kind of sharing.
struct World {
    owner: Identity,
    organizations: BTreeMap<&'static str, String>,
    /// An organization that only the owner is a member of.
    other: String,
}

impl World {
    async fn new() -> (TestApp, Self) {
        let (app, owner) = TestApp::new().await;
        let mut organizations = BTreeMap::new();
        for (sharing, owners) in [
            ("everyone", ShareableWorkspaceOwners::Everyone),
            ("service_accounts", ShareableWorkspaceOwners::ServiceAccounts),
            ("none", ShareableWorkspaceOwners::None),
        ] {
            let name = sharing.replace('_', "-");
            let id = owner.add_organization(&name).await;
            let path = format!("/api/v2/organizations/{id}");
            owner.patch(&path, json!({"default_org_member_roles": []})).await.expect(StatusCode::OK);
            share(&app, &name, owners).await;
            organizations.insert(sharing, id);
        }
        let other = owner.organization().await;
        (app, Self { owner, organizations, other })
    }

    /// Creates a user with these roles, and returns a full key of theirs.
    async fn create_user(&self, number: usize, holder: &Holder<'_>) -> Identity {
        let (owner, organization) = (&self.owner, self.organization(holder));
        let name = format!("user{number}");
        let mut body = json!({
            "username": name, "user_status": "active", "login_type": "none", "organization_ids": [organization],
            "roles": holder.site, "service_account": holder.is_service_account,
        });
        if !holder.is_service_account {
            body["email"] = json!(format!("{name}@example.com"));
        }
        let made = owner.post("/api/v2/users", body).await.expect(StatusCode::CREATED);
        let member = format!("/api/v2/organizations/{organization}/members/{name}");
        if holder.sharing.is_none() {
            owner.delete(&member).await.expect(StatusCode::NO_CONTENT);
        }
        if !holder.roles.is_empty() {
            owner.put(&format!("{member}/roles"), json!({"roles": holder.roles})).await.expect(StatusCode::OK);
        }
        let minted = owner.post(&format!("/api/v2/users/{name}/keys/tokens"), json!({})).await;
        let mut person = owner.with_key_of(&minted);
        made.text("id").clone_into(&mut person.id);
        person
    }

    fn organization(&self, holder: &Holder<'_>) -> &str {
        &self.organizations[holder.sharing.unwrap_or("everyone")]
    }

    /// The permissions of this user according to the server, asked in one call.
    async fn answered<'a>(&self, matrix: &'a Matrix, holder: &Holder<'_>, person: &Identity) -> Permitted<'a> {
        let key = |(shape, of, action): &(&str, &str, &str)| format!("{shape} {of}:{action}");
        let check = |question: (&str, &str, &str)| {
            let object = self.object(question.0, question.1, self.organization(holder), &person.id);
            (key(&question), json!({"action": question.2, "object": object}))
        };
        let checks: Map<String, Value> = matrix.questions().map(check).collect();
        let answers = person.post("/api/v2/authcheck", json!({"checks": checks})).await.expect(StatusCode::OK).json();
        assert_eq!(answers.as_object().unwrap().len(), checks.len());
        matrix.questions().filter(|question| answers[key(question)].as_bool().unwrap()).collect()
    }

    fn object(&self, shape: &str, of: &str, organization: &str, me: &str) -> Value {
        let (owner, organization) = match shape {
            "mine" => (me, ""),
            "nobodys" => ("", ""),
            "org_mine" => (me, organization),
            "org_others" => (self.owner.id.as_str(), organization),
            "other_org_mine" => (me, self.other.as_str()),
            "any_org_mine" => return json!({"resource_type": of, "owner_id": me, "any_org": true}),
            other => panic!("unknown shape {other}"),
        };
        json!({"resource_type": of, "owner_id": owner, "organization_id": organization})
    }
}

/// Sets whose workspaces may be shared in an organization. No endpoint does so yet.
async fn share(app: &TestApp, organization: &str, owners: ShareableWorkspaceOwners) {
    let store = app.data.store().await;
    let mut changed = store.read().find_organization_by_name(organization).await.unwrap().unwrap();
    changed.shareable_workspace_owners = owners;
    let mut tx = store.begin().await.unwrap();
    tx.update_organization(&changed).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn every_role_permits_through_the_server_what_the_matrix_says_and_nothing_else() {
    let (_app, world) = World::new().await;
    let matrix = Matrix::new(&world.owner).await;
    let questions = matrix.questions().count();
    let (mut decisions, mut left_out) = (0, Vec::new());
    for (number, row) in matrix.rows().enumerate() {
        decisions += questions;
        if ROWS_WITHOUT_USERS.iter().any(|(name, _)| *name == row) {
            left_out.push(row);
            continue;
        }
        let holder = Holder::of(row);
        let person = world.create_user(number, &holder).await;
        let answered = world.answered(&matrix, &holder, &person).await;
        let expected = holder.expected(&matrix);
        let differing: Vec<_> = answered.symmetric_difference(&expected).collect();
        assert!(differing.is_empty(), "{row}: {differing:?}");
    }
    // The matrix covers exactly the server's types and actions.
    assert_eq!(Some(decisions as u64), matrix.data["decisions"].as_u64());
    let named: BTreeSet<&str> = ROWS_WITHOUT_USERS.iter().map(|(row, _)| *row).collect();
    assert_eq!(left_out.into_iter().collect::<BTreeSet<_>>(), named, "rows that are not left out");
}
