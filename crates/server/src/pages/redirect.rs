//! A page that leads on by itself, and the text that goes with a redirect.
use askama::Template;
use axum::{
    http::StatusCode,
    response::{Html, Response},
};

use super::{frame::Frame, page};
use crate::http::error::ApiError;

/// Browsers follow no redirect of a form to another site (`form-action` of the pages' policy), but they follow this.
#[derive(Template)]
#[template(path = "pages/redirect.html")]
struct RedirectPage<'a> {
    frame: Frame,
    text: &'a str,
    url: &'a str,
}

/// The page that leads on to an address.
pub(super) fn redirect_page(text: &str, url: &str) -> Result<Response, ApiError> {
    page(StatusCode::OK, &RedirectPage { frame: Frame::default(), text, url })
}

/// The text of a redirect, for clients that do not follow it.
pub(crate) fn moved(url: &str) -> Html<String> {
    let url = url.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    Html(format!("<a href=\"{url}\">Temporary Redirect</a>.\n"))
}
