//! Roles: those that can be assigned, and the custom roles of organizations.
use axum::{extract::State, http::StatusCode, routing::delete};
use keyfob_api::roles::{
    AssignableRole as WireAssignableRole, CustomRoleRequest, Permission as WirePermission, Role as WireRole,
};
use keyfob_authority::{
    AuthorizedStore,
    data::{CustomRole, NamedPermission, OrganizationId},
    roles::{
        AssignableRole, CustomRoleError, CustomRoleFields, DeleteCustomRoleError, MAX_CUSTOM_ROLES, OtherLevel,
        RequestedPermission, RequestedPermissions,
    },
};
use utoipa_axum::routes;

use crate::http::path::{OrganizationRef, RoleName};
use crate::http::routes::{Handlers, Routes};
use crate::{
    api::{organizations::remove_member, users::named_but_get, wire},
    app::App,
    documentation::Refusals,
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};

/// All routes of roles.
pub(crate) fn routes() -> Routes {
    Routes::api()
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
    Ok(ApiJson(wire_roles(&app, store.list_site_roles().await?)))
}

/// List an organization's roles
#[utoipa::path(
    get, path = "/organizations/{organization}/members/roles", tag = "Roles", operation_id = "list_organization_roles", params(OrganizationRef),
    responses((status = OK, description = "Done", body = Vec<WireAssignableRole>), Refusals),
)]
async fn organization_roles(
    State(app): State<App>,
    store: AuthorizedStore,
    ApiPath(organization): ApiPath<OrganizationRef>,
) -> Result<ApiJson<Vec<WireAssignableRole>>, ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    Ok(ApiJson(wire_roles(&app, store.list_organization_roles(organization.id).await?)))
}

fn wire_roles(app: &App, roles: Vec<AssignableRole>) -> Vec<WireAssignableRole> {
    let wire = |role: AssignableRole| WireAssignableRole {
        role: wire::role(app.catalogue(), &role.role, role.custom.as_ref()),
        assignable: role.is_assignable,
        built_in: role.custom.is_none(),
    };
    roles.into_iter().map(wire).collect()
}

/// Create a role of an organization
#[utoipa::path(
    post, path = "/organizations/{organization}/members/roles", tag = "Roles", operation_id = "create_organization_role", params(OrganizationRef),
    request_body = CustomRoleRequest,
    responses((status = OK, description = "Done", body = WireRole), Refusals),
)]
async fn create(
    store: AuthorizedStore,
    ApiPath(organization): ApiPath<OrganizationRef>,
    ApiJson(request): ApiJson<CustomRoleRequest>,
) -> Result<ApiJson<WireRole>, ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    let role = store.create_custom_role(organization.id, fields(request)).await?;
    Ok(ApiJson(wire_custom_role(role)))
}

/// Change a role of an organization
#[utoipa::path(
    put, path = "/organizations/{organization}/members/roles", tag = "Roles", operation_id = "update_organization_role", params(OrganizationRef),
    request_body = CustomRoleRequest,
    responses((status = OK, description = "Done", body = WireRole), Refusals),
)]
async fn update(
    store: AuthorizedStore,
    ApiPath(organization): ApiPath<OrganizationRef>,
    ApiJson(request): ApiJson<CustomRoleRequest>,
) -> Result<ApiJson<WireRole>, ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    let role = store.salvaging().update_custom_role(organization.id, fields(request), None).await?;
    Ok(ApiJson(wire_custom_role(role)))
}

