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
    lifetime: String,
}

pub(super) async fn show(State(app): State<App>, SignedIn { frame, .. }: SignedIn) -> Result<Response, ApiError> {
    page(StatusCode::OK, &CliAuth { frame, lifetime: session_lifetime(&app) })
}

pub(super) async fn submit(SignedIn { store, frame }: SignedIn) -> Result<Response, PageError> {
    let user = store.caller().user().cloned().ok_or_else(ApiError::not_found)?;
    let minted = store.mint_session(user).await?;
    Ok(session_token(frame, &minted.text)?)
}
