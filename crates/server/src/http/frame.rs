//! The frame of every request: its context, a span, a time-out, and the headers that all answers have.
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::{BASE_PATH, SERVER_VERSION};
use keyfob_authority::RequestContext;
use keyfob_rbac::{Action, ResourceType};
use tracing::Instrument as _;
use uuid::Uuid;

use super::watch::Watch;
use crate::{
    api::audit,
    app::App,
    http::{
        error::{ApiError, RETRY_AFTER},
        routes::RouteFacts,
    },
};

/// Headers of answers, as they are on the wire: HTTP compares them without regard to case.
const BUILD_VERSION: HeaderName = HeaderName::from_static("x-coder-build-version");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-coder-request-id");
const REQUIRED: HeaderName = HeaderName::from_static("x-keyfob-required");
const MISSING: HeaderName = HeaderName::from_static("x-keyfob-missing");
const EXPIRES_IN: HeaderName = HeaderName::from_static("x-keyfob-expires-in");

/// How long a request may take.
const TIME_OUT: Duration = Duration::from_secs(30);

/// Answers a request within its frame.
pub(super) async fn frame(app: &App, mut request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let context = context(app, peer(&request), request.headers());
    let watch = Watch::begin(app, &request, &context);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let is_api = request.uri().path().starts_with(BASE_PATH);
    let effect = RouteFacts::of(&request).effect(request.method());
    let span = tracing::info_span!(
        "request", http.method = %request.method(), http.route = route, request.id = %context.request_id,
    );
    request.extensions_mut().insert(context.clone());
    let answered = tokio::time::timeout(TIME_OUT, Box::pin(next(request))).instrument(span.clone()).await;
    let mut response = answered.unwrap_or_else(|_| {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "The request took too long.")
            .detail("It was given up; a change may or may not have been made.")
            .retry_after(RETRY_AFTER)
            .into_response()
    });
    span.in_scope(|| tracing::debug!(http.status = response.status().as_u16(), "answered"));
    if let Some(watch) = watch {
        watch.end(response.status());
    }
    audit::note_refusal(app, &context, effect, response.status());
    set_headers(app, &mut response, &context, is_api);
    response
}

/// Whether something sees the span of a request, or what is told within.
pub(super) fn is_traced() -> bool {
    tracing::enabled!(tracing::Level::DEBUG)
}

/// The other end of a request's connection, where that is known.
pub(super) fn peer(request: &Request) -> Option<SocketAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0)
}

/// The context of a request that has just arrived.
pub(super) fn context(app: &App, peer: Option<SocketAddr>, headers: &HeaderMap) -> RequestContext {
    let address = peer.map(|peer| app.settings().proxies.client(peer.ip(), headers));
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    RequestContext {
        request_id: app.random().uuid(),
        client: address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        user_agent: user_agent.unwrap_or_default().into(),
        decisions: app.authority().decision_log(),
    }
}

/// Sets the headers that all answers have.
pub(super) fn set_headers(app: &App, response: &mut Response, context: &RequestContext, is_api: bool) {
    let status = response.status();
    let headers = response.headers_mut();
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if status != StatusCode::FORBIDDEN {
        name_metadata(app, headers);
    }
    headers.insert(BUILD_VERSION, HeaderValue::from_static(SERVER_VERSION));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_api {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
    }
    headers.insert(REQUEST_ID, request_id(context));
    let mut set = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    };
    if let Some(policy) = app.settings().strict_transport_security.clone().filter(|_| is_page) {
        set(header::STRICT_TRANSPORT_SECURITY, policy);
    }
    let Some((key, required)) = context.decisions.seen() else { return };
    set(REQUIRED, permissions(app, required));
    let lacking = context.decisions.lacking();
    if !lacking.is_empty() {
        set(MISSING, permissions(app, lacking));
    }
    if let Some(seconds) = key.seconds_left_near_end(app.clock().now()) {
        set(EXPIRES_IN, seconds.to_string());
    }
}

fn request_id(context: &RequestContext) -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    let text = context.request_id.hyphenated().encode_lower(&mut text);
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// Permissions as a header lists them.
fn permissions(app: &App, of: Vec<(ResourceType, Action)>) -> String {
    let catalogue = app.catalogue();
    let mut pairs = String::new();
    for (of, action) in of {
        let comma = if pairs.is_empty() { "" } else { ", " };
        pairs.extend([comma, catalogue.type_name(of), ":", catalogue.action_name(action)]);
    }
    pairs
}

/// Adds to a challenge to authenticate where clients read how (RFC 9728, section 5.1). A 403 is no such challenge: its
/// client is authenticated, and lacks a scope.
fn name_metadata(app: &App, headers: &mut HeaderMap) {
    let Some(challenge) = headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()) else { return };
    let metadata = format!("{}/.well-known/oauth-protected-resource", app.access_url());
    if let Ok(named) = HeaderValue::try_from(format!("{challenge}, resource_metadata=\"{metadata}\"")) {
        headers.insert(header::WWW_AUTHENTICATE, named);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_the_names_that_clients_know() {
        let known = [
            (BUILD_VERSION, keyfob_api::BUILD_VERSION_HEADER),
            (REQUIRED, keyfob_api::REQUIRED_HEADER),
            (MISSING, keyfob_api::MISSING_HEADER),
            (EXPIRES_IN, keyfob_api::EXPIRES_IN_HEADER),
        ];
        for (name, known) in known {
            assert!(name.as_str().eq_ignore_ascii_case(known), "{known}");
        }
    }
}