/// Delete a role of an organization
#[utoipa::path(
    delete, path = "/organizations/{organization}/members/roles/{rolename}", tag = "Roles", operation_id = "delete_organization_role", params(OrganizationRef, RoleName),
    responses((status = NO_CONTENT, description = "Done"), Refusals),
)]
async fn remove(
    store: AuthorizedStore,
    ApiPath((organization, role)): ApiPath<(OrganizationRef, RoleName)>,
) -> Result<StatusCode, ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    let name = &role.0;
    store.salvaging().delete_custom_role(organization.id, name).await.map_err(|error| match error {
        DeleteCustomRoleError::NoSuchRole => {
            let message = format!("No custom role with the name {name} found");
            ApiError::new(StatusCode::NOT_FOUND, message).detail("no role found")
        }
        DeleteCustomRoleError::Assign(error) => error.into(),
        DeleteCustomRoleError::Refused(refused) => refused.into(),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

fn wire_custom_role(role: CustomRole) -> WireRole {
    let permission =
        |NamedPermission { resource_type, action }| WirePermission { negate: false, resource_type, action };
    let OrganizationId(organization) = role.organization_id;
    WireRole {
        name: role.name,
        organization_id: Some(organization),
        display_name: role.display_name,
        site_permissions: Vec::new(),
        user_permissions: Vec::new(),
        organization_permissions: role.permissions.into_iter().map(permission).collect(),
        organization_member_permissions: Vec::new(),
    }
}

fn fields(request: CustomRoleRequest) -> CustomRoleFields {
    let requested = |permissions: Vec<WirePermission>| {
        let permission = |WirePermission { negate, resource_type, action }| RequestedPermission {
            resource_type,
            action,
            is_negative: negate,
        };
        permissions.into_iter().map(permission).collect()
    };
    CustomRoleFields {
        name: request.name,
        display_name: request.display_name,
        permissions: RequestedPermissions {
            organization: requested(request.organization_permissions),
            site: requested(request.site_permissions),
            user: requested(request.user_permissions),
            organization_member: requested(request.organization_member_permissions),
        },
    }
}

fn bad_permissions(cause: String) -> ApiError {
    ApiError::bad_request("Failed to update role permissions").detail(cause)
}

fn bad_permission(NamedPermission { resource_type, action }: &NamedPermission, problem: &str) -> ApiError {
    bad_permissions(format!("invalid permission for action=\"{action}\" type=\"{resource_type}\", {problem}"))
}

fn level_not_allowed(level: OtherLevel) -> ApiError {
    let level = match level {
        OtherLevel::Site => "site wide",
        OtherLevel::User => "user",
        OtherLevel::OrganizationMember => "organization member",
    };
    let message = format!("Invalid request, not allowed to assign {level} permissions for an organization role.");
    ApiError::bad_request(message)
}

impl From<CustomRoleError> for ApiError {
    fn from(error: CustomRoleError) -> Self {
        match error {
            CustomRoleError::NameReserved(name) => Self::bad_request("Reserved role name")
                .detail(format!("\"{name}\" is a reserved role name, and not allowed to be used")),
            CustomRoleError::InvalidName(problem) => Self::bad_request("Invalid role name").detail(problem),
            CustomRoleError::InvalidFields(wrong) => wrong.into(),
            CustomRoleError::OtherLevel(level) => level_not_allowed(level),
            CustomRoleError::Negative(of) => bad_permission(&of, "no negative permissions"),
            CustomRoleError::Invalid(problem) => bad_permissions(format!("invalid role: {problem}")),
            CustomRoleError::Wildcard(of) => bad_permission(&of, "no wildcard symbols"),
            CustomRoleError::NotHeld(of) => bad_permission(&of, "not allowed to grant this permission"),
            CustomRoleError::NameTaken(name) => {
                Self::new(StatusCode::CONFLICT, format!("A role with the name \"{name}\" already exists."))
                    .validation("name", "This value is already in use and should be unique.")
            }
            CustomRoleError::TooMany => {
                Self::bad_request(format!("An organization has at most {MAX_CUSTOM_ROLES} custom roles."))
                    .detail("Delete one that nobody needs, or add the permissions to another.")
            }
            CustomRoleError::Changed => Self::new(StatusCode::CONFLICT, "The role was changed meanwhile.")
                .detail("Nothing was saved: look at what it permits now."),
            CustomRoleError::Assign(error) => error.into(),
            CustomRoleError::Refused(refused) => refused.into(),
        }
    }
}
