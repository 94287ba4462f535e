//! The tokens of the person who is signed in.
mod details;
mod end;
mod list;
mod minted;
mod new;

use jiff::Timestamp;
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{ApiKey, KeyLoginType},
};

use super::{
    navigation::{ALL_TOKENS, Place, SESSIONS, TOKENS, USERS},
    parts::{Badge, Moment, Tone},
    users,
    wording::program,
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

/// What people call a key: a session has no name, and is known by where it was last used.
pub(super) fn name_of(key: &ApiKey) -> String {
    if key.token_name.is_empty() {
        format!("{}, {}", program(&key.origin.user_agent), key.origin.ip_address)
    } else {
        key.token_name.clone()
    }
}

fn is_session(key: &ApiKey) -> bool {
    key.login_type != KeyLoginType::Token
}

/// The place of the navigation that a key belongs to: another user's is not among one's own.
fn place_of(store: &AuthorizedStore, key: &ApiKey) -> &'static Place {
    match (store.caller().is_self(key.user_id), is_session(key)) {
        (true, false) => &TOKENS,
        (true, true) => &SESSIONS,
        (false, false) => &ALL_TOKENS,
        (false, true) => &USERS,
    }
}

/// Whose a key is, where it is another's: the page and the name, as far as the person may see them.
async fn other_owner(store: &AuthorizedStore, key: &ApiKey) -> Result<Option<(String, String)>, Refused> {
    if store.caller().is_self(key.user_id) {
        return Ok(None);
    }
    let named = store.incidental().usernames(&[key.user_id]).await?.pop();
    Ok(named.map(|(id, name)| (users::address_of(id), name)))
}

/// The page that a key is listed on, and what a link back to it says.
fn list_of(store: &AuthorizedStore, key: &ApiKey, owner: Option<&(String, String)>) -> (String, String) {
    match (store.caller().is_self(key.user_id), owner) {
        (true, _) if is_session(key) => (SESSIONS.path.to_owned(), "Back to your sessions".to_owned()),
        (true, _) => (TOKENS.path.to_owned(), "Back to your tokens".to_owned()),
        (false, Some((address, name))) => (address.clone(), format!("Back to {name}")),
        (false, None) => (ALL_TOKENS.path.to_owned(), "Back to all tokens".to_owned()),
    }
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
