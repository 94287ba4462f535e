//! The roles of an organization: the built-in ones, and those that it makes for itself.
mod delete;
mod edit;
mod list;
mod matrix;
mod problems;

use keyfob_authority::data::Organization;

use super::organizations;
use crate::http::routes::{Deed, Handlers, RouteFacts, Routes};

pub(super) fn routes() -> Routes {
    const PAGE: RouteFacts = RouteFacts::PAGE;
    Routes::new()
        .route("/organizations/{organization}/roles", Handlers::new().get(PAGE, list::show))
        // Every word below that path may be the name of a role.
        .route(
            "/organizations/{organization}/new-role",
            Handlers::new().get(PAGE, edit::show_new).post(PAGE.that(Deed::Creates("custom_role")), edit::create),
        )
        .route(
            "/organizations/{organization}/roles/{rolename}",
            Handlers::new().get(PAGE, edit::show).post(PAGE.that(Deed::Changes("custom_role")), edit::change),
        )
        .route(
            "/organizations/{organization}/roles/{rolename}/delete",
            Handlers::new().get(PAGE, delete::ask).post(PAGE.that(Deed::Deletes("custom_role")), delete::submit),
        )
}

/// The page of an organization's roles.
fn list_address(organization: &Organization) -> String {
    format!("{}/roles", organizations::address(organization))
}

/// The page of a custom role. Its name is a slug.
fn address(organization: &Organization, role: &str) -> String {
    format!("{}/{role}", list_address(organization))
}
