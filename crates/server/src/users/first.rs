//! Setting a deployment up: its first user, once per database (contract, section 5.1).
use axum::{Extension, extract::State, http::StatusCode};
use keyfob_api::{
    error::ErrorBody,
    users::{CreateFirstUserRequest, CreateFirstUserResponse},
};
use keyfob_rbac::ShareableWorkspaceOwners;
use keyfob_store::{LoginType, NewUser, Organization, OrganizationId, User};

use super::person::person;
use crate::{
    context::RequestContext, documentation::Refusals, error::ApiError, extract::ApiJson, gate::System,
    organizations::DEFAULT_MEMBER_ROLES, passwords::weakness, state::App, validate::Fields,
};

/// Whether set-up was done
#[utoipa::path(
    get, path = "/users/first", tag = "Users", operation_id = "get_set_up",
    responses((status = OK, description = "Done", body = ErrorBody), Refusals),
    security(()),
)]
pub(super) async fn is_set_up(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
) -> Result<ApiJson<ErrorBody>, ApiError> {
    if System::SetUp.store(&app, context).is_set_up().await? {
        return Ok(ApiJson(ErrorBody::message("The initial user has already been created!")));
    }
    Err(ApiError::new(StatusCode::NOT_FOUND, "The initial user has not been created!"))
}

/// Create the first user, an owner
#[utoipa::path(
    post, path = "/users/first", tag = "Users", operation_id = "set_up",
    request_body = CreateFirstUserRequest,
    responses((status = CREATED, description = "Made", body = CreateFirstUserResponse), Refusals),
    security(()),
)]
pub(super) async fn set_up(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    ApiJson(request): ApiJson<CreateFirstUserRequest>,
) -> Result<(StatusCode, ApiJson<CreateFirstUserResponse>), ApiError> {
    let made = make_first(&app, context, request).await?;
    Ok((StatusCode::CREATED, ApiJson(made)))
}

/// Makes the first user, and the organization that new users land in.
pub(crate) async fn make_first(
    app: &App,
    context: RequestContext,
    request: CreateFirstUserRequest,
) -> Result<CreateFirstUserResponse, ApiError> {
    Fields::default()
        .email("email", &request.email)
        .username("username", &request.username)
        .real_name("name", &request.name)
        .required("password", request.password.reveal())
        .check()?;
    let store = System::SetUp.store(app, context);
    let exists = || ApiError::new(StatusCode::CONFLICT, "The initial user has already been created.");
    if store.is_set_up().await? {
        return Err(exists());
    }
    if let Some(weakness) = weakness(request.password.reveal()) {
        return Err(ApiError::bad_request("Password is invalid").validation("password", weakness));
    }
    let first = first_user(app, request).await?;
    let organization = store.set_up(&first).await?.ok_or_else(exists)?;
    Ok(CreateFirstUserResponse { user_id: first.user.id.0, organization_id: organization.id.0 })
}

async fn first_user(app: &App, request: CreateFirstUserRequest) -> Result<NewUser, ApiError> {
    let hash = app.passwords().hash(&request.password).await.map_err(|error| ApiError::internal(&error))?;
    let user = person(app, request.username, request.email, LoginType::Password);
    let user = User { name: request.name, roles: vec![User::OWNER.to_owned()], ..user };
    Ok(NewUser { user, password_hash: hash })
}

/// The organization that clients of a fresh deployment expect, under the name they expect.
pub(crate) fn default_organization(app: &App) -> Organization {
    let now = app.clock().now();
    Organization {
        id: OrganizationId(app.random().uuid()),
        name: "coder".to_owned(),
        display_name: "Coder".to_owned(),
        description: "Builtin default organization.".to_owned(),
        icon: String::new(),
        is_default: true,
        default_org_member_roles: DEFAULT_MEMBER_ROLES.map(str::to_owned).to_vec(),
        shareable_workspace_owners: ShareableWorkspaceOwners::Everyone,
        created_at: now,
        updated_at: now,
    }
}
