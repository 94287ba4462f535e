//! Errors as OAuth clients read them.
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use keyfob_api::devices::{OAuthError, OAuthErrorCode};
use keyfob_authority::devices::{BeginDeviceError, RedeemDeviceError};

use crate::http::{
    error::ApiError,
    json::{ApiJson, JsonError},
};

/// Why a machine gets no code or no token.
pub(super) enum Problem {
    /// An error that the specification has a code for.
    OAuth(OAuthError),
    /// Any other, answered as everywhere else.
    Other(ApiError),
}

impl Problem {
    pub(super) fn oauth(error: OAuthErrorCode, words: impl Into<String>) -> Self {
        Self::OAuth(OAuthError::new(error, words))
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::TooLarge => Self::Other(error.into()),
            JsonError::Invalid(why) => {
                Self::oauth(OAuthErrorCode::InvalidRequest, format!("{} {why}", JsonError::MESSAGE))
            }
            JsonError::Fields(wrong) => {
                let wrong = wrong.iter().map(|of| format!("{}: {}", of.field, of.detail));
                Self::oauth(OAuthErrorCode::InvalidRequest, wrong.collect::<Vec<_>>().join(" "))
            }
        }
    }
}

impl From<BeginDeviceError> for Problem {
    fn from(error: BeginDeviceError) -> Self {
        match error {
            BeginDeviceError::UnknownScope(unknown) => Self::oauth(OAuthErrorCode::InvalidScope, unknown.to_string()),
            BeginDeviceError::InvalidAllowEntry(cause) => {
                Self::oauth(OAuthErrorCode::InvalidRequest, cause.to_string())
            }
            BeginDeviceError::InvalidAllowList(cause) => Self::oauth(OAuthErrorCode::InvalidRequest, cause.to_string()),
            BeginDeviceError::TooManyWaiting => Self::Other(
                ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "Too many machines wait to be signed in.")
                    .detail("Try again in some minutes.")
                    .retry_after(60),
            ),
            BeginDeviceError::Refused(refused) => Self::Other(refused.into()),
        }
    }
}

impl From<RedeemDeviceError> for Problem {
    fn from(error: RedeemDeviceError) -> Self {
        let (code, words) = match error {
            RedeemDeviceError::Pending => (OAuthErrorCode::AuthorizationPending, "It has not been approved yet."),
            RedeemDeviceError::TooEarly => {
                (OAuthErrorCode::SlowDown, "That was too soon: wait five seconds longer from now on.")
            }
            RedeemDeviceError::ApprovalUnknown(cause) => {
                let message = "It cannot be found out now whether it is still approved.";
                return Self::Other(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message).detail(cause));
            }
            RedeemDeviceError::Denied => (OAuthErrorCode::AccessDenied, "The user denied the request."),
            RedeemDeviceError::ApprovalLapsed => (
                OAuthErrorCode::AccessDenied,
                "The user who approved it may not any more, because their session or their rights have expired. Start again.",
            ),
            RedeemDeviceError::Expired => (OAuthErrorCode::ExpiredToken, "The code has expired: start again."),
            RedeemDeviceError::UnknownCode => (OAuthErrorCode::InvalidGrant, "There is no such code: start again."),
            RedeemDeviceError::AlreadyRedeemed => (
                OAuthErrorCode::InvalidGrant,
                "The code was used before. The key that came of it was deleted: start again.",
            ),
            RedeemDeviceError::Refused(refused) => return Self::Other(refused.into()),
        };
        Self::oauth(code, words)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            Self::OAuth(error) => (StatusCode::BAD_REQUEST, ApiJson(error)).into_response(),
            Self::Other(error) => error.into_response(),
        }
    }
}
