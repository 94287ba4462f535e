//! Pages for people: signing in, and all that takes a browser. They work without JavaScript.
mod asset;
mod cli_auth;
mod device;
mod form;
mod github_device;
mod home;
mod reset;
mod set_up;
mod shown;
mod sign_in;

pub(crate) use shown::{Words, for_people, wants_page};

use std::time::Duration;

use askama::Template;
use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
    routing::get,
};
use pulldown_cmark::{Event, Parser};
use utoipa_axum::router::OpenApiRouter;

use crate::{app::App, http::error::ApiError};

/// Pages may show what comes from here, send forms here, and be framed by nobody.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// All pages. They are no part of the API, and of its description.
pub(crate) fn routes() -> OpenApiRouter<App> {
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/login", get(sign_in::show).post(sign_in::submit))
        .route("/login/device", get(github_device::show))
        .route("/logout", axum::routing::post(home::sign_out))
        .route("/setup", get(set_up::show).post(set_up::submit))
        .route("/reset-password", get(reset::show).post(reset::submit))
        .route("/reset-password/change", get(reset::show_change).post(reset::submit_change))
        .route("/cli-auth", get(cli_auth::show).post(cli_auth::submit))
        .route("/device", get(device::show).post(device::submit))
        .route("/assets/pages.css", get(asset::style))
        .route("/assets/pages.js", get(asset::script));
    OpenApiRouter::from(pages)
}

/// A page as it is sent.
fn page(status: StatusCode, template: &impl Template) -> Result<Response, ApiError> {
    let html = template.render().map_err(|error| ApiError::internal(&error))?;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        // Addresses of pages may hold passcodes.
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
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

#[derive(Template)]
#[template(path = "pages/message.html")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
    link: &'a str,
    link_text: &'a str,
}

#[derive(Template)]
#[template(path = "pages/written.html")]
struct MarkdownPage<'a> {
    title: &'a str,
    html: &'a str,
    link: &'a str,
    link_text: &'a str,
}

/// A page that says something, and where to go on.
fn message(status: StatusCode, title: &str, text: &str, link: &str, link_text: &str) -> Response {
    page(status, &Message { title, text, link, link_text }).unwrap_or_else(ApiError::into_response)
}

/// The page at the end of a way that leads nowhere.
pub(crate) fn refusal(status: StatusCode, title: &str, text: &str) -> Response {
    message(status, title, text, "/login", "Back to sign-in")
}

/// The same, with a text in Markdown.
pub(crate) fn refusal_in_markdown(status: StatusCode, title: &str, text: &str) -> Response {
    // HTML of its own is shown as it is written: the text is for words, not for the page.
    let events = Parser::new(text).map(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        other => other,
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    let written = MarkdownPage { title, html: &html, link: "/login", link_text: "Back to sign-in" };
    page(status, &written).unwrap_or_else(ApiError::into_response)
}

/// The page of whoever says to have typed a code, and has not.
pub(crate) fn not_yet(again: &str) -> Response {
    let text = "The code has not been typed yet, or not to its end. Type it, and then ask again.";
    message(StatusCode::BAD_REQUEST, "Not yet", text, again, "I have typed it")
}

/// How long a session lives that was not made by signing in, in words.
fn lifetime(app: &App) -> String {
    let lifetimes = &app.rules().lifetimes;
    let length = in_words(lifetimes.token_default);
    let length = if lifetimes.sessions_slide { format!("{length} after its last use") } else { length };
    match lifetimes.session_absolute {
        Duration::ZERO => length,
        bound => format!("{length}, and {} at most", in_words(bound)),
    }
}

fn in_words(length: Duration) -> String {
    let hours = length.as_secs() / 3600;
    match (hours / 24, hours % 24) {
        (days, 0) if days > 1 => format!("{days} days"),
        (1, 0) => "a day".to_owned(),
        _ if hours > 1 => format!("{hours} hours"),
        _ => format!("{} minutes", length.as_secs().div_ceil(60)),
    }
}

/// What is sent with a redirect, for who does not follow it.
pub(crate) fn moved(url: &str) -> Html<String> {
    let url = url.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    Html(format!("<a href=\"{url}\">Temporary Redirect</a>.\n"))
}
