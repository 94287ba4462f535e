//! Signing in and out, by every way that takes a browser, and the first user.
mod change_password;
mod cli_auth;
mod device;
mod github_device;
mod reset;
mod session_token;
mod set_up;
mod sign_in;
mod sign_out;

use crate::http::routes::{Deed, Handlers, RouteFacts, Routes};

pub(super) fn routes() -> Routes {
    const PAGE: RouteFacts = RouteFacts::PAGE;
    const SIGN_IN: RouteFacts = RouteFacts::SIGN_IN_PAGE;
    Routes::new()
        .route("/login", Handlers::new().get(PAGE, sign_in::show).post(SIGN_IN, sign_in::submit))
        .route("/login/device", Handlers::new().get(SIGN_IN, github_device::show))
        .route("/logout", Handlers::new().post(PAGE.that(Deed::Deletes("api_key")), sign_out::submit))
        .route("/setup", Handlers::new().get(PAGE, set_up::show).post(RouteFacts::SET_UP_PAGE, set_up::submit))
        .route("/reset-password", Handlers::new().get(PAGE, reset::show).post(SIGN_IN, reset::submit))
        .route(
            "/reset-password/change",
            Handlers::new().get(PAGE, change_password::show).post(SIGN_IN, change_password::submit),
        )
        .route(
            "/cli-auth",
            Handlers::new().get(PAGE, cli_auth::show).post(SIGN_IN.that(Deed::Creates("api_key")), cli_auth::submit),
        )
        .route("/device", Handlers::new().get(SIGN_IN, device::show).post(SIGN_IN, device::submit))
}
