//! The short way: what services ask most is answered beside the router and the layers around it, where all of the answer
//! is in memory.
//!
//! INVARIANT: it answers exactly as the long way does, and counts the same. A request that is not recognised completely, or
//! that is to be refused, goes the long way, as if nothing had looked at it before.
mod body;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, ops::ControlFlow, time::Instant};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, Method, header},
    response::{IntoResponse as _, Response},
};
use keyfob_authority::{AuthorizedStore, KnownCaller};

use super::{credential, csrf, frame, limits};
use crate::{
    api::{authcheck, users},
    app::App,
};

const OWN_USER: &str = "/api/v2/users/me";
const USERS: &str = "/api/v2/users/{user}";
const AUTHCHECK: &str = "/api/v2/authcheck";

/// How many headers the layers add, about: room is made for them at once.
const ADDED_HEADERS: usize = 10;

/// Layers look at these headers, and one has the connection wait for a body. A request with one of them goes the long way.
const UNUSUAL: [HeaderName; 6] = [
    header::COOKIE,
    header::EXPECT,
    header::ORIGIN,
    header::UPGRADE,
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("x-coder-bypass-ratelimit"),
];

/// Answers a request, or gives it back for the long way. It waits for nothing.
pub(super) fn answer(app: &App, peer: Option<SocketAddr>, mut request: Request) -> ControlFlow<Response, Request> {
    let watch = app.metrics().map(|metrics| (metrics, Instant::now()));
    let peer = peer.or_else(|| frame::peer(&request));
    let (route, answered) = match (request.method(), request.uri().path()) {
        (&Method::GET, OWN_USER) if is_usual(app, &request) => (USERS, own_user(app, peer, &request)),
        (&Method::POST, AUTHCHECK) if is_usual(app, &request) => (AUTHCHECK, own_checks(app, peer, &mut request)),
        _ => return ControlFlow::Continue(request),
    };
    let Some(response) = answered else { return ControlFlow::Continue(request) };
    if let Some((metrics, began)) = watch {
        metrics.answered(request.method(), Some(route), Some(response.status()), began.elapsed());
    }
    ControlFlow::Break(response)
}

/// `GET /api/v2/users/me`.
fn own_user(app: &App, peer: Option<SocketAddr>, request: &Request) -> Option<Response> {
    let caller = caller(app, request)?;
    let reached = limits::count_own(app, USERS, caller.user_id()).ok()?;
    let store = app.authority().store_of_known(caller, frame::context(app, peer, request.headers()));
    let mut response = users::own_user(&store)?;
    if let Some(reached) = reached {
        reached.tell(response.headers_mut());
    }
    Some(framed(app, &store, response))
}

/// `POST /api/v2/authcheck`, about types and the caller's own rights.
fn own_checks(app: &App, peer: Option<SocketAddr>, request: &mut Request) -> Option<Response> {
    if app.settings().limits.authcheck.is_some() {
        return None;
    }
    let body = body::take_short(request)?;
    let answered = check(app, peer, request, &body);
    if answered.is_none() {
        *request.body_mut() = Body::from(body);
    }
    answered
}

/// The whole request has arrived: the caller's rights are those of this moment.
fn check(app: &App, peer: Option<SocketAddr>, request: &Request, body: &[u8]) -> Option<Response> {
    let caller = caller(app, request)?;
    let checks = authcheck::type_checks(body)?;
    let store = app.authority().store_of_known(caller, frame::context(app, peer, request.headers()));
    let response = authcheck::decided(store.check_types(checks)).into_response();
    Some(framed(app, &store, response))
}

/// Whether the layers have nothing to do for a request but what is done here.
fn is_usual(app: &App, request: &Request) -> bool {
    let settings = app.settings();
    let is_watched = settings.access_log || frame::is_traced();
    let is_elsewhere = settings.redirects_to_access_url || request.uri().query().is_some();
    !is_watched && !is_elsewhere && !request.headers().keys().any(|name| UNUSUAL.contains(name))
}

/// The caller, if nothing is to be awaited for them.
fn caller(app: &App, request: &Request) -> Option<KnownCaller> {
    app.authority().known_caller(&credential::alone_in_a_header(request.headers())?)
}

/// An answer with what the layers add to it.
fn framed(app: &App, store: &AuthorizedStore, mut response: Response) -> Response {
    response.headers_mut().reserve(ADDED_HEADERS);
    csrf::welcome(app, &mut response);
    frame::set_headers(app, &mut response, store.caller().context(), true);
    response
}
