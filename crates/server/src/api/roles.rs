//! Which roles there are to give, and those that organizations make for themselves (contract, sections 5.10 and 5.11).
use axum::{extract::State, http::StatusCode, routing::delete};
use keyfob_api::{
    error::Validation,
    roles::{AssignableRole as WireAssignableRole, CustomRoleRequest, Permission as WirePermission, Role as WireRole},
};
use keyfob_authority::data::{CustomRole, NamedPermission, OrganizationId};
use keyfob_rbac::{Permission, is_reserved_role_name};

use crate::http::routes::{Handlers, Routes};
use crate::{
    api::{organizations::remove_member, users::named_but_get, wire},
    app::App,
    documentation::{InOrganization, InRole, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};
use keyfob_authority::fields::slug_problem;
use keyfob_authority::{
    AuthorizedStore, Refused,
    roles::{AssignableRole, CustomRoleChange, CustomRoleError},
};
use utoipa_axum::routes;

/// All routes of roles.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(site_roles))
        .routes(routes!(organization_roles, create, update))
        .routes(routes!(remove))
        // For other methods these words are usernames.
        .route("/users/roles", Handlers::of_word("user", named_but_get()))
        .route("/organizations/{organization}/members/roles", Handlers::of_word("user", delete(remove_member)))
}

/// List the deployment-wide roles
#[utoipa::path(
    get, path = "/users/roles", tag = "Roles", operation_id = "list_site_roles",
    responses((status = OK, description = "Done", body = Vec<WireAssignableRole>), Refusals),
)]
async fn site_roles(
    State(app): State<App>,
    store: AuthorizedStore,
) -> Result<ApiJson<Vec<WireAssignableRole>>, ApiError> {
    Ok(ApiJson(shown(&app, store.site_roles().await?)))
}

/// List an organization's roles
#[utoipa::path(
    get, path = "/organizations/{organization}/members/roles", tag = "Roles", operation_id = "list_organization_roles", params(InOrganization),
    responses((status = OK, description = "Done", body = Vec<WireAssignableRole>), Refusals),
)]
async fn organization_roles(
    State(app): State<App>,
    store: AuthorizedStore,
    path: ApiPath,
) -> Result<ApiJson<Vec<WireAssignableRole>>, ApiError> {
    let organization = store.addressed_organization(path.get("organization")).await?;
    Ok(ApiJson(shown(&app, store.organization_roles(organization.id).await?)))
}

fn shown(app: &App, roles: Vec<AssignableRole>) -> Vec<WireAssignableRole> {
    let wire = |role: AssignableRole| WireAssignableRole {
        role: wire::role(app.catalogue(), &role.role, role.custom.as_ref()),
        assignable: role.is_assignable,
        built_in: role.custom.is_none(),
    };
    roles.into_iter().map(wire).collect()
}

/// Create a role of an organization
#[utoipa::path(
    post, path = "/organizations/{organization}/members/roles", tag = "Roles", operation_id = "create_organization_role", params(InOrganization),
    request_body = CustomRoleRequest,
    responses((status = OK, description = "Done", body = WireRole), Refusals),
)]
async fn create(
    State(app): State<App>,
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<CustomRoleRequest>,
) -> Result<ApiJson<WireRole>, ApiError> {
    let organization = store.addressed_organization(path.get("organization")).await?;
    check(&request)?;
    let now = app.clock().now();
    let role = CustomRole {
        organization_id: organization.id,
        permissions: named(&request.organization_permissions),
        name: request.name,
        display_name: request.display_name,
        created_at: now,
        updated_at: now,
    };
    store.create_custom_role(&role).await.map_err(|error| refusal(error, &role.name))?;
    Ok(ApiJson(own_role(&role)))
}

/// Change a role of an organization
#[utoipa::path(
    put, path = "/organizations/{organization}/members/roles", tag = "Roles", operation_id = "update_organization_role", params(InOrganization),
    request_body = CustomRoleRequest,
    responses((status = OK, description = "Done", body = WireRole), Refusals),
)]
async fn update(
    State(app): State<App>,
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<CustomRoleRequest>,
) -> Result<ApiJson<WireRole>, ApiError> {
    let organization = store.addressed_organization(path.get("organization")).await?;
    check(&request)?;
    store.custom_role(organization.id, &request.name).await?;
    // What the catalogue no longer has is dropped, so that a role can be changed after a type is gone.
    let mut permissions = named(&request.organization_permissions);
    permissions.retain(|permission| {
        let known = Permission::check(app.catalogue(), &permission.resource_type, &permission.action).is_ok();
        known || permission.resource_type == "*"
    });
    let change = CustomRoleChange { display_name: request.display_name, permissions };
    let changed = store.update_custom_role(organization.id, &request.name, change).await;
    Ok(ApiJson(own_role(&changed.map_err(|error| refusal(error, &request.name))?)))
}

