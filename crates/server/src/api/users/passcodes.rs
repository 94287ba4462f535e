//! Replacing a forgotten password with a passcode that comes by mail (contract, section 5.6).
use axum::{
    Extension,
    extract::{FromRequest as _, Request, State},
    http::StatusCode,
};
use keyfob_api::users::{ChangePasswordWithPasscodeRequest, RequestPasscodeRequest};
use keyfob_authority::data::User;

use crate::api::users::require_other;
use crate::{
    app::App,
    documentation::Refusals,
    http::{error::ApiError, extract::ApiJson},
};
use keyfob_authority::fields::Fields;
use keyfob_authority::{
    AuthorizedStore, RequestContext, System,
    passwords::{SetPasswordError, weakness},
    response_timing::evenly,
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
    require_passwords(&app)?;
    let ApiJson(request) = ApiJson::<RequestPasscodeRequest>::from_request(request, &app).await?;
    Fields::default().email("email", &request.email).check()?;
    ask(&System::SignIn.store(app.authority(), context), &request.email).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a passcode be mailed to this address, if it is somebody's.
pub(crate) async fn ask(store: &AuthorizedStore, email: &str) -> Result<(), ApiError> {
    evenly(async {
        let found = store.login(email).await?;
        Ok(store.request_passcode(found.as_ref().map(|(user, _)| user)).await?)
    })
    .await
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
    require_passwords(&app)?;
    let ApiJson(request) = ApiJson::<ChangePasswordWithPasscodeRequest>::from_request(request, &app).await?;
    replace(&app, &System::SignIn.store(app.authority(), context), &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces a forgotten password.
pub(crate) async fn replace(
    app: &App,
    store: &AuthorizedStore,
    request: &ChangePasswordWithPasscodeRequest,
) -> Result<(), ApiError> {
    let (password, passcode) = (&request.password, &request.one_time_passcode);
    Fields::default()
        .email("email", &request.email)
        .required("password", password.reveal())
        .required("one_time_passcode", passcode.reveal())
        .check()?;
    if let Some(weakness) = weakness(password.reveal()) {
        return Err(ApiError::bad_request("Invalid password.").validation("password", weakness));
    }
    evenly(replace_with(app, store, request)).await
}

async fn replace_with(
    app: &App,
    store: &AuthorizedStore,
    request: &ChangePasswordWithPasscodeRequest,
) -> Result<(), ApiError> {
    let (password, passcode) = (&request.password, &request.one_time_passcode);
    let found = store.login(&request.email).await?;
    let account = found.as_ref().map(|(user, _)| user);
    let fits = store.is_passcode(account, passcode).await?;
    let Some((user, seen)) = found.as_ref().filter(|_| fits) else { return Err(incorrect(store, account)) };
    require_other(app, seen, password).await?;
    let hash = app.authority().passwords().hash(password).await.map_err(|error| ApiError::internal(&error))?;
    match store.reset_password(user, passcode, &hash).await {
        Err(SetPasswordError::Overtaken) => Err(incorrect(store, account)),
        reset => Ok(reset?),
    }
}

fn incorrect(store: &AuthorizedStore, account: Option<&User>) -> ApiError {
    store.caller().context().decisions.sign_in_failed("reset_password", account.map(|user| user.id));
    ApiError::bad_request("Incorrect email or one-time passcode.")
}

/// Without passwords there is none to replace.
pub(crate) fn require_passwords(app: &App) -> Result<(), ApiError> {
    if app.rules().is_password_auth_disabled {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "Password authentication is disabled."));
    }
    Ok(())
}
