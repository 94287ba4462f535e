//! A deployment of some size: organizations, people, workspaces and who may use them.
use std::path::Path;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use clap::Parser;
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use keyfob_rbac::ShareableWorkspaceOwners;
use keyfob_server::{Clock, Random, Server, ServerArgs};
use keyfob_store::{
    Grant, Grantee, Group, GroupId, GroupSource, Limits, LoginType, Member, NewUser, Organization, OrganizationId,
    PasswordHash, Resource, ResourceId, ResourceKey, Store, Tx, User, UserId, UserStatus,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use uuid::Uuid;

pub(crate) const WORKSPACES: usize = 100_000;
pub(crate) const ORGANIZATIONS: usize = 200;
/// How many people, besides those who are measured, own workspaces in each organization.
const NEIGHBOURS: usize = 10;
/// How many workspaces each of those who are measured owns.
const OWN: usize = 60;
/// How many ids one check names.
pub(crate) const CHECKED: usize = 100;

/// Those whose requests are measured: their name, in how many organizations they are, and what they are there.
pub(crate) const PEOPLE: [(&str, usize, &[&str]); 4] = [
    ("member of 1", 1, &[]),
    ("member of 200", ORGANIZATIONS, &[]),
    ("administrator of 1", 1, &["organization-admin"]),
    ("administrator of 200", ORGANIZATIONS, &["organization-admin"]),
];

/// Server's settings.
#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    args: ServerArgs,
}

/// Somebody with a full key.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) key: String,
    /// Workspaces to ask about: half of them theirs.
    pub(crate) asked: Vec<Uuid>,
}

/// A server over all of it.
pub(crate) struct World {
    server: Server,
    pub(crate) people: Vec<Person>,
    data: TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let start: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let args = Settings::parse_from(["server", "--dangerous-disable-rate-limits"]).args;
        let url = "http://keyfob.test";
        let server = Server::open(&args, data.path(), url, Clock::fixed(start), Random::seeded(1)).await.unwrap();
        let mut world = Self { server, people: Vec::new(), data };
        let owner = world.set_up().await;
        let asked = fill(world.data.path(), start - SignedDuration::from_hours(24)).await;
        for ((name, ..), asked) in PEOPLE.into_iter().zip(asked) {
            let path = format!("/api/v2/users/{}/keys/tokens", username(name));
            let minted = world.ask(&owner, Method::POST, &path, Some(json!({})), StatusCode::CREATED).await;
            world.people.push(Person { name, key: minted["key"].as_str().unwrap().to_owned(), asked });
        }
        world
    }

    /// Makes the first user; the answer is their key.
    async fn set_up(&self) -> String {
        let mut user = json!({"email": "owner@example.com", "username": "owner", "password": "Sup3rSecret!pw"});
        self.ask("", Method::POST, "/api/v2/users/first", Some(user.clone()), StatusCode::CREATED).await;
        user.as_object_mut().unwrap().remove("username");
        let session = self.ask("", Method::POST, "/api/v2/users/login", Some(user), StatusCode::CREATED).await;
        session["session_token"].as_str().unwrap().to_owned()
    }

    /// What is answered to a request, which must have this status.
    pub(crate) async fn ask(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
        status: StatusCode,
    ) -> Value {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let bytes = self.send(key, method, path, body, status).await;
        serde_json::from_slice(&bytes).unwrap()
    }

    /// The same in bytes, which is what a server sends.
    pub(crate) async fn send(&self, key: &str, method: Method, path: &str, body: Body, status: StatusCode) -> Vec<u8> {
        let request = Request::builder().method(method).uri(path);
        let request = if key.is_empty() { request } else { request.header("Coder-Session-Token", key) };
        let response = self.server.service().oneshot(request.body(body).unwrap()).await.unwrap();
        assert_eq!(response.status(), status);
        response.into_body().collect().await.unwrap().to_bytes().to_vec()
    }
}

/// Ids that look random, as real ones do, and are the same in every run.
fn id(kind: u128, number: usize) -> Uuid {
    let number = (kind << 64) + number as u128 + 1;
    uuid::Builder::from_random_bytes(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes())
        .into_uuid()
}

fn organization_id(number: usize) -> OrganizationId {
    OrganizationId(id(1, number))
}

/// The measured people come first, then the neighbours of each organization.
fn user_id(number: usize) -> UserId {
    UserId(id(2, number))
}

/// Each organization has two groups; those who are measured are in the first.
fn group_id(organization: usize, number: usize) -> GroupId {
    GroupId(id(3, organization * 2 + number))
}

fn username(name: &str) -> String {
    name.replace(' ', "-")
}

/// What a person asks about: workspaces of their own, and of others all over the deployment.
#[derive(Clone, Default)]
struct Asked {
    own: Vec<Uuid>,
    others: Vec<Uuid>,
}