/// Delete a role of an organization
#[utoipa::path(
    delete, path = "/organizations/{organization}/members/roles/{rolename}", tag = "Roles", operation_id = "delete_organization_role", params(InOrganization, InRole),
    responses((status = NO_CONTENT, description = "Done"), Refusals),
)]
async fn remove(store: AuthorizedStore, path: ApiPath) -> Result<StatusCode, ApiError> {
    let organization = store.addressed_organization(path.get("organization")).await?;
    let name = path.get("rolename");
    match store.delete_custom_role(&organization, name).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(Refused::Hidden(None)) => {
            let message = format!("No custom role with the name {name} found");
            Err(ApiError::new(StatusCode::NOT_FOUND, message).detail("no role found"))
        }
        Err(refused) => Err(refused.into()),
    }
}

fn own_role(role: &CustomRole) -> WireRole {
    let permission = |of: &NamedPermission| WirePermission {
        negate: false,
        resource_type: of.resource_type.clone(),
        action: of.action.clone(),
    };
    let OrganizationId(organization) = role.organization_id;
    WireRole {
        name: role.name.clone(),
        organization_id: Some(organization),
        display_name: role.display_name.clone(),
        site_permissions: Vec::new(),
        user_permissions: Vec::new(),
        organization_permissions: role.permissions.iter().map(permission).collect(),
        organization_member_permissions: Vec::new(),
    }
}

fn named(permissions: &[WirePermission]) -> Vec<NamedPermission> {
    let name =
        |of: &WirePermission| NamedPermission { resource_type: of.resource_type.clone(), action: of.action.clone() };
    permissions.iter().map(name).collect()
}

/// The rules that need no look at the caller (contract of decisions, section 3.5).
fn check(request: &CustomRoleRequest) -> Result<(), ApiError> {
    if is_reserved_role_name(&request.name) {
        let detail = format!("\"{}\" is a reserved role name, and not allowed to be used", request.name);
        return Err(ApiError::bad_request("Reserved role name").detail(detail));
    }
    if let Some(problem) = slug_problem(&request.name) {
        return Err(ApiError::bad_request("Invalid role name").detail(problem));
    }
    let levels = [
        (&request.site_permissions, "site wide"),
        (&request.user_permissions, "user"),
        (&request.organization_member_permissions, "organization member"),
    ];
    for (permissions, level) in levels {
        if !permissions.is_empty() {
            return Err(ApiError::bad_request(format!(
                "Invalid request, not allowed to assign {level} permissions for an organization role."
            )));
        }
    }
    match request.organization_permissions.iter().find(|permission| permission.negate) {
        Some(WirePermission { resource_type, action, .. }) => {
            Err(bad_permission(resource_type, action, "no negative permissions"))
        }
        None => Ok(()),
    }
}

fn failed(cause: String) -> ApiError {
    ApiError::bad_request("Failed to update role permissions").detail(cause)
}

fn bad_permission(resource_type: &str, action: &str, problem: &str) -> ApiError {
    failed(format!("invalid permission for action=\"{action}\" type=\"{resource_type}\", {problem}"))
}

fn refusal(error: CustomRoleError, name: &str) -> ApiError {
    match error {
        CustomRoleError::Invalid(problem) => failed(format!("invalid role: {problem}")),
        CustomRoleError::Wildcard(of) => bad_permission(&of.resource_type, &of.action, "no wildcard symbols"),
        CustomRoleError::NotHeld(of) => {
            bad_permission(&of.resource_type, &of.action, "not allowed to grant this permission")
        }
        CustomRoleError::NameTaken => {
            let taken = Validation::new("name", "This value is already in use and should be unique.");
            ApiError::new(StatusCode::CONFLICT, format!("A role with the name \"{name}\" already exists."))
                .validation(taken.field, taken.detail)
        }
        CustomRoleError::Refused(refused) => refused.into(),
    }
}
