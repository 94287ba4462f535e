//! Signing out.
use axum::{Extension, extract::State, http::header, response::Response};
use keyfob_authority::{Identified, Refused, RequestContext, System};

use crate::{
    app::App,
    http::identify::Identity,
    pages::{
        notice::Notice,
        see_other,
        session::{PageError, SignedIn},
    },
};

pub(super) async fn submit(
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
    let mut response = see_other(&Notice::SignedOut.on("/login"))?;
    response.headers_mut().append(header::SET_COOKIE, app.settings().cookies.no_session()?);
    Ok(response)
}
