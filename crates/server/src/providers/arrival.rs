//! The end of everybody's way: a session, and back to where they wanted to go.
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::users::DeviceRedirect;
use keyfob_identity::Tokens;
use keyfob_store::{KeyId, UserId};

use super::{
    convert,
    flow::{self, Inbound},
    refusal::Refusal,
};
use crate::{
    context::RequestContext,
    error::ApiError,
    extract::ApiJson,
    gate::{Identity, Newcomer, System},
    state::App,
};

/// Who somebody comes as, and by which request.
pub(super) struct Visit<'a> {
    pub(super) app: &'a App,
    pub(super) context: RequestContext,
    pub(super) headers: &'a HeaderMap,
    pub(super) inbound: &'a Inbound,
    /// They are answered with JSON: a program of theirs asks, which cannot be sent anywhere.
    pub(super) answers_json: bool,
}

impl Visit<'_> {
    /// Lets somebody in.
    pub(super) async fn admit(self, newcomer: Newcomer) -> Result<Response, Refusal> {
        let rules = self.app.settings().cookies;
        let store = System::Providers.store(self.app, self.context.clone());
        let mut cookies = flow::forget_way(rules)?;
        let minted = if self.inbound.is_conversion() {
            let ticket = convert::ticket(self.app, self.headers, &self.inbound.state)?;
            // Counts if it is refused from here on (contract, section 9.2).
            self.context.trail.conversion_failed(ticket.user_id.parse().ok().map(UserId));
            cookies.push(rules.removed(convert::COOKIE)?);
            let came_with = self.presented_key().await;
            store.convert(newcomer, &ticket, came_with.as_ref()).await?
        } else {
            store.arrive(newcomer).await?
        };
        cookies.push(rules.session(&minted.text)?);
        self.send_on(cookies)
    }

    /// The key in the cookie of whoever comes back from a conversion, if it is still good.
    async fn presented_key(&self) -> Option<KeyId> {
        let uri = axum::http::Uri::from_static("/");
        Identity::of(self.headers, &uri, self.app).await.0.key_id()
    }

    fn send_on(&self, cookies: Vec<HeaderValue>) -> Result<Response, Refusal> {
        let destination = self.inbound.destination();
        let mut response = if self.answers_json {
            ApiJson(DeviceRedirect { redirect_url: destination.to_owned() }).into_response()
        } else {
            flow::redirect_to(destination)?
        };
        for cookie in cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }
}

/// When a provider's access token ends.
pub(super) fn token_ends_at(app: &App, tokens: &Tokens) -> Option<jiff::Timestamp> {
    let length = jiff::SignedDuration::try_from(tokens.expires_in?).ok()?;
    app.clock().now().checked_add(length).ok()
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        refusal.into_response()
    }
}

/// What providers that are not set up are answered with.
pub(super) fn not_configured() -> ApiError {
    ApiError::bad_request("The oauth2 method requested is not configured!")
}
