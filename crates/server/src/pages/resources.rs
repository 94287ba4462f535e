//! Registered resources, and with whom they are shared.
mod details;
mod list;
mod share;

use keyfob_authority::data::Resource;

use super::navigation::RESOURCES;
use crate::http::routes::{Handlers, RouteFacts, Routes};

pub(super) fn routes() -> Routes {
    const PAGE: RouteFacts = RouteFacts::PAGE;
    Routes::new()
        .route("/resources", Handlers::new().get(PAGE, list::show))
        .route("/resources/{type}/{id}", Handlers::new().get(PAGE, details::show).post(PAGE, share::submit))
}

/// The page of a resource.
fn address(resource: &Resource) -> String {
    address_of(&resource.key.resource_type, &resource.key.id.0.to_string())
}

/// The page of the resource of this type with this id.
pub(super) fn address_of(type_name: &str, id: &str) -> String {
    format!("{}/{type_name}/{id}", RESOURCES.path)
}
