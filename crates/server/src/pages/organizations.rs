//! Organizations and their members.
mod create;
mod delete;
mod details;
mod list;
mod member;
mod members;
mod problems;

use keyfob_authority::data::{Organization, OrganizationId, UserId};

use super::navigation::ORGANIZATIONS;
use crate::http::routes::{Deed, Handlers, RouteFacts, Routes};

pub(super) fn routes() -> Routes {
    const PAGE: RouteFacts = RouteFacts::PAGE;
    Routes::new()
        .route("/organizations", Handlers::new().get(PAGE, list::show))
        .route(
            "/organizations/create",
            Handlers::new().get(PAGE, create::show).post(PAGE.that(Deed::Creates("organization")), create::submit),
        )
        .route(
            "/organizations/{organization}",
            Handlers::new().get(PAGE, details::show).post(PAGE.that(Deed::Changes("organization")), details::change),
        )
        .route(
            "/organizations/{organization}/delete",
            Handlers::new().get(PAGE, delete::ask).post(PAGE.that(Deed::Deletes("organization")), delete::submit),
        )
        .route(
            "/organizations/{organization}/groups",
            Handlers::new().post(PAGE.that(Deed::Creates("group")), details::add_group),
        )
        .route(
            "/organizations/{organization}/members",
            Handlers::new()
                .get(PAGE, members::show)
                .post(PAGE.that(Deed::Creates("organization_member")), members::add),
        )
        .route(
            "/organizations/{organization}/members/{user}",
            Handlers::new()
                .get(PAGE, member::show)
                .post(PAGE.that(Deed::Changes("organization_member")), member::change_roles),
        )
        .route(
            "/organizations/{organization}/members/{user}/remove",
            Handlers::new()
                .get(PAGE, member::ask_to_remove)
                .post(PAGE.that(Deed::Deletes("organization_member")), member::remove),
        )
}

/// The page of an organization.
pub(super) fn address(organization: &Organization) -> String {
    address_of(organization.id)
}

/// The page of the organization with this id.
pub(super) fn address_of(id: OrganizationId) -> String {
    format!("{}/{}", ORGANIZATIONS.path, id.0)
}

/// The page of an organization's members.
pub(super) fn members_address(organization: &Organization) -> String {
    format!("{}/members", address(organization))
}

/// The page of a member.
pub(super) fn member_address(organization: &Organization, member: UserId) -> String {
    member_address_of(organization.id, member)
}

/// The page of the member with this id in the organization with that one.
pub(super) fn member_address_of(organization: OrganizationId, member: UserId) -> String {
    format!("{}/members/{}", address_of(organization), member.0)
}

/// What people call an organization.
pub(super) fn title(organization: &Organization) -> String {
    if organization.display_name.is_empty() { organization.name.clone() } else { organization.display_name.clone() }
}
