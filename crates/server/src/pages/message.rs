//! A page with one message, and a link to where people go on.
use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use super::{frame::Frame, page};
use crate::http::error::ApiError;

#[derive(Template)]
#[template(path = "pages/message.html")]
struct MessagePage<'a> {
    frame: Frame,
    title: &'a str,
    text: &'a str,
    link: &'a str,
    link_text: &'a str,
}

/// A page with a message and a link.
pub(super) fn message(status: StatusCode, title: &str, text: &str, link: &str, link_text: &str) -> Response {
    let message = MessagePage { frame: Frame::default(), title, text, link, link_text };
    page(status, &message).unwrap_or_else(ApiError::into_response)
}

/// The page at the end of a sign-in that failed.
pub(crate) fn refusal(status: StatusCode, title: &str, text: &str) -> Response {
    message(status, title, text, "/login", "Back to sign-in")
}

/// The page for people who say that they have typed a code, and have not.
pub(crate) fn not_yet(again: &str) -> Response {
    let text = "The code has not been typed yet, or not to its end. Type it, and then ask again.";
    message(StatusCode::BAD_REQUEST, "Not yet", text, again, "I have typed it")
}
