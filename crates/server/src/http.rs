//! The application: all routes together, and what every answer has in common.
pub(crate) mod access_url;
pub(crate) mod cookies;
pub(crate) mod credential;
pub(crate) mod csrf;
pub(crate) mod error;
pub(crate) mod extract;
pub(crate) mod identify;
pub(crate) mod known_keys;
pub(crate) mod limits;
pub(crate) mod search;
mod unauthenticated;

use std::{net::SocketAddr, time::Duration};

use axum::{
    Extension, Router,
    extract::{ConnectInfo, DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use keyfob_api::{BASE_PATH, BUILD_VERSION_HEADER, EXPIRES_IN_HEADER, REQUIRED_HEADER, SERVER_VERSION};
use tower::util::MapRequest;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    api::{audit, authcheck, deployment, devices, groups, organizations, resources, roles, sessions, tokens, users},
    app::App,
    documentation,
    http::error::ApiError,
    pages, ways,
};
use keyfob_authority::{DecisionLog, KeyLife, RequestContext};

/// The most bytes of a request's body.
const MAX_BODY: usize = 1024 * 1024;
/// How long a request may take.
const TIME_OUT: Duration = Duration::from_secs(30);
/// A key's last days, in which its answers say how long it still lives.
const LAST_DAYS: i64 = 7 * 24 * 3600;

/// The application, ready to be served.
pub type Service = MapRequest<Router, fn(Request) -> Request>;

/// All routes, behind what tidies paths before they are matched.
pub(crate) fn service(app: App) -> Service {
    MapRequest::new(router(app), tidy_path as fn(Request) -> Request)
}

fn router(app: App) -> Router {
    let (routes, document) = described().split_for_parts();
    framed(app, routes.layer(Extension(documentation::Rendered::new(&document))))
}

/// Everything that is served, with its description.
fn described() -> OpenApiRouter<App> {
    let api = OpenApiRouter::new()
        .merge(deployment::routes())
        .merge(sessions::routes())
        .merge(devices::routes())
        .merge(ways::routes())
        .merge(users::routes())
        .merge(tokens::routes())
        .merge(organizations::routes())
        .merge(roles::routes())
        .merge(groups::routes())
        .merge(audit::routes())
        .merge(resources::routes())
        .merge(authcheck::routes())
        .merge(documentation::api_routes());
    OpenApiRouter::with_openapi(documentation::base())
        .nest(BASE_PATH, api)
        .merge(deployment::root_routes())
        .merge(pages::routes())
        .merge(documentation::root_routes())
}

/// Routes, with what surrounds every request.
fn framed(app: App, routes: Router<App>) -> Router {
    routes
        .fallback(async || ApiError::new(StatusCode::NOT_FOUND, "Route not found."))
        .method_not_allowed_fallback(async || ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed."))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(app.clone(), identify::take_in_body))
        .layer(middleware::from_fn_with_state(app.clone(), limits::guard))
        .layer(middleware::from_fn_with_state(app.clone(), csrf::guard))
        .layer(middleware::from_fn_with_state(app.clone(), identify::identify))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(pages::for_people))
        .layer(middleware::from_fn_with_state(app.clone(), access_url::redirect))
        .layer(middleware::from_fn_with_state(app.clone(), frame))
        .with_state(app)
}

/// Several slashes count as one, and one at the end as none (contract, section 1.1).
fn tidy_path(mut request: Request) -> Request {
    let path = request.uri().path();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let tidy = format!("/{}", segments.join("/"));
    if tidy != path {
        let with_query = match request.uri().query() {
            Some(query) => format!("{tidy}?{query}"),
            None => tidy,
        };
        if let Ok(uri) = with_query.parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// What surrounds every request: its context, a span, a time-out, and the headers of every answer.
async fn frame(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let context = context(&app, &request);
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let is_api = request.uri().path().starts_with(BASE_PATH);
    let method = request.method().clone();
    let span = tracing::info_span!(
        "request", http.method = %request.method(), http.route = route, request.id = %context.request_id,
    );
    request.extensions_mut().insert(context.clone());
    let answered = tokio::time::timeout(TIME_OUT, next.run(request)).instrument(span.clone()).await;
    let mut response = answered.unwrap_or_else(|_| {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "The request took too long.")
            .detail("It was given up; a change may or may not have been made.")
            .into_response()
    });
    span.in_scope(|| tracing::debug!(http.status = response.status().as_u16(), "answered"));
    audit::note_refusal(&app, &context, &method, response.status());
    set_headers(&app, &mut response, &context, is_api);
    response
}

fn context(app: &App, request: &Request) -> RequestContext {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let address = peer.map(|peer| app.settings().proxies.client(peer, request.headers()));
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    RequestContext {
        request_id: app.random().uuid(),
        client: address.unwrap_or(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED)),
        user_agent: user_agent.unwrap_or_default().to_owned(),
        decisions: DecisionLog::default(),
    }
}

fn set_headers(app: &App, response: &mut Response, context: &RequestContext, is_api: bool) {
    let status = response.status();
    let headers = response.headers_mut();
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if status != StatusCode::FORBIDDEN {
        name_metadata(app, headers);
    }
    let mut set = |name: &str, value: String| {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    };
    set(BUILD_VERSION_HEADER, SERVER_VERSION.to_owned());
    set("X-Coder-Request-Id", context.request_id.to_string());
    set("X-Content-Type-Options", "nosniff".to_owned());
    if is_api {
        set("Cache-Control", "no-store".to_owned());
        set("Vary", "Cookie".to_owned());
    }
    if let Some(policy) = app.settings().strict_transport_security.clone().filter(|_| is_page) {
        set("Strict-Transport-Security", policy);
    }
    let Some((key, required)) = context.decisions.seen() else { return };
    let catalogue = app.catalogue();
    let pairs =
        required.iter().map(|(of, action)| format!("{}:{}", catalogue.type_name(*of), catalogue.action_name(*action)));
    set(REQUIRED_HEADER, pairs.collect::<Vec<_>>().join(", "));
    if let Some(seconds) = end_in_sight(key, app.clock().now()) {
        set(EXPIRES_IN_HEADER, seconds.to_string());
    }
}

/// Challenges to authenticate say where to read how (RFC 9728, section 5.1).
fn name_metadata(app: &App, headers: &mut HeaderMap) {
    let Some(challenge) = headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()) else { return };
    let metadata = format!("{}/.well-known/oauth-protected-resource", app.access_url());
    if let Ok(named) = HeaderValue::try_from(format!("{challenge}, resource_metadata=\"{metadata}\"")) {
        headers.insert(header::WWW_AUTHENTICATE, named);
    }
}

