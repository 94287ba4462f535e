//! Setting a deployment up: its first user, once per database.
use axum::{Extension, extract::State, http::StatusCode};
use keyfob_api::{
    error::ErrorBody,
    users::{CreateFirstUserRequest, CreateFirstUserResponse},
};
use keyfob_authority::{
    RequestContext, System,
    users::{FirstUser, SetUpError},
};

use super::password;
use crate::{
    app::App,
    documentation::Refusals,
    http::{error::ApiError, extract::ApiJson},
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
    let CreateFirstUserRequest { email, username, name, password, .. } = request;
    let first = FirstUser { username, email, name, password };
    let done = System::SetUp.store(app.authority(), context).set_up(first).await?;
    let created = CreateFirstUserResponse { user_id: done.user.0, organization_id: done.organization.0 };
    Ok((StatusCode::CREATED, ApiJson(created)))
}

impl From<SetUpError> for ApiError {
    fn from(error: SetUpError) -> Self {
        match error {
            SetUpError::Invalid(wrong) => wrong.into(),
            SetUpError::AlreadyDone => Self::new(StatusCode::CONFLICT, "The initial user has already been created."),
            SetUpError::WeakPassword(weakness) => password::weak("Password is invalid", &weakness),
            SetUpError::Hash(error) => Self::internal(&error),
            SetUpError::Refused(refused) => refused.into(),
        }
    }
}
