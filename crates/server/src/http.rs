//! The application: all routes together, and the middleware around them.
pub(crate) mod access_url;
pub(crate) mod cookies;
pub(crate) mod credential;
pub(crate) mod csrf;
pub(crate) mod damaged;
pub(crate) mod error;
pub(crate) mod extract;
mod frame;
pub(crate) mod identify;
pub(crate) mod json;
pub(crate) mod limits;
mod origin;
pub(crate) mod path;
pub(crate) mod routes;
pub(crate) mod search;
mod short_way;
#[cfg(test)]
pub(crate) mod test_server;
mod unauthenticated;
mod watch;

use std::{
    convert::Infallible,
    future::{self, Ready},
    net::SocketAddr,
    ops::ControlFlow,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit, Request, State},
    http::{StatusCode, Uri},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
};
use futures_util::{FutureExt as _, future::Either};

pub use self::watch::ACCESS_LOG;
use self::{
    error::ApiError,
    routes::{RouteTable, Routes},
};
use crate::{
    api::{audit, authcheck, deployment, devices, groups, organizations, resources, roles, sessions, tokens, users},
    app::App,
    documentation::{self, Rendered},
    pages, ways,
};

/// The most bytes of a request's body.
const MAX_BODY: usize = 1024 * 1024;

/// The application, ready to be served: all routes, and a short way beside them.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds the generator of secrets")]
pub struct Service {
    app: App,
    router: Router,
    /// The other end of the connection that requests come from, where that is known.
    peer: Option<SocketAddr>,
}

/// All that is served.
pub(crate) fn service(app: App) -> Service {
    Service { router: router(app.clone()), app, peer: None }
}

impl Service {
    /// The same for the requests of a connection.
    pub(crate) fn for_peer(&self, peer: SocketAddr) -> Self {
        Self { peer: Some(peer), ..self.clone() }
    }
}

impl tower::Service<Request> for Service {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Answered>, Pin<Box<dyn Future<Output = Answered> + Send>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let short = AssertUnwindSafe(|| short_way::answer(&self.app, self.peer, request));
        match std::panic::catch_unwind(short) {
            Ok(ControlFlow::Break(response)) => Either::Left(future::ready(Ok(response))),
            Ok(ControlFlow::Continue(mut request)) => {
                if let Some(peer) = self.peer {
                    request.extensions_mut().insert(ConnectInfo(peer));
                }
                Either::Right(Box::pin(tower::Service::call(&mut self.router, tidy_path(request))))
            }
            Err(panic) => Either::Left(future::ready(Ok(panicked(panic)))),
        }
    }
}

/// The router always answers.
type Answered = Result<Response, Infallible>;

fn router(app: App) -> Router {
    let (routes, _, table) = described().split();
    framed(app, routes, table)
}

/// The description of everything that is served, rendered when it is first asked for.
pub(crate) fn rendered_document() -> &'static Rendered {
    static RENDERED: OnceLock<Rendered> = OnceLock::new();
    RENDERED.get_or_init(|| {
        let (_, mut document, _) = described().split();
        documentation::say_bounds(&mut document);
        Rendered::new(&document)
    })
}

/// Everything that is served, with its description and its facts.
fn described() -> Routes {
    Routes::with_document(documentation::base())
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
        .merge(documentation::api_routes())
        .merge(deployment::root_routes())
        .merge(pages::routes())
        .merge(documentation::root_routes())
}

/// Routes, with what surrounds every request.
fn framed(app: App, routes: Router<App>, table: RouteTable) -> Router {
    let around = Arc::new(Around { app: app.clone(), table });
    routes
        .fallback(async || ApiError::new(StatusCode::NOT_FOUND, error::NO_ROUTE))
        .method_not_allowed_fallback(async || ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed."))
        .layer(middleware::from_fn_with_state(around, surround))
        .with_state(app)
}

/// What surrounds every request.
struct Around {
    app: App,
    table: RouteTable,
}

/// All middleware, from the first that sees a request to the last: the facts of its route and its caller are found before
/// others ask for them. It is one layer, because a router clones each layer for every request, with all that are in it.
async fn surround(State(around): State<Arc<Around>>, mut request: Request, next: Next) -> Response {
    let Around { app, table } = &*around;
    routes::add_facts(table, &mut request);
    DefaultBodyLimit::max(MAX_BODY).apply(&mut request);
    let handle = async |request| next.run(request).await;
    let handle = async |request| identify::read_body(app, request, handle).await;
    let handle = async |request| limits::guard(app, request, handle).await;
    // What is boxed is not moved with each of those around it. A panic in here becomes a page, where people see it.
    let handle = async |request| without_panic(Box::pin(csrf::guard(app, request, handle))).await;
    let handle = async |request| pages::show_errors(app, request, handle).await;
    let handle = async |request| identify::identify(app, request, handle).await;
    // For a panic in those two.
    let handle = async |request| without_panic(handle(request)).await;
    let handle = async |request| access_url::redirect(app, request, handle).await;
    Box::pin(frame::frame(app, request, handle)).await
}

/// The answer, or that of a server that failed: a panic ends its request alone.
async fn without_panic(answering: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(answering).catch_unwind().await.unwrap_or_else(panicked)
}

/// Several slashes count as one, and slashes at the end as none (`docs/compatibility.md`).
fn tidy_path(mut request: Request) -> Request {
    let path = request.uri().path();
    let is_tidy = path.starts_with('/') && !path.contains("//") && (path == "/" || !path.ends_with('/'));
    if is_tidy {
        return request;
    }
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

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    ApiError::internal(&format!("panic: {}", text.unwrap_or("without a text"))).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Method};
    use keyfob_api::error::ErrorBody;

    use super::*;
    use crate::http::{
        routes::{Handlers, RouteFacts},
        test_server::{TestServer, get},
    };

    async fn panicking() -> StatusCode {
        panic!("a secret of the server")
    }

    async fn ask(server: &TestServer, path: &str) -> (StatusCode, ErrorBody) {
        let routes = Routes::new()
            .route("/panic", Handlers::new().get(RouteFacts::PAGE, panicking))
            .route("/slow", Handlers::new().get(RouteFacts::PAGE, async || std::future::pending::<StatusCode>().await));
        let answer = get(&server.with_routes(routes), path).await;
        assert!(answer.headers.contains_key("X-Coder-Request-Id"));
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_answered_with_500_and_tells_nothing() {
        let server = TestServer::new().await;
        let (status, body) = ask(&server, "/panic").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(body.message, "An internal server error occurred.");
        assert!(!body.detail.contains("secret"));
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_given_up() {
        let server = TestServer::new().await;
        // From here on time passes as soon as nothing else happens.
        tokio::time::pause();
        let (status, body) = ask(&server, "/slow").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(body.message, "The request took too long.");
    }

    /// Whichever layer reads the body first: none takes in more than a body may have.
    #[tokio::test]
    async fn a_body_beyond_the_bound_is_refused_also_where_the_proof_of_a_form_is_looked_for() {
        let server = TestServer::new().await;
        let form = "application/x-www-form-urlencoded";
        for (path, kind) in [("/login", form), ("/api/v2/users/login", "application/json")] {
            let request = Request::builder().method(Method::POST).uri(path).header("Content-Type", kind);
            // Without it, nothing is looked for.
            let request = request.header("Cookie", "csrf_token=JXm9hOUdZctWt0ZZGAy9xiS/gxMKYOThdxjjMnMUyn4=");
            let answer = server.send(request.body(Body::from("x".repeat(MAX_BODY + 1))).unwrap()).await;
            assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
        }
    }
}
