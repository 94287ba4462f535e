//! The requests that calls make.
use keyfob_client::{
    Client, Descendants, ME, Paging, ResourcesFilter, TokensFilter,
    api::{
        authz::AuthorizationRequest,
        devices::DeviceCodeRequest,
        keys::CreateTokenRequest,
        resources::{CreateResourceRequest, ResourceAcl, UpdateResourceRequest},
        secret::SecretText,
        users::{CreateFirstUserRequest, CreateUserRequest, LoginRequest, UpdateRoles, UpdateUserProfileRequest},
    },
};
use uuid::Uuid;

use crate::server::{Canned, KEY};

#[tokio::test]
async fn a_request_carries_the_key_the_agent_and_extra_headers() {
    let server = Canned::json("[]");
    let client = Client::builder(format!("{}/", server.url))
        .session_token(SecretText::new(KEY))
        .user_agent("job/1.0")
        .header("X-Trace", "1")
        .build()
        .unwrap();
    client.list_organizations().await.unwrap();
    let request = server.request().to_lowercase();
    assert!(request.starts_with("get /api/v2/organizations http/1.1\r\n"), "{request}");
    for line in [&format!("coder-session-token: {KEY}").to_lowercase(), "user-agent: job/1.0", "x-trace: 1"] {
        assert!(request.contains(&format!("{line}\r\n")), "{line}: {request}");
    }
    client.without_session_token().list_organizations().await.unwrap();
    assert!(!server.request().to_lowercase().contains("coder-session-token"));
}

#[tokio::test]
async fn a_name_with_a_slash_stays_one_segment() {
    let server = Canned::json("{}");
    let _unread = server.client().api_key_by_name(ME, "a/b ?").await;
    assert!(server.request().starts_with("GET /api/v2/users/me/keys/tokens/a%2Fb%20%3F HTTP/1.1\r\n"));
}

/// They would lead to the address above: to the user in place of a session.
#[tokio::test]
async fn what_is_no_name_is_not_sent() {
    let server = Canned::json("[]");
    let client = server.client();
    for id in ["", ".", ".."] {
        client.end_session("amy", id).await.unwrap_err();
        client.remove_organization_member(id, "amy").await.unwrap_err();
        client.user(id).await.unwrap_err();
    }
    client.list_organizations().await.unwrap();
    assert!(server.request().starts_with("GET /api/v2/organizations HTTP/1.1\r\n"), "it is the first request");
}

/// Makes each call, and lists the request that it made. The answer does not matter.
macro_rules! requests {
    ($server:ident, $client:ident, $($call:ident($($argument:expr),*),)*) => {
        vec![$({
            let _answer = $client.$call($($argument),*).await;
            let request = $server.request();
            let line = request.lines().next().unwrap().trim_end_matches(" HTTP/1.1").replacen("/api/v2", "", 1);
            format!("{} {line}", stringify!($call))
        }),*]
    };
}

