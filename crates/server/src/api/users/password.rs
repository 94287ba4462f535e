//! Changing passwords.
use axum::{
    extract::{FromRequest as _, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::users::{PasswordStrength, UpdatePasswordRequest, ValidatePasswordRequest};
use keyfob_authority::{
    AuthorizedStore, Refused,
    passwords::{ChangePassword, ChangePasswordError, CheckPasswordError, SetCredentialError, Weakness, rate},
};

use crate::http::path::UserRef;
use crate::{
    app::App,
    documentation::Refusals,
    http::{
        error::{ApiError, too_many_passwords},
        extract::{ApiJson, ApiPath},
    },
};

/// Say how strong a password is
#[utoipa::path(
    post, path = "/users/validate-password", tag = "Users", operation_id = "validate_password",
    request_body = ValidatePasswordRequest,
    responses((status = OK, description = "Done", body = PasswordStrength), Refusals),
    security(()),
)]
pub(super) async fn validate(
    ApiJson(request): ApiJson<ValidatePasswordRequest>,
) -> Result<ApiJson<PasswordStrength>, ApiError> {
    let weakness = rate(&request.password)?.map(|weakness| weakness.to_string());
    Ok(ApiJson(PasswordStrength { valid: weakness.is_none(), details: weakness.unwrap_or_default() }))
}

/// Change a user's password: all their keys end, and a browser's session goes on with a fresh cookie
#[utoipa::path(
    put, path = "/users/{user}/password", tag = "Users", operation_id = "change_password", params(UserRef),
    request_body = UpdatePasswordRequest,
    responses((status = NO_CONTENT, description = "Done"), Refusals),
)]
pub(super) async fn change(
    State(app): State<App>,
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
    request: Request,
) -> Result<Response, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    // A caller who may not is told so before the body is read.
    store.require_setting_password(&user).await?;
    let ApiJson(request) = ApiJson::<UpdatePasswordRequest>::from_request(request, &app).await?;
    let change = ChangePassword { old: request.old_password, new: request.password };
    match store.change_password(user.id, change).await? {
        Some(renewed) => {
            let cookie = app.settings().cookies.session(&renewed.text)?;
            Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
        }
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// The answer to a password that is not strong enough.
pub(super) fn weak(message: &str, weakness: &Weakness) -> ApiError {
    ApiError::bad_request(message).validation("password", weakness.to_string())
}

/// The answer where the new password is the present one.
pub(super) fn same() -> ApiError {
    ApiError::bad_request("New password cannot match old password.")
}

fn wrong_old_password() -> ApiError {
    let message = "Old password is incorrect.";
    ApiError::bad_request(message).validation("old_password", message)
}

impl From<ChangePasswordError> for ApiError {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Denied(denied) => denied.into(),
            ChangePasswordError::Invalid(wrong) => wrong.into(),
            ChangePasswordError::OtherLoginType(_) => {
                Self::bad_request("Users without password login type cannot change their password.")
            }
            ChangePasswordError::OldPasswordRequired => Self::bad_request("Old password is required."),
            ChangePasswordError::WeakPassword(weakness) => weak("Invalid password.", &weakness),
            ChangePasswordError::NotChecked(error) => error.into(),
            ChangePasswordError::WrongOldPassword | ChangePasswordError::Overtaken => wrong_old_password(),
            ChangePasswordError::SamePassword => same(),
            ChangePasswordError::Hash(error) => Self::internal(&error),
            ChangePasswordError::Mint(error) => error.into(),
            ChangePasswordError::Refused(refused) => refused.into(),
        }
    }
}

impl From<SetCredentialError> for ApiError {
    fn from(error: SetCredentialError) -> Self {
        match error {
            SetCredentialError::OwnersOnly => Self::bad_request("Only owners can change the password of an owner."),
            SetCredentialError::Stronger(denied) => Refused::Denied(denied).into(),
            SetCredentialError::NeedsFullKey => Self::forbidden().detail(
                "Setting another user's password takes a key with the scope coder:all and the allow list *:*, such as \
                 a session.",
            ),
            SetCredentialError::Refused(refused) => refused.into(),
        }
    }
}

impl From<CheckPasswordError> for ApiError {
    fn from(error: CheckPasswordError) -> Self {
        match error {
            CheckPasswordError::Paused { until, now } => too_many_passwords(until, now),
            CheckPasswordError::Hash(error) => Self::internal(&error),
            CheckPasswordError::Refused(refused) => refused.into(),
        }
    }
}