/// How many seconds a key still lives, once it is in its last tenth or its last days, whichever is shorter.
fn end_in_sight(key: KeyLife, now: Timestamp) -> Option<i64> {
    let left = key.expires_at.duration_since(now).as_secs();
    (left <= LAST_DAYS.min(key.lifetime_seconds / 10)).then_some(left.max(0))
}

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError::internal(&format!("panic: {}", text.unwrap_or("without a text"))).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, routing::get};
    use http_body_util::BodyExt as _;
    use keyfob_api::error::ErrorBody;
    use tower::ServiceExt as _;

    use super::*;
    use crate::{Clock, Random, Server};

    #[derive(clap::Parser)]
    struct Settings {
        #[command(flatten)]
        args: crate::ServerArgs,
    }

    async fn server(data: &std::path::Path) -> Server {
        let args = <Settings as clap::Parser>::parse_from(["server"]).args;
        Server::open(&args, data, "http://keyfob.test", Clock::System, Random::seeded(1)).await.unwrap()
    }

    async fn ask(app: &App, path: &str) -> (StatusCode, ErrorBody) {
        let routes = Router::new()
            .route("/panic", get(async || -> StatusCode { panic!("a secret of the server") }))
            .route("/slow", get(async || std::future::pending::<StatusCode>().await));
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = framed(app.clone(), routes).oneshot(request).await.unwrap();
        assert!(response.headers().contains_key("X-Coder-Request-Id"));
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_answered_with_500_and_tells_nothing() {
        let data = tempfile::tempdir().unwrap();
        let (status, body) = ask(server(data.path()).await.app(), "/panic").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(body.message, "An internal server error occurred.");
        assert!(!body.detail.contains("secret"));
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_given_up() {
        let data = tempfile::tempdir().unwrap();
        let server = server(data.path()).await;
        // From here on time passes as soon as nothing else happens.
        tokio::time::pause();
        let (status, body) = ask(server.app(), "/slow").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body.message, "The request took too long.");
    }
}
