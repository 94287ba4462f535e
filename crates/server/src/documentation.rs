//! The description of everything that is served, made from the handlers: an `OpenAPI` document.
mod bounds;
mod examples;
mod page;
mod parameters;

pub(crate) use bounds::say_bounds;
pub(crate) use parameters::*;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::{SERVER_VERSION, SESSION_TOKEN_COOKIE, SESSION_TOKEN_HEADER, error::ErrorBody};
use utoipa::{
    IntoResponses, OpenApi,
    openapi::{
        Info, License, OpenApi as Document,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::{
    app::App,
    http::{
        self,
        routes::{RouteFacts, Routes},
    },
    pages::{Theme, Visitor},
};
use utoipa_axum::routes;

/// How any call can fail.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes what handlers answer by other means")]
pub(crate) enum Refusals {
    /// The request was refused; the message says why.
    #[response(status = "4XX")]
    Refused(ErrorBody),
    /// The path with its query is longer than 65,534 bytes. The answer has no body.
    #[response(status = 414)]
    TooLong,
    /// There are more than 100 header lines, or they are too long. The answer has no body.
    #[response(status = 431)]
    TooManyHeaders,
    /// The database is not available or full, or the request took too long. Nothing was changed, unless it says so.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}

/// The description of the whole; the operations come from the handlers.
#[derive(OpenApi)]
#[openapi(components(schemas(ErrorBody)))]
struct Base;

/// The document without operations.
pub(crate) fn base() -> Document {
    let mut document = Base::openapi();
    let mut info = Info::new("Keyfob", SERVER_VERSION);
    info.description = Some(
        "Tokens, users, organizations, and decisions about who may do what. A key is presented in one of three ways; \
         every answer to an authenticated request names the permissions that it needed, in `X-Keyfob-Required`."
            .to_owned(),
    );
    info.license = Some(License::new("MIT OR Apache-2.0"));
    document.info = info;
    let mut components = document.components.unwrap_or_default();
    components.add_security_scheme(
        "session_token",
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(SESSION_TOKEN_HEADER))),
    );
    components
        .add_security_scheme("bearer", SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()));
    components
        .add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(SESSION_TOKEN_COOKIE))));
    document.components = Some(components);
    let any_of = ["session_token", "bearer", "cookie"].map(|name| SecurityRequirement::new(name, [] as [&str; 0]));
    document.security = Some(any_of.to_vec());
    document
}

/// The document in both its forms, as they are served.
#[derive(Clone)]
pub(crate) struct Rendered {
    json: Bytes,
    /// The page as the system wants it.
    page: Bytes,
    light: Bytes,
    dark: Bytes,
    policy: HeaderValue,
}

impl Rendered {
    /// Renders a document, once.
    pub(crate) fn new(document: &Document) -> Self {
        let value = serde_json::to_value(document).unwrap_or_default();
        let page = page::render(&value);
        // Its own texts are ASCII; a policy that cannot be sent must not let the page have more.
        let policy = HeaderValue::try_from(&page.policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        Self {
            json: document.to_json().unwrap_or_default().into(),
            light: page.themed(Some("light")).into(),
            dark: page.themed(Some("dark")).into(),
            page: page.themed(None).into(),
            policy,
        }
    }
}

/// The routes of the description itself.
pub(crate) fn api_routes() -> Routes {
    Routes::api().routes(routes!(openapi))
}

/// The route of the page that people read.
pub(crate) fn root_routes() -> Routes {
    Routes::new().routes_with(routes!(docs), RouteFacts::PAGE)
}

/// Describe everything that is served
#[utoipa::path(
    get, path = "/openapi.json", tag = "Deployment", operation_id = "get_openapi",
    responses((status = OK, description = "This document", body = Object)),
    security(()),
)]
async fn openapi() -> Response {
    let rendered = http::rendered_document().clone();
    ([(header::CONTENT_TYPE, "application/json")], rendered.json).into_response()
}

/// Describe everything that is served, as a page
#[utoipa::path(
    get, path = "/docs", tag = "Deployment", operation_id = "get_docs",
    responses((status = OK, description = "A page", body = str, content_type = "text/html")),
    security(()),
)]
async fn docs(State(app): State<App>, visitor: Visitor) -> Response {
    let rendered = http::rendered_document().clone();
    let page = match visitor.theme(&app).await {
        Theme::System => rendered.page,
        Theme::Light => rendered.light,
        Theme::Dark => rendered.dark,
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, rendered.policy),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, page).into_response()
}
