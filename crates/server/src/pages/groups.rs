//! Groups of an organization's members.
mod delete;
mod details;

use keyfob_authority::data::Group;

use crate::http::routes::{Deed, Handlers, RouteFacts, Routes};

pub(super) fn routes() -> Routes {
    const PAGE: RouteFacts = RouteFacts::PAGE;
    Routes::new()
        .route(
            "/groups/{group}",
            Handlers::new().get(PAGE, details::show).post(PAGE.that(Deed::Changes("group")), details::change),
        )
        .route(
            "/groups/{group}/delete",
            Handlers::new().get(PAGE, delete::ask).post(PAGE.that(Deed::Deletes("group")), delete::submit),
        )
}

/// The page of a group.
pub(super) fn address(group: &Group) -> String {
    format!("/groups/{}", group.id.0)
}

/// What people call a group.
pub(super) fn title(group: &Group) -> String {
    if group.display_name.is_empty() { group.name.clone() } else { group.display_name.clone() }
}
