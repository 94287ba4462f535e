//! Converting a login type from a password to a provider (`docs/compatibility.md#providers`).
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::{
    time::Time,
    users::{ConvertLoginRequest, ConvertLoginResponse},
};
use keyfob_authority::{
    AuthorizedStore,
    sign_in::{BadTicket, BeginConversion, BeginConversionError},
};

use super::refusal::Refusal;
use crate::{
    app::App,
    documentation::Refusals,
    http::{
        credential::cookie,
        error::ApiError,
        extract::ApiJson,
        path::{ApiPath, UserRef},
    },
};

/// The cookie that holds the ticket.
pub(crate) const COOKIE: &str = "coder_oauth_convert_jwt";

/// Begin to sign in by a provider in place of a password; the sign-in there, with the state, completes it
#[utoipa::path(
    post, path = "/users/{user}/convert-login", tag = "Signing in", operation_id = "convert_login", params(UserRef),
    request_body = ConvertLoginRequest,
    responses((status = CREATED, description = "Made", body = ConvertLoginResponse), Refusals),
)]
pub(super) async fn begin(
    State(app): State<App>,
    store: AuthorizedStore,
    ApiPath(user): ApiPath<UserRef>,
    ApiJson(request): ApiJson<ConvertLoginRequest>,
) -> Result<Response, ApiError> {
    let user = store.addressed_user(&user.0).await?;
    let request = BeginConversion { user, to: request.to_type, password: request.password };
    let begun = store.begin_conversion(&request).await?;
    let cookie = app.settings().cookies.until(COOKIE, &begun.ticket, begun.expires_at)?;
    let answer = ConvertLoginResponse {
        state_string: begun.state,
        expires_at: Time(begun.expires_at),
        to_type: begun.to.as_str().to_owned(),
        user_id: begun.user_id.0,
    };
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, cookie)], ApiJson(answer)).into_response())
}

impl From<BeginConversionError> for ApiError {
    fn from(error: BeginConversionError) -> Self {
        match error {
            BeginConversionError::NotAllowed(error) => error.into(),
            BeginConversionError::Invalid(wrong) => wrong.into(),
            BeginConversionError::NotConvertible(to) => {
                Self::bad_request(format!("Cannot convert to login type \"{to}\"."))
            }
            BeginConversionError::UnknownLoginType(to) => Self::bad_request(format!("Unknown login type \"{to}\".")),
            BeginConversionError::Password(error) => error.into(),
            BeginConversionError::NoPassword => {
                Self::bad_request("User account must have password based authentication.")
            }
            BeginConversionError::Unsigned(cause) => Self::internal(&cause),
            BeginConversionError::Refused(refused) => refused.into(),
        }
    }
}

/// The ticket in a browser's cookie.
pub(super) fn ticket(headers: &HeaderMap) -> Result<String, Refusal> {
    let ticket = cookie(headers, COOKIE).filter(|text| !text.is_empty());
    ticket.ok_or_else(|| {
        let message =
            "Convert to oauth cookie not found. Missing signed jwt to authorize this action. Please try again.";
        ApiError::bad_request(message).into()
    })
}

impl From<BadTicket> for ApiError {
    fn from(bad: BadTicket) -> Self {
        let forbidden = |message: &str| Self::new(StatusCode::FORBIDDEN, message);
        match bad {
            BadTicket::Signature => Self::bad_request(
                "Using an invalid jwt to authorize this action. Ensure there is only 1 coder deployment and try again.",
            ),
            BadTicket::Unreadable(cause) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, format!("Error parsing jwt: {cause}"))
            }
            BadTicket::Deployment => forbidden(
                "Request to convert login type failed. Issuer mismatch. Found a cookie from another coder deployment, \
                 please try again.",
            ),
            BadTicket::State => forbidden("Request to convert login type failed. State mismatch."),
        }
    }
}
