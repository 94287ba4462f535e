//! A fresh token, shown once.
use askama::Template;
use axum::{http::StatusCode, response::Response};
use keyfob_api::secret::SecretText;

use super::address_of;
use crate::{
    app::App,
    http::error::ApiError,
    pages::{frame::Frame, navigation::TOKENS, page},
};

#[derive(Template)]
#[template(path = "pages/tokens/minted.html")]
struct Minted<'a> {
    frame: Frame,
    token: &'a str,
    /// Where the server is reached.
    server: &'a str,
    /// The page of the token.
    address: String,
}

/// The page with this token.
pub(super) fn show(app: &App, frame: Frame, token: &SecretText) -> Result<Response, ApiError> {
    let id = token.reveal().split('-').next().unwrap_or_default();
    let minted =
        Minted { frame: frame.at(&TOKENS), token: token.reveal(), server: app.access_url(), address: address_of(id) };
    page(StatusCode::CREATED, &minted)
}
