//! Replacing a forgotten password with a passcode that comes by mail.
use axum::{
    Extension,
    extract::{FromRequest as _, Request, State},
    http::StatusCode,
};
use keyfob_api::users::{ChangePasswordWithPasscodeRequest, RequestPasscodeRequest};
use keyfob_authority::{
    RequestContext, System,
    passwords::{PasswordsDisabled, ReplacePassword, ReplacePasswordError, RequestPasscodeError},
};

use super::password;
use crate::{
    app::App,
    documentation::Refusals,
    http::{error::ApiError, extract::ApiJson},
};

/// Have a passcode mailed with which a forgotten password is replaced; the answer is the same for unknown addresses
#[utoipa::path(
    post, path = "/users/otp/request", tag = "Signing in", operation_id = "request_passcode",
    request_body = RequestPasscodeRequest,
    responses((status = NO_CONTENT, description = "Done"), Refusals),
    security(()),
)]
pub(super) async fn request(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    // Before anything is read from the body.
    app.authority().require_passwords()?;
    let ApiJson(request) = ApiJson::<RequestPasscodeRequest>::from_request(request, &app).await?;
    System::SignIn.store(app.authority(), context).request_passcode(&request.email).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replace a forgotten password: the passcode is used up, and all keys of the user end
#[utoipa::path(
    post, path = "/users/otp/change-password", tag = "Signing in", operation_id = "change_password_with_passcode",
    request_body = ChangePasswordWithPasscodeRequest,
    responses((status = NO_CONTENT, description = "Done"), Refusals),
    security(()),
)]
pub(super) async fn change(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    request: Request,
) -> Result<StatusCode, ApiError> {
    // Before anything is read from the body.
    app.authority().require_passwords()?;
    let ApiJson(request) = ApiJson::<ChangePasswordWithPasscodeRequest>::from_request(request, &app).await?;
    let ChangePasswordWithPasscodeRequest { email, password, one_time_passcode: passcode } = request;
    let new = ReplacePassword { email, password, passcode };
    System::SignIn.store(app.authority(), context).replace_password(&new).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<PasswordsDisabled> for ApiError {
    fn from(PasswordsDisabled: PasswordsDisabled) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Password authentication is disabled.")
    }
}

impl From<RequestPasscodeError> for ApiError {
    fn from(error: RequestPasscodeError) -> Self {
        match error {
            RequestPasscodeError::PasswordsDisabled => PasswordsDisabled.into(),
            RequestPasscodeError::Invalid(wrong) => wrong.into(),
            RequestPasscodeError::Refused(refused) => refused.into(),
        }
    }
}

impl From<ReplacePasswordError> for ApiError {
    fn from(error: ReplacePasswordError) -> Self {
        match error {
            ReplacePasswordError::PasswordsDisabled => PasswordsDisabled.into(),
            ReplacePasswordError::Invalid(wrong) => wrong.into(),
            ReplacePasswordError::WeakPassword(weakness) => password::weak("Invalid password.", &weakness),
            ReplacePasswordError::Incorrect => Self::bad_request("Incorrect email or one-time passcode."),
            ReplacePasswordError::SamePassword => password::same(),
            ReplacePasswordError::Hash(error) => Self::internal(&error),
            ReplacePasswordError::Refused(refused) => refused.into(),
        }
    }
}
