//! How many requests a client may send in a minute (`docs/compatibility.md`).
mod address;
mod names;
mod window;

pub(crate) use window::RateWindows;

use std::net::{IpAddr, Ipv6Addr};

use axum::{
    extract::Request,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, request::Parts},
    response::{IntoResponse as _, Response},
};
use jiff::Timestamp;
use keyfob_authority::data::UserId;

use self::{
    address::Address,
    window::{Count, MINUTE},
};
use crate::{
    app::App,
    http::{
        error::ApiError,
        identify::Identity,
        path::Segments,
        routes::{Limiter, RouteFacts},
    },
};
use keyfob_authority::{Identified, RequestContext};

/// How many requests a minute the routes of signing in take.
const SIGN_IN: u32 = 60;

/// With this header, and a full key, owners send as many requests as they like.
pub(super) const BYPASS: &str = "X-Coder-Bypass-Ratelimit";

/// How many requests a minute, per user or address and what a path addresses; `None` sets no limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RateLimits {
    /// Below `/api/v2`.
    pub(crate) api: Option<u32>,
    /// Signing in, and all that goes with it.
    pub(crate) sign_in: Option<u32>,
    /// Checks of permissions: a service asks them for all of its users.
    pub(crate) authcheck: Option<u32>,
}

impl RateLimits {
    pub(crate) fn new(api: i64, authcheck: i64, are_disabled: bool) -> Self {
        let per_minute = |number: i64| u32::try_from(number).ok().filter(|number| *number > 0 && !are_disabled);
        Self { api: per_minute(api), authcheck: per_minute(authcheck), sign_in: per_minute(SIGN_IN.into()) }
    }
}

/// For whom requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Counted {
    User(UserId),
    Address(IpAddr),
}

/// How far a limit is reached.
pub(super) struct Reached {
    limit: u32,
    count: Count,
}

/// A counter of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Counter(Limiter, Counted);

/// Lets requests within the limits through, and tells clients how many more they may send.
pub(crate) async fn guard(app: &App, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let limits = limits_of(app, RouteFacts::of(&request));
    if limits.is_empty() {
        return next(request).await;
    }
    match acting(request.extensions()).filter(|_| is_bypassed(request.headers())).map(may_bypass) {
        Some(Ok(())) => return next(request).await,
        Some(Err(refusal)) => return refusal.into_response(),
        None => {}
    }
    let (mut parts, body) = request.into_parts();
    // A path that is not valid UTF-8 names nothing.
    let segments = Segments::of(&mut parts).await.unwrap_or_default();
    let last = match count(app, &limits, &parts, &segments).await {
        Ok(last) => last,
        Err(over) => {
            let mut refusal = too_many(over.limit).into_response();
            over.tell(refusal.headers_mut());
            return refusal;
        }
    };
    let mut response = next(Request::from_parts(parts, body)).await;
    if let Some(last) = last {
        last.tell(response.headers_mut());
    }
    response
}

/// Counts a request of a user to the route of users, for themselves, as [`guard`] does; an error where it is one too
/// many, and was not counted.
pub(super) fn count_own(app: &App, route: &str, user: UserId) -> Result<Option<Reached>, Reached> {
    let mut last = None;
    for (limiter, limit) in limits_of(app, RouteFacts::API) {
        let counter = Counter(limiter, Counted::User(user));
        last = Some(count_one(app, counter, &Address::of_user(route, user), limit)?);
    }
    Ok(last)
}

/// Counts a request by each of these limits, and answers the state of the last one; an error where it is over one.
async fn count(
    app: &App,
    limits: &[(Limiter, u32)],
    parts: &Parts,
    segments: &Segments,
) -> Result<Option<Reached>, Reached> {
    let caller = acting(&parts.extensions);
    let client = parts.extensions.get::<RequestContext>().map_or(IpAddr::V4(0.into()), |context| context.client);
    let counted = caller.map_or_else(|| Counted::Address(network(client)), |known| Counted::User(known.user_id()));
    let mut last = None;
    for (limiter, limit) in limits.iter().copied() {
        let address = match limiter {
            // A user's password is one, whichever way the path names the user.
            Limiter::SignIn | Limiter::Password => Address::of_route(parts),
            Limiter::Api | Limiter::Authcheck => Box::pin(Address::of(app, parts, segments, caller)).await,
        };
        last = Some(count_one(app, Counter(limiter, counted), &address, limit)?);
    }
    Ok(last)
}

fn count_one(app: &App, counter: Counter, address: &Address, limit: u32) -> Result<Reached, Reached> {
    let count = app.windows().count(counter, address, limit, app.clock().now());
    let reached = Reached { limit, count };
    if count.is_over { Err(reached) } else { Ok(reached) }
}

/// The caller of a request, if they may act.
fn acting(extensions: &Extensions) -> Option<&Identified> {
    extensions.get::<Identity>().and_then(Identity::known).filter(|known| known.is_acting())
}

/// The limits that count for a request; the client is told the state of the last one.
fn limits_of(app: &App, facts: RouteFacts) -> Vec<(Limiter, u32)> {
    let limits = app.settings().limits;
    let limit = |limiter: Limiter| match limiter {
        Limiter::Api => limits.api,
        Limiter::SignIn | Limiter::Password => limits.sign_in,
        Limiter::Authcheck => limits.authcheck,
    };
    facts.limiters.iter().filter_map(|limiter| Some((*limiter, limit(*limiter)?))).collect()
}

fn is_bypassed(headers: &HeaderMap) -> bool {
    headers.get(BYPASS).is_some_and(|value| value.as_bytes() == b"true")
}

/// The network that an address counts for: a host with one address of version 6 has all of its network.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

/// Whether no limit counts for this caller: the header lifts them for a full key of an owner.
fn may_bypass(caller: &Identified) -> Result<(), ApiError> {
    let refusal = |why| ApiError::new(StatusCode::PRECONDITION_REQUIRED, format!("\"{BYPASS}\" provided but {why}"));
    if !caller.is_owner() {
        return Err(refusal("user is not owner"));
    }
    if !caller.is_full() {
        return Err(refusal("key is not full").detail("Use a key with the scope coder:all and no allow list."));
    }
    Ok(())
}

fn too_many(limit: u32) -> ApiError {
    let message = format!("You've been rate limited for sending more than {limit} requests in 1m0s.");
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, message).retry_after(MINUTE)
}

impl Reached {
    /// Tells a client.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        let told = [
            ("x-ratelimit-limit", i64::from(self.limit)),
            ("x-ratelimit-remaining", i64::from(self.count.remaining)),
            ("x-ratelimit-reset", Timestamp::as_second(self.count.reset)),
        ];
        for (name, value) in told {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}
