//! How many requests anybody may send (contract, section 1.12).
mod window;

pub(crate) use window::RateWindows;

use std::net::{IpAddr, Ipv6Addr};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use keyfob_api::BASE_PATH;
use keyfob_authority::data::{User, UserId};

use self::window::{Count, MINUTE};
use crate::{
    app::App,
    http::{error::ApiError, identify::Identity},
};
use keyfob_authority::RequestContext;

/// How often the routes of signing in may be asked in a minute.
const SIGN_IN: u32 = 60;

/// With this header owners ask as often as they like.
const BYPASS: &str = "X-Coder-Bypass-Ratelimit";

/// How many requests a minute, per user or address and path; none are bounded where there is none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateLimits {
    /// Below `/api/v2`.
    pub(crate) api: Option<u32>,
    /// Signing in, and all that goes with it.
    pub(crate) sign_in: Option<u32>,
    /// Checks of permissions: a service asks them for everybody who uses it.
    pub(crate) authcheck: Option<u32>,
}

impl RateLimits {
    pub(crate) fn new(api: i64, authcheck: i64, are_disabled: bool) -> Self {
        let per_minute = |number: i64| u32::try_from(number).ok().filter(|number| *number > 0 && !are_disabled);
        Self { api: per_minute(api), authcheck: per_minute(authcheck), sign_in: per_minute(SIGN_IN.into()) }
    }
}

/// Which requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Limiter {
    Api,
    SignIn,
    Password,
    Authcheck,
}

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Counted {
    User(UserId),
    Address(IpAddr),
}

/// What counts a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Counter(Limiter, Counted);

/// Lets through what is within the limits, and says how much more is.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let limiters = limiters(&app, &request);
    if limiters.is_empty() {
        return next.run(request).await;
    }
    let user = request
        .extensions()
        .get::<Identity>()
        .and_then(Identity::known)
        .and_then(keyfob_authority::Identified::acting_user);
    if is_bypassed(request.headers()) {
        match user.map(User::is_owner) {
            Some(true) => return next.run(request).await,
            Some(false) => return not_owner().into_response(),
            None => {}
        }
    }
    let address = request.extensions().get::<RequestContext>().map_or(IpAddr::V4(0.into()), |context| context.client);
    let counted = user.map_or_else(|| Counted::Address(network(address)), |user| Counted::User(user.id));
    let now = app.clock().now();
    let mut last = None;
    let matched = request.extensions().get::<MatchedPath>().map_or_else(|| request.uri().path(), MatchedPath::as_str);
    for (limiter, limit) in limiters {
        // However a user is spelled, their password is one.
        let path = match limiter {
            Limiter::SignIn | Limiter::Password => matched,
            Limiter::Api | Limiter::Authcheck => request.uri().path(),
        };
        let count = app.windows().count(Counter(limiter, counted), path, limit, now);
        if count.is_over {
            let mut refusal = too_many(limit).into_response();
            tell(refusal.headers_mut(), limit, count);
            return refusal;
        }
        last = Some((limit, count));
    }
    let mut response = next.run(request).await;
    if let Some((limit, count)) = last {
        tell(response.headers_mut(), limit, count);
    }
    response
}

/// What counts this request, with its limits; the last is the one that is told of.
fn limiters(app: &App, request: &Request) -> Vec<(Limiter, u32)> {
    let limits = app.settings().limits;
    let path = request.extensions().get::<MatchedPath>().map_or_else(|| request.uri().path(), MatchedPath::as_str);
    let below = path.strip_prefix(BASE_PATH);
    let api = match below {
        Some("/authcheck") => limits.authcheck.map(|limit| (Limiter::Authcheck, limit)),
        Some(_) => limits.api.map(|limit| (Limiter::Api, limit)),
        None => None,
    };
    let inner = of_signing_in(request.method(), path, below);
    let inner = inner.and_then(|limiter| limits.sign_in.map(|limit| (limiter, limit)));
    api.into_iter().chain(inner).collect()
}

fn of_signing_in(method: &Method, path: &str, below: Option<&str>) -> Option<Limiter> {
    match (method, below.unwrap_or(path)) {
        (&Method::PUT, "/users/{user}/password") => Some(Limiter::Password),
        (
            &Method::POST,
            "/users/login"
            | "/users/validate-password"
            | "/users/otp/request"
            | "/users/otp/change-password"
            | "/users/{user}/convert-login"
            | "/device/code"
            | "/cli-auth"
            | "/setup"
            | "/login"
            | "/reset-password"
            | "/reset-password/change",
        )
        | (
            _,
            "/device"
            | "/login/device"
            | "/users/oidc/callback"
            | "/users/oauth2/github/callback"
            | "/users/oauth2/github/device",
        ) => Some(Limiter::SignIn),
        _ => None,
    }
}

fn is_bypassed(headers: &HeaderMap) -> bool {
    headers.get(BYPASS).is_some_and(|value| value.as_bytes() == b"true")
}

/// Whom an address stands for: whoever has one of version 6 has all of a network.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

fn not_owner() -> ApiError {
    ApiError::new(StatusCode::PRECONDITION_REQUIRED, format!("\"{BYPASS}\" provided but user is not owner"))
}

fn too_many(limit: u32) -> ApiError {
    let message = format!("You've been rate limited for sending more than {limit} requests in 1m0s.");
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, message).retry_after(MINUTE)
}

fn tell(headers: &mut HeaderMap, limit: u32, count: Count) {
    let told = [
        ("x-ratelimit-limit", i64::from(limit)),
        ("x-ratelimit-remaining", i64::from(count.remaining)),
        ("x-ratelimit-reset", Timestamp::as_second(count.reset)),
    ];
    for (name, value) in told {
        headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
}
