//! The page that shows a session's token, once.
use askama::Template;
use axum::{http::StatusCode, response::Response};
use keyfob_api::secret::SecretText;

use crate::{
    http::error::ApiError,
    pages::{frame::Frame, page},
};

#[derive(Template)]
#[template(path = "pages/signing_in/session_token.html")]
struct SessionToken<'a> {
    frame: Frame,
    token: &'a str,
}

/// The page with this token.
pub(super) fn session_token(frame: Frame, token: &SecretText) -> Result<Response, ApiError> {
    page(StatusCode::OK, &SessionToken { frame, token: token.reveal() })
}
