//! What can go wrong with a call.
use std::fmt;

use keyfob_api::{BASE_PATH, error::ErrorBody};
use reqwest::{Method, StatusCode};

use crate::route::Route;

/// What can go wrong with a call. No variant holds a key, a password or the path that was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server refused or failed, and says why.
    #[error(transparent)]
    Api(#[from] Box<ApiError>),
    /// The answer is not JSON: something other than the API answered, such as a proxy.
    #[error("unexpected non-JSON response `{content_type}` with status {status}")]
    UnexpectedContentType {
        /// The answer's status.
        status: StatusCode,
        /// What the answer calls itself; empty if it says nothing.
        content_type: String,
        /// How the answer begins.
        body: String,
    },
    /// The answer is JSON, but not of the shape that was asked for.
    #[error("unexpected answer to {method} {route}")]
    UnexpectedBody {
        /// The request's method.
        method: Method,
        /// The request's path, with placeholders.
        route: String,
        /// What was missing or wrong.
        source: serde_json::Error,
    },
    /// The server says that it has no first user, but not which version it is: no server of this kind.
    #[error("missing build version header, not a keyfob instance")]
    MissingBuildVersion,
    /// No answer came.
    #[error("no answer from the server")]
    Transport(#[source] reqwest::Error),
}

impl Error {
    /// The status of the answer, if one came.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Api(answer) => Some(answer.status),
            Self::UnexpectedContentType { status, .. } => Some(*status),
            Self::UnexpectedBody { .. } | Self::MissingBuildVersion | Self::Transport(_) => None,
        }
    }

    /// Keeps the URL out of the error: a path may hold whatever a person typed.
    pub(crate) fn transport(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }
}

/// A refusal or failure in the server's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The request's method.
    pub method: Method,
    /// The request's path, with placeholders.
    pub route: String,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer. Its message is never empty.
    pub body: ErrorBody,
    /// What a person could do about it, where that is known.
    pub helper: Option<&'static str>,
}

impl ApiError {
    pub(crate) fn new(method: Method, route: Route, status: StatusCode, mut body: ErrorBody) -> Self {
        if body.message.is_empty() {
            body.message = format!("unexpected status code {}, response has no message", status.as_u16());
        }
        let helper = (status == StatusCode::UNAUTHORIZED).then_some("Try logging in using 'keyfob login'.");
        Self { method, route: format!("{BASE_PATH}{}", route.0), status, body, helper }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, route, status, body, .. } = self;
        write!(f, "{method} {route}: status {}: {}", status.as_u16(), body.message)?;
        if !body.detail.is_empty() {
            write!(f, ": {}", body.detail)?;
        }
        body.validations.iter().try_for_each(|v| write!(f, "; {}: {}", v.field, v.detail))
    }
}

impl std::error::Error for ApiError {}
