//! The requests, each as large as its bounds allow, and a server that answers them.
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use clap::Parser;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use keyfob_server::{Clock, Random, Server, ServerArgs};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use uuid::Uuid;

const PASSWORD: &str = "Sup3rSecret!pw";

#[derive(Parser)]
struct Settings {
    #[command(flatten)]
    args: ServerArgs,
}

/// A server with an owner, a workspace and a group.
pub(crate) struct Deployment {
    server: Server,
    key: String,
    organization: String,
    workspace: String,
    group: String,
    _data: TempDir,
}

/// A request, and its name for people.
pub(crate) struct Large {
    pub(crate) title: &'static str,
    method: Method,
    path: String,
    body: String,
}

fn large(title: &'static str, method: Method, path: impl Into<String>, body: &Value) -> Large {
    Large { title, method, path: path.into(), body: if body.is_null() { String::new() } else { body.to_string() } }
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| Uuid::from_u128(0x4000_8000_0000_0000_0000 + number as u128).to_string()).collect()
}

/// So many members with this value, under ids.
fn by_id(count: usize, value: &Value) -> Map<String, Value> {
    ids(count).into_iter().map(|id| (id, value.clone())).collect()
}

impl Deployment {
    pub(crate) async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let args = Settings::parse_from(["server", "--dangerous-disable-rate-limits"]).args;
        let url = "http://keyfob.test";
        let server = Server::open(&args, data.path(), url, Clock::fixed(now), Random::seeded(1)).await.unwrap();
        let (key, organization, workspace, group) = Default::default();
        let mut made = Self { server, key, organization, workspace, group, _data: data };
        let first = json!({"email": "owner@example.com", "username": "owner", "password": PASSWORD});
        made.organization = made.make("/api/v2/users/first", &first, "organization_id").await;
        let login = json!({"email": "owner@example.com", "password": PASSWORD});
        made.key = made.make("/api/v2/users/login", &login, "session_token").await;
        let workspace = json!({"resource_type": "workspace", "name": "dev", "organization_id": made.organization});
        made.workspace = made.make("/api/v2/resources", &workspace, "id").await;
        let groups = format!("/api/v2/organizations/{}/groups", made.organization);
        made.group = made.make(&groups, &json!({"name": "all-of-us"}), "id").await;
        let roles = format!("/api/v2/organizations/{}/members/roles", made.organization);
        made.make(&roles, &json!({"name": "many"}), "name").await;
        made
    }

    async fn make(&self, path: &str, body: &Value, answer: &str) -> String {
        let (status, body) = self.receive(&large("", Method::POST, path, body)).await;
        assert!(status.is_success(), "{path}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice::<Value>(&body).unwrap()[answer].as_str().unwrap().to_owned()
    }

    /// Sends a request; the status of its answer.
    pub(crate) async fn send(&self, request: &Large) -> u16 {
        let (status, body) = self.receive(request).await;
        assert!(!status.is_server_error(), "{}: {}", request.title, String::from_utf8_lossy(&body));
        status.as_u16()
    }

    async fn receive(&self, request: &Large) -> (StatusCode, Vec<u8>) {
        let request = Request::builder()
            .method(request.method.clone())
            .uri(&request.path)
            .header("Coder-Session-Token", &self.key)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(request.body.clone()))
            .unwrap();
        let response = self.server.service().oneshot(request).await.unwrap();
        let status = response.status();
        (status, response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }

    pub(crate) fn requests(&self) -> Vec<Large> {
        [Self::keys_and_people(), self.organizations_and_resources(), Self::questions(), Self::searches()]
            .into_iter()
            .flatten()
            .collect()
    }

    fn keys_and_people() -> Vec<Large> {
        let scopes = vec!["workspace:read"; 256];
        let entries: Vec<String> = ids(128).iter().map(|id| format!("workspace:{id}")).collect();
        let roles: Vec<String> = (0..1000).map(|number| format!("role-{number}")).collect();
        let person = json!({
            "username": "new", "email": "new@example.com", "login_type": "none",
            "organization_ids": ids(1000), "roles": roles,
        });
        vec![
            large(
                "a token with 256 scopes and 128 entries",
                Method::POST,
                "/api/v2/users/me/keys/tokens",
                &json!({"scopes": scopes, "allow_list": entries}),
            ),
            large("a user with 1,000 organizations and roles", Method::POST, "/api/v2/users", &person),
            large("1,000 roles of a user", Method::PUT, "/api/v2/users/me/roles", &json!({ "roles": roles })),
            large(
                "a body of 1 MiB without a field that is known",
                Method::PUT,
                "/api/v2/users/me/profile",
                &Value::Object(by_id(20_000, &json!("a"))),
            ),
        ]
    }

    fn organizations_and_resources(&self) -> Vec<Large> {
        let organization = format!("/api/v2/organizations/{}", self.organization);
        let resource = format!("/api/v2/resources/workspace/{}", self.workspace);
        let roles: Vec<String> = (0..1000).map(|number| format!("role-{number}")).collect();
        let permission = json!({"resource_type": "workspace", "action": "read"});
        vec![
            large(
                "1,000 roles of a member",
                Method::PUT,
                format!("{organization}/members/me/roles"),
                &json!({ "roles": roles }),
            ),
            large(
                "1,000 default roles of members",
                Method::PATCH,
                &organization,
                &json!({ "default_org_member_roles": roles }),
            ),
            large(
                "a role with 1,000 permissions",
                Method::PUT,
                format!("{organization}/members/roles"),
                &json!({"name": "many", "organization_permissions": vec![permission; 1000]}),
            ),
            large(
                "1,000 members more of a group and 1,000 less",
                Method::PATCH,
                format!("/api/v2/groups/{}", self.group),
                &json!({"add_users": ids(1000), "remove_users": ids(1000)}),
            ),
            large(
                "2,000 entries of an access list",
                Method::PATCH,
                format!("{resource}/acl"),
                &json!({"user_roles": by_id(1000, &json!("use")), "group_roles": by_id(1000, &json!("use"))}),
            ),
            large(
                "attributes of 16 KiB",
                Method::PATCH,
                &resource,
                &json!({"attributes": {"a": "a".repeat(16 * 1024 - 8)}}),
            ),
        ]
    }

    fn questions() -> Vec<Large> {
        let check = json!({"action": "read", "object": {"resource_type": "workspace"}});
        let checks: Map<String, Value> = (0..14_000).map(|number| (number.to_string(), check.clone())).collect();
        let with_id = |(number, id)| {
            let object = json!({"resource_type": "workspace", "resource_id": id});
            (format!("{number}"), json!({"action": "read", "object": object}))
        };
        let with_ids: Map<String, Value> = ids(1000).into_iter().enumerate().map(with_id).collect();
        let few: Map<String, Value> = checks.clone().into_iter().take(1000).collect();
        let path = "/api/v2/authcheck";
        vec![
            large("14,000 questions, a body of 1 MiB", Method::POST, path, &json!({ "checks": checks })),
            large("1,000 questions with ids", Method::POST, path, &json!({ "checks": with_ids })),
            large(
                "1,000 explanations with ids",
                Method::POST,
                format!("{path}?explain=true"),
                &json!({ "checks": with_ids }),
            ),
            large("1,000 explanations", Method::POST, format!("{path}?explain=true"), &json!({ "checks": few })),
        ]
    }

    fn searches() -> Vec<Large> {
        let terms = "role:a ".repeat(146);
        let words = "a ".repeat(512);
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.trim_end().as_bytes()).collect::<String>();
        let list = ids(1000).join(",");
        vec![
            large("a search with 146 roles", Method::GET, format!("/api/v2/users?q={}", encoded(&terms)), &Value::Null),
            large("a search with 512 words", Method::GET, format!("/api/v2/users?q={}", encoded(&words)), &Value::Null),
            large("1,000 ids of groups", Method::GET, format!("/api/v2/groups?group_ids={list}"), &Value::Null),
        ]
    }
}