/// Writes everything in one unit of work; the answer is what each measured person asks about.
async fn fill(data: &Path, start: Timestamp) -> Vec<Vec<Uuid>> {
    let store = Store::open(&data.join("keyfob.db"), Limits::default()).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    for organization in 0..ORGANIZATIONS {
        found(&mut tx, organization, start).await;
    }
    for (number, (name, organizations, roles)) in PEOPLE.into_iter().enumerate() {
        insert_user(&mut tx, number, username(name), start).await;
        for organization in 0..organizations {
            join(&mut tx, number, organization, roles, start).await;
            tx.insert_group_member(group_id(organization, 0), user_id(number)).await.unwrap();
        }
    }
    let mut asked = vec![Asked::default(); PEOPLE.len()];
    for number in 0..WORKSPACES {
        let workspace = workspace(number, start);
        tx.insert_resource(&workspace).await.unwrap();
        tx.replace_grants(&workspace.key, &workspace.grants).await.unwrap();
        let owner = (0..PEOPLE.len()).find(|person| workspace.owner_id == Some(user_id(*person)));
        for (person, asked) in asked.iter_mut().enumerate() {
            if owner == Some(person) && asked.own.len() < CHECKED / 2 {
                asked.own.push(workspace.key.id.0);
            } else if number % 1000 == 500 + person && asked.others.len() < CHECKED / 2 {
                asked.others.push(workspace.key.id.0);
            }
        }
    }
    tx.commit().await.unwrap();
    store.close().await;
    asked.into_iter().map(|asked| [asked.own, asked.others].concat()).collect()
}

/// Makes an organization, its groups and the people who own most of its workspaces.
async fn found(tx: &mut Tx, number: usize, start: Timestamp) {
    let name = format!("organization{number}");
    let id = organization_id(number);
    let organization = Organization {
        id,
        display_name: name.clone(),
        name,
        description: String::new(),
        icon: String::new(),
        is_default: false,
        default_org_member_roles: vec!["organization-workspace-access".to_owned()],
        shareable_workspace_owners: ShareableWorkspaceOwners::Everyone,
        created_at: start,
        updated_at: start,
    };
    tx.insert_organization(&organization).await.unwrap();
    for group in 0..2 {
        let group = Group {
            id: group_id(number, group),
            organization_id: id,
            name: format!("group{group}"),
            display_name: String::new(),
            avatar_url: String::new(),
            quota_allowance: 0,
            source: GroupSource::User,
            created_at: start,
            updated_at: start,
        };
        tx.insert_group(&group).await.unwrap();
    }
    for neighbour in 0..NEIGHBOURS {
        let user = neighbour_of(number, neighbour);
        insert_user(tx, user, format!("user{user}"), start).await;
        join(tx, user, number, &[], start).await;
    }
}

fn neighbour_of(organization: usize, neighbour: usize) -> usize {
    PEOPLE.len() + organization * NEIGHBOURS + neighbour
}

async fn insert_user(tx: &mut Tx, number: usize, username: String, start: Timestamp) {
    let user = User {
        id: user_id(number),
        email: format!("{username}@example.com"),
        name: String::new(),
        username,
        avatar_url: String::new(),
        status: UserStatus::Active,
        login_type: LoginType::None,
        roles: Vec::new(),
        is_service_account: false,
        deleted: false,
        created_at: start,
        updated_at: start,
        last_seen_at: None,
    };
    tx.insert_user(&NewUser { user, password_hash: PasswordHash::default() }).await.unwrap();
}

async fn join(tx: &mut Tx, user: usize, organization: usize, roles: &[&str], start: Timestamp) {
    let member = Member {
        user_id: user_id(user),
        organization_id: organization_id(organization),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        created_at: start,
        updated_at: start,
    };
    tx.insert_member(&member).await.unwrap();
}

/// A workspace: most are a neighbour's, a few are those of the people who are measured; every twentieth is shared with
/// a person, every fiftieth with a group.
fn workspace(number: usize, start: Timestamp) -> Resource {
    let (organization, place) = (number % ORGANIZATIONS, number / ORGANIZATIONS);
    let owner = measured_owner(organization, number).unwrap_or(neighbour_of(organization, place % NEIGHBOURS));
    let neighbour = user_id(neighbour_of(organization, (place + 1) % NEIGHBOURS));
    let mut grantees = Vec::new();
    if place % 20 == 7 {
        grantees.push(Grantee::User(neighbour.0));
    }
    if place % 50 == 9 {
        grantees.push(Grantee::Group(group_id(organization, place / 50 % 2).0));
    }
    let actions = ["application_connect", "read", "ssh", "start", "stop"];
    let grant = |grantee| actions.map(|action| Grant { grantee, action: action.to_owned() });
    let created_at = start + SignedDuration::from_millis(i64::try_from(number).unwrap());
    Resource {
        key: ResourceKey { resource_type: "workspace".to_owned(), id: ResourceId(id(4, number)) },
        name: format!("workspace{number}"),
        organization_id: Some(organization_id(organization)),
        owner_id: Some(user_id(owner)),
        attributes: serde_json::Map::new(),
        grants: grantees.into_iter().flat_map(grant).collect(),
        created_at,
        updated_at: created_at,
    }
}

/// Whose workspace it is, if it is one of those who are measured: spread over the whole time, and over all their
/// organizations.
fn measured_owner(organization: usize, number: usize) -> Option<usize> {
    PEOPLE.iter().enumerate().position(|(person, (_, organizations, _))| {
        // Counted among the workspaces of the organization, or among all.
        let (place, of) = if *organizations == 1 {
            (number / ORGANIZATIONS, WORKSPACES / ORGANIZATIONS)
        } else {
            (number, WORKSPACES)
        };
        let spread = of / OWN;
        (*organizations > 1 || organization == 0) && place % spread == person && place / spread < OWN
    })
}
