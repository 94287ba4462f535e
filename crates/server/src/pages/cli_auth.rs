//! A session for the command line (contract, section 7, `/cli-auth`): minted when a person says so, never on opening.
use askama::Template;
use axum::{Extension, extract::State, http::StatusCode, response::Response};

use super::{lifetime, page, see_other};
use crate::{
    api::tokens,
    app::App,
    http::{csrf::CsrfToken, error::ApiError},
};
use keyfob_authority::AuthorizedStore;

#[derive(Template)]
#[template(path = "pages/cli_auth.html")]
struct CliAuth<'a> {
    csrf: String,
    username: &'a str,
    lifetime: String,
    token: Option<&'a str>,
}

pub(super) async fn show(
    State(app): State<App>,
    Extension(csrf): Extension<CsrfToken>,
    store: Result<AuthorizedStore, ApiError>,
) -> Result<Response, ApiError> {
    let Ok(store) = store else { return see_other("/login?redirect=%2Fcli-auth") };
    render(&app, &csrf, &store, None)
}

pub(super) async fn submit(
    State(app): State<App>,
    Extension(csrf): Extension<CsrfToken>,
    store: Result<AuthorizedStore, ApiError>,
) -> Result<Response, ApiError> {
    let Ok(store) = store else { return see_other("/login?redirect=%2Fcli-auth") };
    let user = store.caller().user().cloned().ok_or_else(ApiError::not_found)?;
    let minted = tokens::mint_session(&app, &store, user).await?;
    render(&app, &csrf, &store, Some(minted.text.reveal()))
}

fn render(app: &App, csrf: &CsrfToken, store: &AuthorizedStore, token: Option<&str>) -> Result<Response, ApiError> {
    let username = store.caller().username();
    page(StatusCode::OK, &CliAuth { csrf: csrf.masked(app), username, lifetime: lifetime(app), token })
}
