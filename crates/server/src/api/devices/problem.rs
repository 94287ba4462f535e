//! Errors as OAuth clients read them.
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use keyfob_api::devices::{OAuthError, OAuthErrorCode};

use crate::http::{error::ApiError, extract::ApiJson};
use keyfob_authority::devices::{BeginDeviceError, RedeemError};

/// Why a machine gets no code or no token.
pub(super) enum Problem {
    /// What the specification has a word for.
    OAuth(OAuthError),
    /// Everything else, as it is answered elsewhere.
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

impl From<BeginDeviceError> for Problem {
    fn from(error: BeginDeviceError) -> Self {
        match error {
            BeginDeviceError::TooMany => Self::Other(
                ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "Too many machines wait to be signed in.")
                    .detail("Try again in some minutes.")
                    .retry_after(60),
            ),
            BeginDeviceError::Refused(refused) => Self::Other(refused.into()),
        }
    }
}

impl From<RedeemError> for Problem {
    fn from(error: RedeemError) -> Self {
        let (code, words) = match error {
            RedeemError::Pending => (OAuthErrorCode::AuthorizationPending, "Nobody has approved it yet."),
            RedeemError::Early => {
                (OAuthErrorCode::SlowDown, "That was too soon: wait five seconds longer from now on.")
            }
            RedeemError::ForNow(cause) => {
                let message = "It cannot be found out now whether it is still approved.";
                return Self::Other(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message).detail(cause));
            }
            RedeemError::Denied => (OAuthErrorCode::AccessDenied, "It was refused."),
            RedeemError::Lapsed => (
                OAuthErrorCode::AccessDenied,
                "Whoever approved it may not any more: their session or their rights have ended. Start again.",
            ),
            RedeemError::Ended => (OAuthErrorCode::ExpiredToken, "The code has ended: start again."),
            RedeemError::Unknown => (OAuthErrorCode::InvalidGrant, "There is no such code: start again."),
            RedeemError::Used => (
                OAuthErrorCode::InvalidGrant,
                "The code was used before. What it was used for has ended, too: start again.",
            ),
            RedeemError::Refused(refused) => return Self::Other(refused.into()),
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
