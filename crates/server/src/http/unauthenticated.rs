//! Answers to requests that are not authenticated, in the words that clients of Coder know (`docs/compatibility.md`).
//! Challenges get the address of the metadata when they are sent.
use axum::http::StatusCode;
use jiff::Timestamp;
use keyfob_authority::{Lapsed, Unauthenticated};

use super::{damaged, error::ApiError};

const SIGNED_OUT: &str = "You are signed out or your session has expired. Please sign in again to continue.";
/// The credential is not accepted (RFC 6750, section 3.1).
const INVALID: &str = "The access token is invalid";
const EXPIRED: &str = "The access token has expired";

impl ApiError {
    /// 401 where no credential was sent: no error code then (RFC 6750, section 3.1).
    pub(crate) fn no_credential() -> Self {
        signed_out("Cookie \"coder_session_token\" or query parameter must be provided.".to_owned())
            .challenge("Bearer realm=\"coder\"")
    }
}

/// A challenge with an error code (RFC 6750, section 3.1).
pub(crate) fn challenge_of(code: &str, description: &str) -> String {
    format!("Bearer realm=\"coder\", error=\"{code}\", error_description=\"{description}\"")
}

fn invalid() -> String {
    challenge_of("invalid_token", INVALID)
}

fn expired() -> String {
    challenge_of("invalid_token", EXPIRED)
}

fn signed_out(detail: String) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, SIGNED_OUT).detail(detail)
}

impl From<&Unauthenticated> for ApiError {
    fn from(reason: &Unauthenticated) -> Self {
        match reason {
            Unauthenticated::Malformed(detail) => {
                signed_out(format!("Invalid API key format: {detail}")).challenge(&invalid())
            }
            Unauthenticated::UnknownKey => signed_out("API key is invalid.".to_owned()).challenge(&invalid()),
            Unauthenticated::WrongSecret => signed_out("API key secret is invalid.".to_owned()).challenge(&invalid()),
            Unauthenticated::Expired(at) => {
                signed_out(format!("API key expired at \"{}\".", readable(*at))).challenge(&expired())
            }
            Unauthenticated::NotActive(status) => Self::new(
                StatusCode::UNAUTHORIZED,
                format!(
                    "User is not active (status = \"{}\"). Contact an admin to reactivate your account.",
                    status.as_str()
                ),
            )
            .challenge(&invalid()),
            Unauthenticated::Lapsed(lapsed) => lapsed.into(),
            Unauthenticated::Unreadable(_) => Self::internal(reason),
            Unauthenticated::Store(error) => match damaged::of_caller(error) {
                Some(damage) => Self::internal(error).detail(damage),
                None => error.into(),
            },
        }
    }
}

impl From<&Lapsed> for ApiError {
    fn from(lapsed: &Lapsed) -> Self {
        let unauthorized = |message: String| Self::new(StatusCode::UNAUTHORIZED, message);
        match lapsed {
            Lapsed::NoLink => unauthorized(SIGNED_OUT.to_owned())
                .detail("You must re-authenticate with the login provider.")
                .challenge(&invalid()),
            Lapsed::Ended { provider, at } => {
                let detail = format!("{provider} session expired at \"{}\". Try signing in again.", readable(*at));
                unauthorized(SIGNED_OUT.to_owned()).detail(detail).challenge(&expired())
            }
            Lapsed::NotRenewed { provider, cause } => unauthorized(format!(
                "Could not refresh expired {provider} token. Try re-authenticating to resolve this issue."
            ))
            .detail(cause)
            .challenge(&expired()),
            Lapsed::NotConfigured(login_type) => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "An internal error occurred. Please try again or contact the system administrator.",
            )
            .detail(format!(
                "Unable to refresh OAuth token for login type \"{login_type}\". The provider is not set up any more."
            )),
            Lapsed::Store(error) => error.into(),
        }
    }
}

/// As Go prints instants.
fn readable(at: Timestamp) -> impl std::fmt::Display {
    at.strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC")
}
