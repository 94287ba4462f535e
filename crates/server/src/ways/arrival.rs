//! The end of everybody's way: a session, and back to where they wanted to go.
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::users::DeviceRedirect;
use keyfob_authority::data::UserId;
use keyfob_identity::Tokens;

use super::{
    convert,
    flow::{self, Inbound},
    refusal::Refusal,
};
use crate::{
    app::App,
    http::{error::ApiError, extract::ApiJson, identify::Identity},
};
use keyfob_authority::{Identified, RequestContext, System, sign_in::ExternalIdentity};

/// Who somebody comes as, and by which request.
pub(super) struct Visit<'a> {
    pub(super) app: &'a App,
    pub(super) context: RequestContext,
    pub(super) headers: &'a HeaderMap,
    pub(super) identity: &'a Identity,
    pub(super) inbound: &'a Inbound,
    /// They are answered with JSON: a program of theirs asks, which cannot be sent anywhere.
    pub(super) answers_json: bool,
}

impl Visit<'_> {
    /// Lets somebody in.
    pub(super) async fn admit(self, identity: ExternalIdentity) -> Result<Response, Refusal> {
        let rules = self.app.settings().cookies;
        let store = System::Providers.store(self.app.authority(), self.context.clone());
        let mut cookies = flow::forget_way(rules)?;
        let minted = if self.inbound.is_conversion() {
            let ticket = convert::ticket(self.app, self.headers, &self.inbound.state)?;
            // Counts if it is refused from here on (contract, section 9.2).
            self.context.decisions.conversion_failed(ticket.user_id.parse().ok().map(UserId));
            cookies.push(rules.removed(convert::COOKIE)?);
            let came_with = self.identity.known().map(Identified::key_id);
            store.convert(identity, &ticket, came_with).await?
        } else {
            store.sign_in_externally(identity).await?
        };
        cookies.push(rules.session(&minted.text)?);
        self.send_on(cookies)
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
pub(super) fn token_ends_at(now: jiff::Timestamp, tokens: &Tokens) -> Option<jiff::Timestamp> {
    let length = jiff::SignedDuration::try_from(tokens.expires_in?).ok()?;
    now.checked_add(length).ok()
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
