//! Answers to requests that are refused or fail. Words that several endpoints use stand here and nowhere else
//! (`docs/compatibility.md`).
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use keyfob_api::error::{ErrorBody, Validation};
use keyfob_authority::data::StoreError;
use keyfob_authority::{
    Denied,
    fields::{NO_CONTROL_CHARACTERS, NOT_AN_ID, WrongField, WrongFields},
};

use crate::http::{damaged, extract::ApiJson};
use keyfob_authority::Refused;

/// Of a path that nothing is served at.
pub(crate) const NO_ROUTE: &str = "Route not found.";
/// Of what is missing, and of what must look so.
pub(crate) const NOT_FOUND: &str = "Resource not found or you do not have access to this resource";
/// Of a refusal.
pub(crate) const FORBIDDEN: &str = "Forbidden.";
/// The standard detail of a refusal.
pub(crate) const FORBIDDEN_DETAIL: &str = "You don't have permission to view this content. If you believe this is a mistake, \
                                please contact your administrator or try signing in with different credentials.";
/// Of a failure of the server itself.
pub(crate) const INTERNAL: &str = "An internal server error occurred.";
/// Its standard detail.
pub(crate) const INTERNAL_DETAIL: &str = "The server's log has the cause, under the request id of this answer.";

/// An error answer.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    body: Box<ErrorBody>,
    challenge: Option<HeaderValue>,
    retry_after: Option<HeaderValue>,
}

impl ApiError {
    /// An answer with a message.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, body: Box::new(ErrorBody::message(message)), challenge: None, retry_after: None }
    }

    /// 400 with a message.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 400 for fields that break their rules.
    pub(crate) fn invalid(validations: Vec<Validation>) -> Self {
        let mut error = Self::bad_request("Validation failed.");
        error.body.validations = validations;
        error
    }

    /// 413 for a body beyond the bound.
    pub(crate) fn body_too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large.").detail("A body may have 1 MiB at most.")
    }

    /// 404, for what is missing and for what must look so.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, NOT_FOUND)
    }

    /// 403 with the standard detail.
    pub(crate) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, FORBIDDEN).detail(FORBIDDEN_DETAIL)
    }

    /// 500; the cause goes to the log, because driver texts are not for clients.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL).detail(INTERNAL_DETAIL)
    }

    /// The same answer with this detail.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.body.detail = detail.into();
        self
    }

    /// The same answer with a complaint about one field.
    pub(crate) fn validation(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        self.body.validations.push(Validation::new(field, detail));
        self
    }

    /// The same answer with a challenge to authenticate.
    pub(crate) fn challenge(mut self, challenge: &str) -> Self {
        self.challenge = HeaderValue::from_str(challenge).ok();
        self
    }

    /// The same answer, and after how many seconds to ask again.
    pub(crate) fn retry_after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(HeaderValue::from(seconds));
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, ApiJson(&*self.body)).into_response();
        // Pages show the parts of the body in their own way.
        response.extensions_mut().insert(*self.body);
        if let Some(challenge) = self.challenge {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

/// After how many seconds a client may try again when the database is away.
pub(crate) const RETRY_AFTER: i64 = 1;

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::from(&error)
    }
}

impl From<&StoreError> for ApiError {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Full(_) => {
                tracing::error!(%error, "request failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The database is full.")
                    .detail("Nothing was changed. Reading goes on; make room and try again.")
            }
            StoreError::Unavailable(_) => {
                tracing::error!(%error, "request failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The database is not available.")
                    .detail("Nothing was changed. Try again; if it lasts, the server's log has the cause.")
                    .retry_after(RETRY_AFTER)
            }
            StoreError::Interrupted => {
                tracing::error!(%error, "request failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The database did not confirm the change.")
                    .detail("It is not known whether it was made: look before you try again.")
                    .retry_after(RETRY_AFTER)
            }
            StoreError::TooLong => Self::new(StatusCode::BAD_REQUEST, "The list is too long for one answer.").detail(
                "Ask for it in pages, with limit and offset or after_id, or for a part of it, with a search or a filter.",
            ),
            StoreError::Gone => Self::not_found(),
            other => match damaged::of_request(other) {
                Some(damage) => Self::internal(other).detail(damage),
                None => Self::internal(other),
            },
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Hidden(denied) => match denied.and_then(|denied| denied.scopes_lack()) {
                Some(lack) => Self::not_found().detail(lack),
                None => Self::not_found(),
            },
            Refused::Denied(denied) => match denied.explanation() {
                Some(detail) => Self::forbidden().detail(detail).insufficient_scope(&denied),
                None => Self::forbidden().insufficient_scope(&denied),
            },
            Refused::Unauthenticated(reason) => Self::from(&*reason),
            Refused::Store(error) => error.into(),
        }
    }
}

impl From<WrongFields> for ApiError {
    fn from(wrong: WrongFields) -> Self {
        let validation = |WrongField { field, rule, value }: WrongField| {
            let detail = match rule {
                NOT_AN_ID => format!("{value:?} reads as an id: choose another name"),
                NO_CONTROL_CHARACTERS => {
                    format!(
                        "{value:?} has control characters, or characters that change the direction of text: leave them out"
                    )
                }
                rule => format!("Validation failed for tag \"{rule}\" with value: \"{value}\""),
            };
            Validation::new(field, detail)
        };
        Self::invalid(wrong.0.into_iter().map(validation).collect())
    }
}

impl ApiError {
    /// The challenge of a 403 (RFC 6750, section 3.1).
    #[must_use]
    pub(crate) fn insufficient_scope(self, denied: &Denied) -> Self {
        let scope = denied.missing_scope().map(|scope| format!(", scope=\"{scope}\"")).unwrap_or_default();
        self.challenge(&format!(
            "Bearer realm=\"coder\", error=\"insufficient_scope\", error_description=\"The request requires higher \
             privileges than provided by the access token\"{scope}"
        ))
    }
}

/// The answer while the passwords of an account are not looked at.
pub(crate) fn too_many_passwords(until: Timestamp, now: Timestamp) -> ApiError {
    let seconds = until.duration_since(now).as_secs().max(1);
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, "Too many wrong passwords.")
        .detail(
            "Sign-in with this account's password pauses. Try again later, reset the password, or ask an \
                 administrator; open sessions go on.",
        )
        .retry_after(seconds)
}
