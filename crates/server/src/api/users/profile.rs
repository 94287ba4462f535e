//! What users are called.
use axum::http::StatusCode;
use keyfob_api::users::{UpdateUserProfileRequest, User as WireUser};
use keyfob_authority::{
    AuthorizedStore,
    users::{UpdateProfile, UpdateProfileError},
};

use super::user_answer;
use crate::http::path::UserRef;
use crate::{
    documentation::Refusals,
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};

/// Change a user's names
#[utoipa::path(
    put, path = "/users/{user}/profile", tag = "Users", operation_id = "update_profile", params(UserRef),
    request_body = UpdateUserProfileRequest,
    responses((status = OK, description = "Done", body = WireUser), Refusals),
)]
pub(super) async fn update_profile(
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
    ApiJson(request): ApiJson<UpdateUserProfileRequest>,
) -> Result<ApiJson<WireUser>, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let names = UpdateProfile { username: request.username, name: request.name };
    let changed = store.update_profile(user.id, names).await?;
    user_answer(&store, changed).await
}

impl From<UpdateProfileError> for ApiError {
    fn from(error: UpdateProfileError) -> Self {
        match error {
            UpdateProfileError::Invalid(wrong) => wrong.into(),
            UpdateProfileError::UsernameTaken => {
                Self::new(StatusCode::CONFLICT, "A user with this username already exists.")
                    .validation("username", "This username is already in use.")
            }
            UpdateProfileError::Refused(refused) => refused.into(),
        }
    }
}
