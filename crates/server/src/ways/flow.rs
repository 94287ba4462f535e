//! The way to a provider and back, the same for all of them: state, PKCE, and where to go afterwards.
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::secret::SecretText;
use keyfob_authority::sign_in::CONVERSION_STATE;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use subtle::ConstantTimeEq as _;

use crate::{
    app::App,
    http::{cookies::CookieRules, credential::cookie, error::ApiError, extract::ApiQuery},
    pages::{self, wants_page},
};

const STATE: &str = "oauth_state";
const REDIRECT: &str = "oauth_redirect";
const VERIFIER: &str = "oauth_pkce_verifier";
const NONCE: &str = "oauth_nonce";
/// Which provider the user was sent to: a code of one must not be shown to another (RFC 9700, section 2.1).
const PROVIDER: &str = "oauth_provider";

/// How long states and verifiers are, in letters and digits: 190 and 256 bits.
const STATE_LENGTH: usize = 32;
const VERIFIER_LENGTH: usize = 43;

/// Whether this server sent the browser to a provider with this state.
pub(crate) fn is_on_the_way(headers: &HeaderMap, state: &str) -> bool {
    cookie(headers, STATE).is_some_and(|sent| bool::from(sent.as_bytes().ct_eq(state.as_bytes())))
}

/// What sends a user to a provider. All of it is random but where they go afterwards.
pub(super) struct Outbound {
    pub(super) state: String,
    pub(super) verifier: String,
    pub(super) nonce: String,
    redirect: String,
}

/// What a user brings back from a provider.
pub(super) struct Inbound {
    pub(super) code: SecretText,
    pub(super) state: String,
    pub(super) verifier: Option<String>,
    pub(super) nonce: String,
    /// A path here, with its query.
    pub(super) redirect: String,
}

/// The two requests of a sign-in by a provider.
pub(super) enum Step {
    /// The first: the user is sent to the provider.
    Out(Outbound),
    /// The second: the user comes back.
    In(Inbound),
}

/// Reads a request. A user who comes back must have been sent to this provider from here.
pub(super) fn step(
    app: &App,
    provider: &'static str,
    needs_verifier: bool,
    query: &ApiQuery,
    headers: &HeaderMap,
) -> Result<Step, ApiError> {
    if let Some(error) = query.text("error") {
        // What a person reads here must be the provider's words, not those of whoever made a link.
        let is_theirs = query.text("state").is_some_and(|state| is_on_the_way(headers, state));
        return Err(if is_theirs || !wants_page(headers) {
            refused_by_provider(error, query)
        } else {
            ApiError::bad_request("The provider did not sign you in.").detail("Start again from the sign-in page.")
        });
    }
    let Some(code) = query.text("code") else { return Ok(Step::Out(outbound(app, query))) };
    let state = query.text("state").ok_or_else(|| ApiError::bad_request("State must be provided."))?;
    let unauthorized = |message: &str| ApiError::new(StatusCode::UNAUTHORIZED, message);
    let kept = |name: &str| cookie(headers, name).filter(|value| !value.is_empty());
    let sent = kept(STATE).ok_or_else(|| unauthorized("Cookie \"oauth_state\" must be provided."))?;
    if !bool::from(sent.as_bytes().ct_eq(state.as_bytes())) {
        return Err(unauthorized("State mismatched."));
    }
    let verifier = kept(VERIFIER);
    if needs_verifier && verifier.is_none() {
        return Err(ApiError::bad_request("PKCE challenge must be provided."));
    }
    if kept(PROVIDER).as_deref() != Some(provider) {
        return Err(unauthorized("State mismatched.").detail("You were sent to another provider: start again."));
    }
    Ok(Step::In(Inbound {
        code: SecretText::new(code),
        state: state.to_owned(),
        verifier,
        nonce: kept(NONCE).unwrap_or_default(),
        redirect: redirect_in(headers),
    }))
}

fn redirect_in(headers: &HeaderMap) -> String {
    let kept = cookie(headers, REDIRECT).unwrap_or_default();
    local(&percent_decode_str(&kept).decode_utf8_lossy())
}

