//! The end of a sign-in by a provider: a session, and back to where the user wanted to go.
use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::users::DeviceRedirect;
use keyfob_authority::{
    Identified, RequestContext, System,
    sign_in::{CompleteConversion, ExternalIdentity},
};
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

/// The request with which a user came back from a provider.
pub(super) struct Callback<'a> {
    pub(super) app: &'a App,
    pub(super) context: RequestContext,
    pub(super) headers: &'a HeaderMap,
    pub(super) identity: &'a Identity,
    pub(super) inbound: &'a Inbound,
    /// The answer is JSON: a program asks on behalf of the user, and it cannot be redirected.
    pub(super) answers_json: bool,
}

impl Callback<'_> {
    /// Begins a session of the user, or converts them, and sends them on.
    pub(super) async fn sign_in(self, account: ExternalIdentity) -> Result<Response, Refusal> {
        let rules = self.app.settings().cookies;
        let store = System::Providers.store(self.app.authority(), self.context.clone());
        let mut cookies = flow::removed_cookies(rules)?;
        let minted = if self.inbound.is_conversion() {
            let ticket = convert::ticket(self.headers)?;
            cookies.push(rules.removed(convert::COOKIE)?);
            let conversion = CompleteConversion {
                identity: account,
                ticket: &ticket,
                state: &self.inbound.state,
                own_key: self.identity.known().map(Identified::key_id),
            };
            store.complete_conversion(conversion).await?
        } else {
            store.sign_in_externally(account).await?
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

/// When a provider's access token expires.
pub(super) fn token_expires_at(now: jiff::Timestamp, tokens: &Tokens) -> Option<jiff::Timestamp> {
    let length = jiff::SignedDuration::try_from(tokens.expires_in?).ok()?;
    now.checked_add(length).ok()
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        refusal.into_response()
    }
}

/// 400 for a provider that is not set up.
pub(super) fn not_configured() -> ApiError {
    ApiError::bad_request("The oauth2 method requested is not configured!")
}
