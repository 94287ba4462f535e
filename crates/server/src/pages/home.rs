//! Where people are who signed in.
use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::SERVER_VERSION;

use super::{page, see_other};
use crate::{
    app::App,
    http::{csrf::CsrfToken, error::ApiError, identify::Identity},
};
use keyfob_authority::{AuthorizedStore, Identified, Refused, RequestContext, System};

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
    Extension(context): Extension<RequestContext>,
    Extension(identity): Extension<Identity>,
    store: Result<AuthorizedStore, ApiError>,
) -> Result<Response, ApiError> {
    let ended = match store {
        Ok(store) => store.sign_out().await,
        // The key may be good all the same: its provider's session has ended, and may be begun again.
        Err(_) => match identity.known().map(Identified::key_id) {
            Some(key) => System::SignIn.store(app.authority(), context).end_lapsed(key).await,
            None => Ok(()),
        },
    };
    let mut response = match Refused::if_there(ended) {
        Ok(_) => see_other("/login?message=Signed%20out.")?,
        Err(error) => ApiError::from(error).into_response(),
    };
    response.headers_mut().append(header::SET_COOKIE, app.settings().cookies.no_session()?);
    Ok(response)
}
