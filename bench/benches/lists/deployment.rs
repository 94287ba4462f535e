//! A large deployment: organizations, users, workspaces and their access lists.
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
/// How many users besides the requesters own workspaces in each organization.
const OTHER_OWNERS: usize = 10;
/// How many workspaces each requester owns.
const OWNED: usize = 60;
/// How many workspaces one request checks.
pub(crate) const CHECKED: usize = 100;

/// The users whose requests are measured: name, number of organizations, and roles in each of them.
pub(crate) const REQUESTERS: [(&str, usize, &[&str]); 4] = [
    ("member of 1", 1, &[]),
    ("member of 200", ORGANIZATIONS, &[]),
    ("administrator of 1", 1, &["organization-admin"]),
    ("administrator of 200", ORGANIZATIONS, &["organization-admin"]),
];

/// The settings of the server.
#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    args: ServerArgs,
}

/// A user whose requests are measured, with a full key.
pub(crate) struct Requester {
    pub(crate) name: &'static str,
    pub(crate) key: String,
    /// The workspaces to check; half of them are the user's own.
    pub(crate) checked: Vec<Uuid>,
}

/// A server with the data.
pub(crate) struct Deployment {
    server: Server,
    pub(crate) requesters: Vec<Requester>,
    data: TempDir,
}

impl Deployment {
    pub(crate) async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let start: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let args = Settings::parse_from(["server", "--dangerous-disable-rate-limits"]).args;
        let url = "http://keyfob.test";
        let server = Server::open(&args, data.path(), url, Clock::fixed(start), Random::seeded(1)).await.unwrap();
        let mut deployment = Self { server, requesters: Vec::new(), data };
        let owner = deployment.set_up().await;
        let checked = insert_data(deployment.data.path(), start - SignedDuration::from_hours(24)).await;
        for ((name, ..), checked) in REQUESTERS.into_iter().zip(checked) {
            let path = format!("/api/v2/users/{}/keys/tokens", username(name));
            let token = deployment.call(&owner, Method::POST, &path, Some(json!({})), StatusCode::CREATED).await;
            let key = token["key"].as_str().unwrap().to_owned();
            deployment.requesters.push(Requester { name, key, checked });
        }
        deployment
    }

    /// Creates the first user; returns the key of a session.
    async fn set_up(&self) -> String {
        let mut user = json!({"email": "owner@example.com", "username": "owner", "password": "Sup3rSecret!pw"});
        self.call("", Method::POST, "/api/v2/users/first", Some(user.clone()), StatusCode::CREATED).await;
        user.as_object_mut().unwrap().remove("username");
        let session = self.call("", Method::POST, "/api/v2/users/login", Some(user), StatusCode::CREATED).await;
        session["session_token"].as_str().unwrap().to_owned()
    }

    /// Sends a request and parses the body of the response, which must have this status.
    pub(crate) async fn call(
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

    /// Sends a request; returns the bytes of the body of the response, which must have this status.
    pub(crate) async fn send(&self, key: &str, method: Method, path: &str, body: Body, status: StatusCode) -> Vec<u8> {
        let request = Request::builder().method(method).uri(path);
        let request = if key.is_empty() { request } else { request.header("Coder-Session-Token", key) };
        let response = self.server.service().oneshot(request.body(body).unwrap()).await.unwrap();
        assert_eq!(response.status(), status);
        response.into_body().collect().await.unwrap().to_bytes().to_vec()
    }
}

/// An id that looks random, as real ones do, and is the same in every run.
fn id(kind: u128, number: usize) -> Uuid {
    let number = (kind << 64) + number as u128 + 1;
    uuid::Builder::from_random_bytes(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes())
        .into_uuid()
}

fn organization_id(number: usize) -> OrganizationId {
    OrganizationId(id(1, number))
}

/// The requesters have the first numbers, the other owners of each organization the rest.
fn user_id(number: usize) -> UserId {
    UserId(id(2, number))
}

/// Each organization has two groups; the requesters are in the first.
fn group_id(organization: usize, number: usize) -> GroupId {
    GroupId(id(3, organization * 2 + number))
}

