//! Setting a deployment up: its first user, once per database (contract, section 5.1).
use axum::{Extension, extract::State, http::StatusCode};
use keyfob_api::{
    error::ErrorBody,
    users::{CreateFirstUserRequest, CreateFirstUserResponse},
};
use keyfob_authority::data::{LoginType, NewUser, User};

use crate::{
    app::App,
    documentation::Refusals,
    http::{error::ApiError, extract::ApiJson},
};
use keyfob_authority::fields::Fields;
use keyfob_authority::users::person;
use keyfob_authority::{RequestContext, System, passwords::weakness};

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
    if System::SetUp.store(app.authority(), context).is_set_up().await? {
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
    let store = System::SetUp.store(app.authority(), context);
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
    let hash = app.authority().passwords().hash(&request.password).await.map_err(|error| ApiError::internal(&error))?;
    let user = person(app.authority(), request.username, request.email, LoginType::Password);
    let user = User { name: request.name, roles: vec![User::OWNER.to_owned()], ..user };
    Ok(NewUser { user, password_hash: hash })
}
