//! Organizations and their members (contract, section 5.11).
mod members;

use axum::{extract::State, http::StatusCode};
use keyfob_api::{
    error::ErrorBody,
    organizations::{CreateOrganizationRequest, Organization as WireOrganization, UpdateOrganizationRequest},
};
use keyfob_authority::data::{Organization, OrganizationId, StoreError};
use keyfob_rbac::ShareableWorkspaceOwners;

pub(crate) use members::remove as remove_member;

use crate::http::routes::Routes;
use crate::{
    api::wire,
    app::App,
    documentation::{InOrganization, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};
use keyfob_authority::fields::Fields;
use keyfob_authority::{
    AuthorizedStore, Refused,
    organizations::{DeleteOrganizationError, OrganizationChange},
    roles::AssignError,
};
use utoipa_axum::routes;

/// All routes of organizations.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .routes(routes!(list, create))
        .routes(routes!(show, update, delete))
        .routes(routes!(members::all))
        .routes(routes!(members::paginated))
        .routes(routes!(members::show, members::add, members::remove))
        .routes(routes!(members::update_roles))
}

/// List organizations
#[utoipa::path(
    get, path = "/organizations", tag = "Organizations", operation_id = "list_organizations",
    responses((status = OK, description = "Done", body = Vec<WireOrganization>), Refusals),
)]
async fn list(store: AuthorizedStore) -> Result<ApiJson<Vec<WireOrganization>>, ApiError> {
    Ok(ApiJson(store.organizations().await?.into_iter().map(wire::organization).collect()))
}

/// Get an organization
#[utoipa::path(
    get, path = "/organizations/{organization}", tag = "Organizations", operation_id = "get_organization", params(InOrganization),
    responses((status = OK, description = "Done", body = WireOrganization), Refusals),
)]
async fn show(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<WireOrganization>, ApiError> {
    Ok(ApiJson(wire::organization(store.addressed_organization(path.get("organization")).await?)))
}

/// Create an organization
#[utoipa::path(
    post, path = "/organizations", tag = "Organizations", operation_id = "create_organization",
    request_body = CreateOrganizationRequest,
    responses((status = CREATED, description = "Made", body = WireOrganization), Refusals),
)]
async fn create(
    State(app): State<App>,
    store: AuthorizedStore,
    ApiJson(request): ApiJson<CreateOrganizationRequest>,
) -> Result<(StatusCode, ApiJson<WireOrganization>), ApiError> {
    Fields::default()
        .slug("name", "organization_name", &request.name)
        .display_name("display_name", "organization_display_name", &request.display_name)
        .check()?;
    require_free_word(&request.name)?;
    let now = app.clock().now();
    let organization = Organization {
        id: OrganizationId(app.random().uuid()),
        display_name: if request.display_name.is_empty() { request.name.clone() } else { request.display_name },
        name: request.name,
        description: request.description,
        icon: request.icon,
        is_default: false,
        default_org_member_roles: keyfob_authority::organizations::DEFAULT_MEMBER_ROLES.map(str::to_owned).to_vec(),
        shareable_workspace_owners: ShareableWorkspaceOwners::Everyone,
        created_at: now,
        updated_at: now,
    };
    match store.create_organization(&organization).await {
        Ok(()) => Ok((StatusCode::CREATED, ApiJson(wire::organization(organization)))),
        Err(Refused::Store(StoreError::Conflict(_))) => {
            Err(ApiError::new(StatusCode::CONFLICT, "Organization already exists with that name."))
        }
        Err(refused) => Err(refused.into()),
    }
}

fn require_free_word(name: &str) -> Result<(), ApiError> {
    if name == "default" {
        return Err(ApiError::bad_request("Organization name \"default\" is reserved."));
    }
    Ok(())
}

/// Change an organization
#[utoipa::path(
    patch, path = "/organizations/{organization}", tag = "Organizations", operation_id = "update_organization", params(InOrganization),
    request_body = UpdateOrganizationRequest,
    responses((status = OK, description = "Done", body = WireOrganization), Refusals),
)]
async fn update(
    store: AuthorizedStore,
    path: ApiPath,
    ApiJson(request): ApiJson<UpdateOrganizationRequest>,
) -> Result<ApiJson<WireOrganization>, ApiError> {
    let organization = store.addressed_organization(path.get("organization")).await?;
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let (name, display_name) = (given(request.name), given(request.display_name));
    let wanted_name = name.clone().unwrap_or(organization.name);
    Fields::default()
        .slug("name", "organization_name", &wanted_name)
        .display_name("display_name", "organization_display_name", display_name.as_deref().unwrap_or_default())
        .check()?;
    require_free_word(&wanted_name)?;
    let change = OrganizationChange {
        name,
        display_name,
        description: request.description,
        icon: request.icon,
        default_org_member_roles: request.default_org_member_roles,
    };
    match store.update_organization(organization.id, change).await {
        Ok(changed) => Ok(ApiJson(wire::organization(changed))),
        Err(AssignError::Refused(Refused::Store(StoreError::Conflict(_)))) => {
            let message = format!("Organization already exists with the name \"{wanted_name}\".");
            Err(ApiError::new(StatusCode::CONFLICT, message)
                .validation("name", "This value is already in use and should be unique."))
        }
        Err(AssignError::Unsupported(role)) => Err(ApiError::bad_request("Invalid default_org_member_roles entry.")
            .detail(format!("\"{role}\" is not a supported role"))),
        Err(error) => Err(error.into()),
    }
}

/// Delete an organization
#[utoipa::path(
    delete, path = "/organizations/{organization}", tag = "Organizations", operation_id = "delete_organization", params(InOrganization),
    responses((status = OK, description = "Done", body = ErrorBody), Refusals),
)]
async fn delete(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<ErrorBody>, ApiError> {
    let organization = store.addressed_organization(path.get("organization")).await?;
    match store.delete_organization(&organization).await {
        Ok(()) => Ok(ApiJson(ErrorBody::message("Organization has been deleted."))),
        Err(DeleteOrganizationError::Default) => Err(ApiError::bad_request("Default organization cannot be deleted.")),
        Err(DeleteOrganizationError::NotEmpty(rest)) => {
            let parts: Vec<String> = rest
                .iter()
                .map(|(kind, count)| format!("{count} {kind}{}", if *count == 1 { "" } else { "s" }))
                .collect();
            let detail = format!("This organization has {} that must be deleted first.", parts.join(", "));
            Err(ApiError::bad_request("Error deleting organization.").detail(detail))
        }
        Err(DeleteOrganizationError::Refused(refused)) => Err(refused.into()),
    }
}
