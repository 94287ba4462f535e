//! Organizations and their members.
mod members;

use axum::http::StatusCode;
use keyfob_api::{
    error::ErrorBody,
    organizations::{CreateOrganizationRequest, Organization as WireOrganization, UpdateOrganizationRequest},
};
use keyfob_authority::{
    AuthorizedStore,
    organizations::{
        CreateOrganizationError, DeleteOrganizationError, Leftover, NewOrganization, OrganizationChange,
        UpdateOrganizationError,
    },
};
use utoipa_axum::routes;

pub(crate) use members::remove as remove_member;

use crate::http::path::OrganizationRef;
use crate::http::routes::Routes;
use crate::{
    api::wire,
    documentation::Refusals,
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};

/// All routes of organizations.
pub(crate) fn routes() -> Routes {
    Routes::api()
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
    Ok(ApiJson(store.list_organizations().await?.into_iter().map(wire::organization).collect()))
}

/// Get an organization
#[utoipa::path(
    get, path = "/organizations/{organization}", tag = "Organizations", operation_id = "get_organization", params(OrganizationRef),
    responses((status = OK, description = "Done", body = WireOrganization), Refusals),
)]
async fn show(
    store: AuthorizedStore,
    ApiPath(organization): ApiPath<OrganizationRef>,
) -> Result<ApiJson<WireOrganization>, ApiError> {
    Ok(ApiJson(wire::organization(store.addressed_organization(&organization.0).await?)))
}

/// Create an organization
#[utoipa::path(
    post, path = "/organizations", tag = "Organizations", operation_id = "create_organization",
    request_body = CreateOrganizationRequest,
    responses((status = CREATED, description = "Made", body = WireOrganization), Refusals),
)]
async fn create(
    store: AuthorizedStore,
    ApiJson(request): ApiJson<CreateOrganizationRequest>,
) -> Result<(StatusCode, ApiJson<WireOrganization>), ApiError> {
    let CreateOrganizationRequest { name, display_name, description, icon } = request;
    let created = store.create_organization(NewOrganization { name, display_name, description, icon }).await?;
    Ok((StatusCode::CREATED, ApiJson(wire::organization(created))))
}

/// Change an organization
#[utoipa::path(
    patch, path = "/organizations/{organization}", tag = "Organizations", operation_id = "update_organization", params(OrganizationRef),
    request_body = UpdateOrganizationRequest,
    responses((status = OK, description = "Done", body = WireOrganization), Refusals),
)]
async fn update(
    store: AuthorizedStore,
    ApiPath(organization): ApiPath<OrganizationRef>,
    ApiJson(request): ApiJson<UpdateOrganizationRequest>,
) -> Result<ApiJson<WireOrganization>, ApiError> {
    let organization = store.addressed_organization(&organization.0).await?;
    // An empty name is one that was left out.
    let not_empty = |text: String| Some(text).filter(|text| !text.is_empty());
    let change = OrganizationChange {
        name: not_empty(request.name),
        display_name: not_empty(request.display_name),
        description: request.description,
        icon: request.icon,
        default_org_member_roles: request.default_org_member_roles,
    };
    Ok(ApiJson(wire::organization(store.update_organization(organization.id, change).await?)))
}

/// Delete an organization
#[utoipa::path(
    delete, path = "/organizations/{organization}", tag = "Organizations", operation_id = "delete_organization", params(OrganizationRef),
    responses((status = OK, description = "Done", body = ErrorBody), Refusals),
)]
async fn delete(
    store: AuthorizedStore,
    ApiPath(organization): ApiPath<OrganizationRef>,
) -> Result<ApiJson<ErrorBody>, ApiError> {
    let store = store.salvaging();
    let organization = store.addressed_organization(&organization.0).await?;
    store.delete_organization(organization.id).await?;
    Ok(ApiJson(ErrorBody::message("Organization has been deleted.")))
}

fn name_reserved() -> ApiError {
    ApiError::bad_request("Organization name \"default\" is reserved.")
}

impl From<CreateOrganizationError> for ApiError {
    fn from(error: CreateOrganizationError) -> Self {
        match error {
            CreateOrganizationError::Invalid(wrong) => wrong.into(),
            CreateOrganizationError::NameReserved => name_reserved(),
            CreateOrganizationError::NameTaken => {
                Self::new(StatusCode::CONFLICT, "Organization already exists with that name.")
            }
            CreateOrganizationError::Refused(refused) => refused.into(),
        }
    }
}

impl From<UpdateOrganizationError> for ApiError {
    fn from(error: UpdateOrganizationError) -> Self {
        match error {
            UpdateOrganizationError::Invalid(wrong) => wrong.into(),
            UpdateOrganizationError::NameReserved => name_reserved(),
            UpdateOrganizationError::NameTaken(name) => {
                Self::new(StatusCode::CONFLICT, format!("Organization already exists with the name \"{name}\"."))
                    .validation("name", "This value is already in use and should be unique.")
            }
            UpdateOrganizationError::UnknownDefaultRole(role) => {
                Self::bad_request("Invalid default_org_member_roles entry.")
                    .detail(format!("\"{role}\" is not a supported role"))
            }
            UpdateOrganizationError::Assign(error) => error.into(),
            UpdateOrganizationError::Refused(refused) => refused.into(),
        }
    }
}

impl From<DeleteOrganizationError> for ApiError {
    fn from(error: DeleteOrganizationError) -> Self {
        match error {
            DeleteOrganizationError::IsDefault => Self::bad_request("Default organization cannot be deleted."),
            DeleteOrganizationError::NotEmpty(leftovers) => {
                let parts: Vec<String> = leftovers.into_iter().map(counted).collect();
                let detail = format!("This organization has {} that must be deleted first.", parts.join(", "));
                Self::bad_request("Error deleting organization.").detail(detail)
            }
            DeleteOrganizationError::Refused(refused) => refused.into(),
        }
    }
}

fn counted((of, count): (Leftover, u64)) -> String {
    let kind = match of {
        Leftover::Workspace => "workspace",
        Leftover::Template => "template",
        Leftover::OtherResource => "other resource",
        Leftover::Member => "member",
        Leftover::Group => "group",
    };
    format!("{count} {kind}{}", if count == 1 { "" } else { "s" })
}