fn username(name: &str) -> String {
    name.replace(' ', "-")
}

/// The workspaces that a requester checks: their own, and others of the whole deployment.
#[derive(Clone, Default)]
struct Checked {
    own: Vec<Uuid>,
    others: Vec<Uuid>,
}

/// Inserts all data in one transaction; returns the workspaces that each requester checks.
async fn insert_data(data: &Path, start: Timestamp) -> Vec<Vec<Uuid>> {
    let store = Store::open(&data.join("keyfob.db"), Limits::default()).await.unwrap();
    let mut tx = store.begin().await.unwrap();
    for organization in 0..ORGANIZATIONS {
        insert_organization(&mut tx, organization, start).await;
    }
    for (number, (name, organizations, roles)) in REQUESTERS.into_iter().enumerate() {
        insert_user(&mut tx, number, username(name), start).await;
        for organization in 0..organizations {
            insert_member(&mut tx, number, organization, roles, start).await;
            tx.insert_group_member(group_id(organization, 0), user_id(number)).await.unwrap();
        }
    }
    let mut checked = vec![Checked::default(); REQUESTERS.len()];
    for number in 0..WORKSPACES {
        let workspace = workspace(number, start);
        tx.insert_resource(&workspace).await.unwrap();
        tx.replace_grants(&workspace).await.unwrap();
        let owner = (0..REQUESTERS.len()).find(|requester| workspace.owner_id == Some(user_id(*requester)));
        for (requester, checked) in checked.iter_mut().enumerate() {
            if owner == Some(requester) && checked.own.len() < CHECKED / 2 {
                checked.own.push(workspace.key.id.0);
            } else if number % 1000 == 500 + requester && checked.others.len() < CHECKED / 2 {
                checked.others.push(workspace.key.id.0);
            }
        }
    }
    tx.commit().await.unwrap();
    store.close().await;
    checked.into_iter().map(|checked| [checked.own, checked.others].concat()).collect()
}

/// Inserts an organization, its groups, and the users who own most of its workspaces.
async fn insert_organization(tx: &mut Tx, number: usize, start: Timestamp) {
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
    for owner in 0..OTHER_OWNERS {
        let user = other_owner(number, owner);
        insert_user(tx, user, format!("user{user}"), start).await;
        insert_member(tx, user, number, &[], start).await;
    }
}

fn other_owner(organization: usize, owner: usize) -> usize {
    REQUESTERS.len() + organization * OTHER_OWNERS + owner
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

async fn insert_member(tx: &mut Tx, user: usize, organization: usize, roles: &[&str], start: Timestamp) {
    let member = Member {
        user_id: user_id(user),
        organization_id: organization_id(organization),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        created_at: start,
        updated_at: start,
    };
    tx.insert_member(&member).await.unwrap();
}

/// A workspace: a few are the requesters' own, most are those of the other owners; every twentieth is shared with a
/// user, every fiftieth with a group.
fn workspace(number: usize, start: Timestamp) -> Resource {
    let (organization, place) = (number % ORGANIZATIONS, number / ORGANIZATIONS);
    let owner = owning_requester(organization, number).unwrap_or(other_owner(organization, place % OTHER_OWNERS));
    let grantee = user_id(other_owner(organization, (place + 1) % OTHER_OWNERS));
    let mut grantees = Vec::new();
    if place % 20 == 7 {
        grantees.push(Grantee::User(grantee.0));
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

/// The requester who owns this workspace, if one does: their workspaces are spread over the whole time, and over all
/// their organizations.
fn owning_requester(organization: usize, number: usize) -> Option<usize> {
    REQUESTERS.iter().enumerate().position(|(requester, (_, organizations, _))| {
        // The place among the workspaces of the organization, or among all.
        let (place, of) = if *organizations == 1 {
            (number / ORGANIZATIONS, WORKSPACES / ORGANIZATIONS)
        } else {
            (number, WORKSPACES)
        };
        let spread = of / OWNED;
        (*organizations > 1 || organization == 0) && place % spread == requester && place / spread < OWNED
    })
}
