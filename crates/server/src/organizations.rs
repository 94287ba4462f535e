//! Organizations and their members (contract, section 5.11).
use axum::{
    Router,
    routing::{get, post},
};
use keyfob_api::organizations::{Organization as WireOrganization, OrganizationMember};

use crate::{
    error::ApiError,
    extract::{ApiJson, ApiPath},
    gate::{AddMemberError, AuthorizedStore},
    state::App,
    wire,
};

/// All routes of organizations.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/organizations", get(list))
        .route("/organizations/{organization}", get(show))
        .route("/organizations/{organization}/members/{user}", post(add_member))
}

/// List organizations
async fn list(store: AuthorizedStore) -> Result<ApiJson<Vec<WireOrganization>>, ApiError> {
    Ok(ApiJson(store.organizations().await?.into_iter().map(wire::organization).collect()))
}

/// Get an organization
async fn show(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<WireOrganization>, ApiError> {
    Ok(ApiJson(wire::organization(store.addressed_organization(path.get("organization")).await?)))
}

/// Make a user a member of an organization
async fn add_member(store: AuthorizedStore, path: ApiPath) -> Result<ApiJson<OrganizationMember>, ApiError> {
    let organization = store.addressed_organization(path.get("organization")).await?;
    let user = store.addressed_user(path.get("user")).await?;
    match store.add_member(&user, &organization).await {
        Ok(member) => Ok(ApiJson(wire::member(&member))),
        Err(AddMemberError::AlreadyMember) => Err(ApiError::bad_request("User is already an organization member")
            .detail(format!("{} is already a member of {}", user.username, organization.display_name))),
        Err(AddMemberError::Refused(refused)) => Err(refused.into()),
    }
}