fn refused_by_provider(error: &str, query: &ApiQuery) -> ApiError {
    let description = query.text("error_description").map(str::to_owned);
    let about = query.text("error_uri").map(|uri| format!("error_uri: {uri}"));
    let detail: Vec<_> = description.into_iter().chain(about).collect();
    let refusal = ApiError::bad_request(format!("Encountered error in oidc process: {error}"));
    if detail.is_empty() { refusal } else { refusal.detail(detail.join(", ")) }
}

fn outbound(app: &App, query: &ApiQuery) -> Outbound {
    let random = |length| app.random().alphanumeric(length);
    let is_conversion = |state: &&str| state.starts_with(CONVERSION_STATE) && is_cookie_text(state);
    let state = query.text("oidc_merge_state").filter(is_conversion).map(str::to_owned);
    Outbound {
        state: state.unwrap_or_else(|| random(STATE_LENGTH)),
        verifier: random(VERIFIER_LENGTH),
        nonce: random(STATE_LENGTH),
        redirect: local(query.text("redirect").unwrap_or_default()),
    }
}

/// The path and query of an address: no user is sent to another host.
pub(crate) fn local(address: &str) -> String {
    let path = match address.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            rest.find('/').and_then(|start| rest.get(start..)).unwrap_or_default()
        }
        _ => address,
    };
    let path = path.split('#').next().unwrap_or_default();
    // Browsers read a backslash as a slash, and two slashes as the beginning of a host.
    let is_local = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    if is_local && path.bytes().all(|byte| byte.is_ascii_graphic()) { path.to_owned() } else { String::new() }
}

/// The characters that a cookie cannot hold (RFC 6265, section 4.1.1).
const IN_COOKIE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b',').add(b';').add(b'\\').add(b'%');

/// RFC 6265, section 4.1.1.
fn is_cookie_text(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\'))
}

impl Outbound {
    /// Sends the user to a provider.
    pub(super) fn send(
        &self,
        app: &App,
        provider: &'static str,
        url: &str,
        has_verifier: bool,
    ) -> Result<Response, ApiError> {
        let rules = app.settings().cookies;
        let mut response = redirect_to(url)?;
        let redirect = utf8_percent_encode(&self.redirect, IN_COOKIE).to_string();
        let cookies = [(STATE, self.state.as_str()), (REDIRECT, &redirect), (PROVIDER, provider), (NONCE, &self.nonce)];
        for (name, value) in cookies {
            response.headers_mut().append(header::SET_COOKIE, rules.passing(name, value)?);
        }
        // One that is left over from another sign-in would be shown to a provider that never saw its challenge.
        let verifier = if has_verifier { rules.passing(VERIFIER, &self.verifier)? } else { rules.removed(VERIFIER)? };
        response.headers_mut().append(header::SET_COOKIE, verifier);
        Ok(response)
    }
}

impl Inbound {
    /// Whether this is the end of a conversion.
    pub(super) fn is_conversion(&self) -> bool {
        self.state.starts_with(CONVERSION_STATE)
    }

    /// Where the user goes after signing in.
    pub(super) fn destination(&self) -> &str {
        if self.redirect.is_empty() { "/" } else { &self.redirect }
    }
}

/// What removes the cookies of a sign-in that is done.
pub(super) fn removed_cookies(rules: CookieRules) -> Result<Vec<HeaderValue>, ApiError> {
    [STATE, REDIRECT, VERIFIER, NONCE, PROVIDER].into_iter().map(|name| rules.removed(name)).collect()
}

/// 307 to an address.
pub(super) fn redirect_to(url: &str) -> Result<Response, ApiError> {
    let location = HeaderValue::from_str(url).map_err(|error| ApiError::internal(&error))?;
    let page = pages::moved(url);
    Ok((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)], page).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_host() {
        for (asked, want) in [
            ("/settings/tokens?x=1", "/settings/tokens?x=1"),
            ("https://evil.example/settings", "/settings"),
            ("https://evil.example", ""),
            ("//evil.example/x", ""),
            ("/\\evil.example", ""),
            ("https:////evil.example/x", ""),
            ("evil", ""),
            ("/a#b", "/a"),
            ("/a;b?c,d", "/a;b?c,d"),
            ("/a?u=http://b/c", "/a?u=http://b/c"),
            ("javascript:alert(1)", ""),
            ("/a b", ""),
            ("", ""),
        ] {
            assert_eq!(local(asked), want, "{asked}");
        }
    }
}
