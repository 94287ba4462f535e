//! The tokens of everyone: what is worth a look about them, finding one, and expiring several.
mod expire;
mod find;
mod finding;
mod list;

use crate::http::routes::{Deed, Handlers, RouteFacts, Routes};

pub(super) fn routes() -> Routes {
    const PAGE: RouteFacts = RouteFacts::PAGE;
    Routes::new()
        .route("/deployment/tokens", Handlers::new().get(PAGE, list::show))
        .route("/deployment/tokens/expire", Handlers::new().post(PAGE.that(Deed::Changes("api_key")), expire::submit))
        .route("/deployment/tokens/find", Handlers::new().post(PAGE.that(Deed::Reads), find::submit))
}
