//! The errors of calls.
use std::fmt;

use keyfob_api::{BASE_PATH, error::ErrorBody};
use reqwest::{Method, StatusCode};

use crate::route::Route;

/// Why a call failed. No variant holds a key, a password or the path of the request.
///
/// # Examples
/// ```no_run
/// use keyfob_client::{Client, Error, StatusCode};
///
/// /// Whether the server has a user of this name that the caller may read.
/// async fn has_user(keyfob: &Client, name: &str) -> Result<bool, Error> {
///     match keyfob.user(name).await {
///         Ok(_) => Ok(true),
///         Err(Error::Api(answer)) if answer.status == StatusCode::NOT_FOUND => Ok(false),
///         Err(error) => Err(error),
///     }
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server refused the request or failed, and its answer says why.
    #[error(transparent)]
    Api(#[from] Box<ApiError>),
    /// The answer is not JSON: it comes from something other than the API, such as a proxy.
    #[error("unexpected non-JSON response `{content_type}` with status {status}")]
    UnexpectedContentType {
        /// The answer's status.
        status: StatusCode,
        /// The answer's content type; empty if the answer has none.
        content_type: String,
        /// The first kibibyte of the answer.
        body: String,
    },
    /// The answer is JSON, but lacks a field or has a value of another type.
    #[error("unexpected answer to {method} {route}")]
    UnexpectedBody {
        /// The request's method.
        method: Method,
        /// The request's path, with placeholders.
        route: String,
        /// The field or value.
        source: serde_json::Error,
    },
    /// The server does not report a version, as every Keyfob or Coder server does.
    #[error("missing build version header, not a keyfob instance")]
    MissingBuildVersion,
    /// A name or an id that is empty, `.` or `..`: nothing was sent, because the request would have gone elsewhere.
    #[error("{0:?} cannot be a name or an id")]
    NotAName(String),
    /// No answer came.
    #[error("no answer from the server")]
    Transport(#[source] reqwest::Error),
}

impl Error {
    /// The status of the answer; `None` when the server was not reached, or its answer could not be read.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{ME, StatusCode};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let user = match keyfob.user(ME).await {
    ///     Err(error) if error.status() == Some(StatusCode::UNAUTHORIZED) => None, // The key has expired.
    ///     answer => Some(answer?),
    /// };
    /// # Ok(())
    /// # }
    /// ```
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Api(answer) => Some(answer.status),
            Self::UnexpectedContentType { status, .. } => Some(*status),
            Self::UnexpectedBody { .. } | Self::MissingBuildVersion | Self::NotAName(_) | Self::Transport(_) => None,
        }
    }

    /// Keeps the URL out of the error: a path may hold anything that a person typed, even a key.
    pub(crate) fn transport(error: reqwest::Error) -> Self {
        Self::Transport(error.without_url())
    }
}

/// The server's answer to a request that it refused, or that failed.
///
/// # Examples
/// ```
/// use keyfob_client::ApiError;
///
/// /// What to show next to the field of a form.
/// fn problem_of<'a>(error: &'a ApiError, field: &str) -> Option<&'a str> {
///     let mut validations = error.body.validations.iter();
///     validations.find(|problem| problem.field == field).map(|problem| problem.detail.as_str())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// The request's method.
    pub method: Method,
    /// The request's path, with placeholders.
    pub route: String,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's body. Its message is never empty.
    pub body: ErrorBody,
    /// The permissions that the call needed, as `type:action`, allowed or not; empty where the server names none.
    pub required: Vec<String>,
}

impl ApiError {
    pub(crate) fn new(
        method: Method,
        route: Route,
        status: StatusCode,
        mut body: ErrorBody,
        required: Vec<String>,
    ) -> Self {
        if body.message.is_empty() {
            body.message = format!("unexpected status code {}, response has no message", status.as_u16());
        }
        Self { method, route: format!("{BASE_PATH}{}", route.0), status, body, required }
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
