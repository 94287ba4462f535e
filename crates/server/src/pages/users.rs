//! Users: finding them, making them, and what an administrator does to one of them.
mod create;
mod delete;
mod details;
mod list;
mod password;
mod problems;
mod roles;
mod status;

use keyfob_authority::data::{User, UserId, UserStatus};

use super::{
    navigation::USERS,
    parts::{Badge, Tone},
};
use crate::http::routes::{Deed, Handlers, RouteFacts, Routes};

pub(super) fn routes() -> Routes {
    const PAGE: RouteFacts = RouteFacts::PAGE;
    // Hashing a password costs as much as checking one.
    const SIGN_IN: RouteFacts = RouteFacts::SIGN_IN_PAGE;
    Routes::new()
        .route("/users", Handlers::new().get(PAGE, list::moved))
        .route("/deployment/users", Handlers::new().get(PAGE, list::show))
        .route(
            "/deployment/users/create",
            Handlers::new().get(PAGE, create::show).post(SIGN_IN.that(Deed::Creates("user")), create::submit),
        )
        .route("/deployment/users/{user}", Handlers::new().get(PAGE, details::show))
        .route("/deployment/users/{user}/roles", Handlers::new().post(PAGE.that(Deed::Changes("user")), roles::submit))
        .route(
            "/deployment/users/{user}/suspend",
            Handlers::new().get(PAGE, status::ask_to_suspend).post(PAGE.that(Deed::Changes("user")), status::suspend),
        )
        .route(
            "/deployment/users/{user}/activate",
            Handlers::new().post(PAGE.that(Deed::Changes("user")), status::activate),
        )
        .route(
            "/deployment/users/{user}/password",
            Handlers::new().get(PAGE, password::show).post(SIGN_IN.that(Deed::Changes("user")), password::submit),
        )
        .route(
            "/deployment/users/{user}/delete",
            Handlers::new().get(PAGE, delete::ask).post(PAGE.that(Deed::Deletes("user")), delete::submit),
        )
}

/// The page of a user. An id never changes, and is no word of another path.
pub(super) fn address(user: &User) -> String {
    address_of(user.id)
}

/// The page of the user with this id.
pub(super) fn address_of(id: UserId) -> String {
    format!("{}/{}", USERS.path, id.0)
}

fn state(user: &User) -> Badge {
    if user.deleted {
        return Badge::new(Tone::Bad, "deleted");
    }
    match user.status {
        UserStatus::Active => Badge::new(Tone::Good, "active"),
        UserStatus::Dormant => Badge::new(Tone::Quiet, "dormant"),
        UserStatus::Suspended => Badge::new(Tone::Bad, "suspended"),
    }
}
