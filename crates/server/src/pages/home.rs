//! Where people are who signed in.
use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::Response,
};
use keyfob_api::SERVER_VERSION;

use super::{page, see_other};
use crate::{
    error::ApiError,
    gate::{AuthorizedStore, CsrfToken},
    state::App,
};

#[derive(Template)]
#[template(path = "pages/home.html")]
struct Home<'a> {
    csrf: String,
    username: &'a str,
    version: &'static str,
}

pub(super) async fn show(
    State(app): State<App>,
    Extension(csrf): Extension<CsrfToken>,
    store: Result<AuthorizedStore, ApiError>,
) -> Result<Response, ApiError> {
    let Ok(store) = store else { return see_other("/login") };
    let username = store.caller().username();
    page(StatusCode::OK, &Home { csrf: csrf.masked(&app), username, version: SERVER_VERSION })
}

pub(super) async fn sign_out(
    State(app): State<App>,
    store: Result<AuthorizedStore, ApiError>,
) -> Result<Response, ApiError> {
    if let Ok(store) = store {
        store.sign_out().await?;
    }
    let mut response = see_other("/login?message=Signed%20out.")?;
    response.headers_mut().append(header::SET_COOKIE, app.settings().cookies.no_session()?);
    Ok(response)
}
