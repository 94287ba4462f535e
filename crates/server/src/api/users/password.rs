//! Changing passwords (contract, sections 5.5 and 5.7).
use axum::{
    Extension,
    extract::{FromRequest as _, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::users::{PasswordStrength, UpdatePasswordRequest, ValidatePasswordRequest};
use keyfob_authority::data::{KeyLoginType, LoginType, PasswordHash, User};

use crate::api::users::require_other;
use crate::{
    api::sessions,
    app::App,
    documentation::{InUser, Refusals},
    http::{
        error::ApiError,
        extract::{ApiJson, ApiPath},
    },
};
use keyfob_authority::fields::Fields;
use keyfob_authority::{
    AuthorizedStore, Refused, RequestContext, System,
    passwords::{SetPasswordError, Verdict, weakness},
    tokens::MintRequest,
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
    Fields::default().required("password", request.password.reveal()).check()?;
    let weakness = weakness(request.password.reveal());
    Ok(ApiJson(PasswordStrength { valid: weakness.is_none(), details: weakness.unwrap_or_default() }))
}

/// Change a user's password: all their keys end, and a browser's session goes on with a fresh cookie
#[utoipa::path(
    put, path = "/users/{user}/password", tag = "Users", operation_id = "change_password", params(InUser),
    request_body = UpdatePasswordRequest,
    responses((status = NO_CONTENT, description = "Done"), Refusals),
)]
pub(super) async fn change(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    store: AuthorizedStore,
    path: ApiPath,
    request: Request,
) -> Result<Response, ApiError> {
    let user = store.addressed_user(path.get("user")).await?;
    store.require_setting_password(&user).await?;
    // Who may not is told so before the body is read.
    let ApiJson(request) = ApiJson::<UpdatePasswordRequest>::from_request(request, &app).await?;
    Fields::default().required("password", request.password.reveal()).check()?;
    let is_own = store.caller().is_self(user.id);
    check_rules(&user, &request, is_own)?;
    let verifier = System::SignIn.store(app.authority(), context);
    let seen = verifier.password_of(&user).await?.ok_or_else(ApiError::not_found)?;
    check_against_old(&app, &verifier, &user, &seen, &request).await?;
    let hash = app.authority().passwords().hash(&request.password).await.map_err(|error| ApiError::internal(&error))?;
    let renewed = (is_own && store.caller().has_cookie())
        .then(|| MintRequest::session(app.authority(), user.clone(), KeyLoginType::Password));
    let minted = store.set_password(&user, Some(&seen), &hash, renewed).await?;
    match minted {
        Some(minted) => {
            let cookie = app.settings().cookies.session(&minted.text)?;
            Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
        }
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

fn check_rules(user: &User, request: &UpdatePasswordRequest, is_own: bool) -> Result<(), ApiError> {
    if user.login_type != LoginType::Password {
        return Err(ApiError::bad_request("Users without password login type cannot change their password."));
    }
    if is_own && request.old_password.is_empty() {
        return Err(ApiError::bad_request("Old password is required."));
    }
    match weakness(request.password.reveal()) {
        Some(weakness) => Err(ApiError::bad_request("Invalid password.").validation("password", weakness)),
        None => Ok(()),
    }
}

async fn check_against_old(
    app: &App,
    verifier: &AuthorizedStore,
    user: &User,
    seen: &PasswordHash,
    request: &UpdatePasswordRequest,
) -> Result<(), ApiError> {
    let old = &request.old_password;
    if !old.is_empty() {
        let verdict = sessions::check_password(app, verifier, Some((user, seen)), &user.email, old).await?;
        if verdict == Verdict::Wrong {
            return Err(wrong_old_password());
        }
    }
    require_other(app, seen, &request.password).await
}

fn wrong_old_password() -> ApiError {
    let message = "Old password is incorrect.";
    ApiError::bad_request(message).validation("old_password", message)
}

impl From<SetPasswordError> for ApiError {
    fn from(error: SetPasswordError) -> Self {
        match error {
            SetPasswordError::OwnersOnly => Self::bad_request("Only owners can change the password of an owner."),
            SetPasswordError::Stronger(denied) => Self::from(Refused::Denied(denied))
                .detail("The user holds a role that you may not assign: ask an owner to set the password."),
            SetPasswordError::NeedsFullKey => Self::forbidden().detail(
                "Setting somebody else's password takes a key with the scope coder:all and the allow list *:*, such as \
                 a session.",
            ),
            SetPasswordError::Overtaken => wrong_old_password(),
            SetPasswordError::Mint(error) => error.into(),
            SetPasswordError::Refused(refused) => refused.into(),
        }
    }
}
