//! The account of the person who is signed in: how they are called, how they sign in, where, and what they are told.
mod notices;
mod password;
mod profile;
mod provider;
mod security;
mod sessions;

use keyfob_authority::data::User;

use super::session::SignedIn;
use crate::http::{
    error::ApiError,
    routes::{Deed, Handlers, RouteFacts, Routes},
};

pub(super) fn routes() -> Routes {
    const PAGE: RouteFacts = RouteFacts::PAGE;
    const SIGN_IN: RouteFacts = RouteFacts::SIGN_IN_PAGE;
    Routes::new()
        .route(
            "/settings/account",
            Handlers::new().get(PAGE, profile::show).post(PAGE.that(Deed::Changes("user")), profile::rename),
        )
        .route("/settings/account/theme", Handlers::new().post(PAGE.that(Deed::Changes("user")), profile::choose_theme))
        .route(
            "/settings/security",
            Handlers::new().get(PAGE, security::show).post(SIGN_IN.that(Deed::Changes("user")), password::submit),
        )
        .route(
            "/settings/security/provider",
            Handlers::new().post(SIGN_IN.that(Deed::Changes("user")), provider::submit),
        )
        .route(
            "/settings/sessions",
            Handlers::new().get(PAGE, sessions::show).post(PAGE.that(Deed::Deletes("api_key")), sessions::end_others),
        )
        .route("/settings/sessions/{id}", Handlers::new().post(PAGE.that(Deed::Deletes("api_key")), sessions::end))
        .route(
            "/settings/notifications",
            Handlers::new().get(PAGE, notices::show).post(PAGE.that(Deed::Changes("user")), notices::submit),
        )
}

/// The person themselves.
fn own(session: &SignedIn) -> Result<User, ApiError> {
    session.store.caller().user().cloned().ok_or_else(ApiError::not_found)
}
