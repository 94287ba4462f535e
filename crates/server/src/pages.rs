//! Pages for people: signing in, and everything else that takes a browser. They work without JavaScript.
mod account;
mod all_tokens;
mod assets;
mod audit;
mod error_pages;
mod error_words;
mod explain;
mod failure;
mod form;
mod frame;
mod groups;
mod guides;
mod home;
mod markdown;
mod message;
mod named_user;
mod names;
mod navigation;
mod notice;
mod offered;
mod organizations;
mod parts;
mod problem;
mod redirect;
mod resources;
mod roles;
mod scopes;
mod session;
mod settings;
mod signing_in;
mod tokens;
mod users;
mod wording;

pub(crate) use error_pages::{show_errors, wants_page};
pub(crate) use frame::Theme;
pub(crate) use markdown::refusal_in_markdown;
pub(crate) use message::{not_yet, refusal};
pub(crate) use redirect::moved;
pub(crate) use session::Visitor;

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};

use crate::http::{
    error::ApiError,
    routes::{Handlers, RouteFacts, Routes},
};

/// Pages may show files from here and send forms to here; no other page frames them.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// All pages. They are no part of the API, and of its description.
pub(crate) fn routes() -> Routes {
    const ASSET: RouteFacts = RouteFacts::ASSET;
    Routes::new()
        .route("/", Handlers::new().get(RouteFacts::PAGE, home::show))
        .merge(signing_in::routes())
        .merge(tokens::routes())
        .merge(account::routes())
        .merge(audit::routes())
        .merge(users::routes())
        .merge(explain::routes())
        .merge(all_tokens::routes())
        .merge(settings::routes())
        .merge(organizations::routes())
        .merge(resources::routes())
        .merge(roles::routes())
        .merge(groups::routes())
        .merge(guides::routes())
        .route("/assets/pages.css", Handlers::new().get(ASSET, assets::style))
        .route("/assets/pages.js", Handlers::new().get(ASSET, assets::script))
        .route("/assets/icon.svg", Handlers::new().get(ASSET, assets::icon))
        .route("/favicon.ico", Handlers::new().get(ASSET, assets::icon))
}

/// A page as it is sent.
fn page(status: StatusCode, template: &impl Template) -> Result<Response, ApiError> {
    let html = template.render().map_err(|error| ApiError::internal(&error))?;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        // Addresses of pages may hold passcodes, which no other site is to see. With `no-referrer`, browsers would hide
        // from this server, too, where a form comes from (`Origin: null`).
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::VARY, HeaderValue::from_static("Cookie")),
    ];
    Ok((status, headers, Html(html)).into_response())
}

/// 303 to a path here.
fn see_other(path: &str) -> Result<Response, ApiError> {
    let location = HeaderValue::from_str(path).map_err(|error| ApiError::internal(&error))?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}
