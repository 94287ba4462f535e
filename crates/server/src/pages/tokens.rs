//! The tokens of the person who is signed in.
mod details;
mod end;
mod list;
mod minted;
mod new;

use jiff::Timestamp;
use keyfob_authority::data::ApiKey;

use super::{
    navigation::TOKENS,
    parts::{Badge, Moment, Tone},
};
use crate::http::routes::{Deed, Handlers, RouteFacts, Routes};

pub(super) fn routes() -> Routes {
    const PAGE: RouteFacts = RouteFacts::PAGE;
    // It says what the token could do, type by type.
    const PREVIEW: RouteFacts = RouteFacts::COUNTED_PAGE;
    Routes::new()
        .route("/settings/tokens", Handlers::new().get(PAGE, list::show))
        .route(
            "/settings/tokens/new",
            Handlers::new().get(PREVIEW, new::show).post(PREVIEW.that(Deed::Creates("api_key")), new::submit),
        )
        .route("/settings/tokens/{keyid}", Handlers::new().get(PAGE, details::show))
        .route(
            "/settings/tokens/{keyid}/expire",
            Handlers::new().get(PAGE, end::ask_to_expire).post(PAGE.that(Deed::Changes("api_key")), end::expire),
        )
        .route(
            "/settings/tokens/{keyid}/delete",
            Handlers::new().get(PAGE, end::ask_to_delete).post(PAGE.that(Deed::Deletes("api_key")), end::delete),
        )
}

/// The page of a key.
pub(super) fn address(key: &ApiKey) -> String {
    address_of(key.id.as_str())
}

/// The page of the key with this id.
pub(super) fn address_of(id: &str) -> String {
    format!("{}/{id}", TOKENS.path)
}

/// What people call a key: sessions have no name.
pub(super) fn name_of(key: &ApiKey) -> String {
    if key.token_name.is_empty() { key.id.to_string() } else { key.token_name.clone() }
}

pub(super) fn state(key: &ApiKey, now: Timestamp) -> Badge {
    if key.is_live(now) {
        Badge::new(Tone::Good, "live")
    } else if key.is_revoked {
        Badge::new(Tone::Bad, "revoked")
    } else {
        Badge::new(Tone::Quiet, "expired")
    }
}

/// When a key was last used; none for never.
pub(super) fn last_used(key: &ApiKey, now: Timestamp) -> Option<Moment> {
    (key.last_used > Timestamp::UNIX_EPOCH).then(|| Moment::new(key.last_used, now))
}
