//! The page of people who are signed in, and signing out.
use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::Response,
};
use keyfob_api::SERVER_VERSION;
use keyfob_authority::{Identified, Refused, RequestContext, System};

use super::{
    frame::Frame,
    notice::Notice,
    page, see_other,
    session::{PageError, SignedIn},
};
use crate::{
    app::App,
    http::{error::ApiError, identify::Identity},
};

#[derive(Template)]
#[template(path = "pages/home.html")]
struct Home {
    frame: Frame,
    version: &'static str,
}

pub(super) async fn show(SignedIn { frame, .. }: SignedIn) -> Result<Response, ApiError> {
    page(StatusCode::OK, &Home { frame, version: SERVER_VERSION })
}

pub(super) async fn sign_out(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    Extension(identity): Extension<Identity>,
    session: Result<SignedIn, PageError>,
) -> Result<Response, PageError> {
    let ended = match (session, identity.known().map(Identified::key_id)) {
        (Ok(session), _) => session.store.sign_out().await,
        // The key is live, but not accepted: the session at its provider has ended, and may be renewed later.
        (Err(_), Some(key)) => System::SignIn.store(app.authority(), context).end_lapsed(key).await,
        (Err(PageError::SignInFirst(_)), None) => Ok(()),
        (Err(failed), None) => return Err(failed),
    };
    match ended {
        // Another request was first.
        Ok(()) | Err(Refused::Hidden(_) | Refused::Unauthenticated(_)) => {}
        // The session goes on, and with it the cookie: people can try again.
        Err(refused @ (Refused::Denied(_) | Refused::Store(_))) => return Err(refused.into()),
    }
    let mut response = see_other(&Notice::SignedOut.address())?;
    response.headers_mut().append(header::SET_COOKIE, app.settings().cookies.no_session()?);
    Ok(response)
}
