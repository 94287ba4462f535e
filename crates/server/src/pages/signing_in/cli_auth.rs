//! A session for the command line: minted when a person says so, never on opening the page.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};

use super::session_token::session_token;
use crate::{
    app::App,
    http::error::ApiError,
    pages::{
        frame::Frame,
        page,
        session::{PageError, SignedIn},
        wording::session_lifetime,
    },
};

#[derive(Template)]
#[template(path = "pages/signing_in/cli_auth.html")]
struct CliAuth {
    frame: Frame,
    may_mint: bool,
    /// Whether the session may do all that the person may: what it mints may do no more than itself.
    is_full: bool,
    lifetime: String,
}

pub(super) async fn show(State(app): State<App>, SignedIn { store, frame }: SignedIn) -> Result<Response, ApiError> {
    let may_mint = store.caller().user().is_some_and(|own| store.may_mint_for(own));
    let is_full = store.caller().has_full_key();
    page(StatusCode::OK, &CliAuth { frame, may_mint, is_full, lifetime: session_lifetime(&app) })
}

pub(super) async fn submit(SignedIn { store, frame }: SignedIn) -> Result<Response, PageError> {
    let user = store.caller().user().cloned().ok_or_else(ApiError::not_found)?;
    let minted = store.mint_session(user).await?;
    Ok(session_token(frame, &minted.text)?)
}