#[expect(clippy::too_many_lines, reason = "a table")]
#[tokio::test]
async fn every_call_makes_the_request_of_its_name() {
    let server = Canned::json("{}");
    let client = server.client();
    let id = Uuid::nil();
    let filter = ResourcesFilter {
        resource_type: Some("workspace".to_owned()),
        organization: Some(id),
        owner: Some(id),
        name: Some("dev".to_owned()),
        q: Some("a b".to_owned()),
        paging: Paging { limit: Some(1), offset: Some(2), after_id: Some(id) },
    };
    let made = requests![
        server,
        client,
        create_token("amy", &CreateTokenRequest::default()),
        create_api_key(ME),
        list_tokens(ME, TokensFilter { include_all: true, include_expired: false }),
        list_tokens_page(ME, TokensFilter::default(), 3, Some("aaaaaaaaaa")),
        api_key_by_id(ME, "aaaaaaaaaa"),
        api_key_by_name(ME, "ci"),
        delete_api_key(ME, "aaaaaaaaaa", Descendants::ByKind),
        delete_api_key(ME, "aaaaaaaaaa", Descendants::End),
        token_config(ME),
        expire_api_key(ME, "aaaaaaaaaa", Descendants::Keep),
        list_scopes(),
        authcheck(&AuthorizationRequest::default()),
        authcheck_explained(&AuthorizationRequest::default()),
        has_first_user(),
        create_first_user(&CreateFirstUserRequest::default()),
        login_with_password(&LoginRequest::default()),
        logout(),
        auth_methods(),
        start_device_sign_in(&DeviceCodeRequest::default()),
        redeem_device_code(&SecretText::new("x")),
        user("amy"),
        create_user(&CreateUserRequest::default()),
        suspend_user("amy"),
        activate_user("amy"),
        update_user_roles("amy", &UpdateRoles::default()),
        update_profile("amy", &UpdateUserProfileRequest::default()),
        list_organizations(),
        organization("default"),
        add_organization_member("default", "amy"),
        group_by_id(id),
        build_info(),
        entitlements(),
        list_experiments(),
        update_check(),
        list_resource_types(),
        create_resource(&CreateResourceRequest::default()),
        list_resources(&filter),
        list_resources(&ResourcesFilter::default()),
        resource("workspace", id),
        update_resource("workspace", id, &UpdateResourceRequest::default()),
        delete_resource("workspace", id),
        resource_acl("workspace", id),
        update_resource_acl("workspace", id, &ResourceAcl::default()),
        list_workspaces("owner:me", Paging::default()),
        workspace(id),
        list_templates(),
        template(id),
    ];
    let nil = "00000000-0000-0000-0000-000000000000";
    let made: Vec<_> = made.into_iter().map(|line| line.replace(nil, "{id}")).collect();
    let expected = "\
create_token POST /users/amy/keys/tokens
create_api_key POST /users/me/keys
list_tokens GET /users/me/keys/tokens?include_all=true&include_expired=false
list_tokens_page GET /users/me/keys/tokens?include_all=false&include_expired=false&limit=3&after_id=aaaaaaaaaa
api_key_by_id GET /users/me/keys/aaaaaaaaaa
api_key_by_name GET /users/me/keys/tokens/ci
delete_api_key DELETE /users/me/keys/aaaaaaaaaa
delete_api_key DELETE /users/me/keys/aaaaaaaaaa?descendants=true
token_config GET /users/me/keys/tokens/tokenconfig
expire_api_key PUT /users/me/keys/aaaaaaaaaa/expire?descendants=false
list_scopes GET /auth/scopes
authcheck POST /authcheck
authcheck_explained POST /authcheck?explain=true
has_first_user GET /users/first
create_first_user POST /users/first
login_with_password POST /users/login
logout POST /users/logout
auth_methods GET /users/authmethods
start_device_sign_in POST /device/code
redeem_device_code POST /device/token
user GET /users/amy
create_user POST /users
suspend_user PUT /users/amy/status/suspend
activate_user PUT /users/amy/status/activate
update_user_roles PUT /users/amy/roles
update_profile PUT /users/amy/profile
list_organizations GET /organizations
organization GET /organizations/default
add_organization_member POST /organizations/default/members/amy
group_by_id GET /groups/{id}
build_info GET /buildinfo
entitlements GET /entitlements
list_experiments GET /experiments
update_check GET /updatecheck
list_resource_types GET /resource-types
create_resource POST /resources
list_resources GET /resources?type=workspace&organization={id}&owner={id}&name=dev&q=a+b&limit=1&offset=2&after_id={id}
list_resources GET /resources
resource GET /resources/workspace/{id}
update_resource PATCH /resources/workspace/{id}
delete_resource DELETE /resources/workspace/{id}
resource_acl GET /resources/workspace/{id}/acl
update_resource_acl PATCH /resources/workspace/{id}/acl
list_workspaces GET /workspaces?q=owner%3Ame
workspace GET /workspaces/{id}
list_templates GET /templates
template GET /templates/{id}";
    assert_eq!(made.join("\n"), expected);
}
