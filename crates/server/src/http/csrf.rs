//! Changes that a browser could be tricked into: with a cookie session they need a proof that the page is ours
//! (contract, section 1.10).
use crate::http::identify::Identity;
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest as _, Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use keyfob_api::{SESSION_TOKEN_HEADER, secret::SecretText};
use subtle::ConstantTimeEq as _;

use super::credential::{bearer, cookie, header_text};
use crate::{
    app::App,
    http::{cookies::CSRF_COOKIE, error::ApiError},
};

/// The length of a token, in bytes.
const TOKEN: usize = 32;
/// Reports that browsers send by themselves, whatever page they are about.
const REPORTS: &str = "/api/v2/csp/reports";
/// Setting up is for whoever is signed in elsewhere, too.
const SET_UP: &str = "/api/v2/users/first";
/// Below this are no pages.
const API: &str = "/api/";
const FORM: &str = "application/x-www-form-urlencoded";

const MISMATCH: &str = "CSRF error encountered. Authentication via \"coder_session_token\" cookie and \
                        \"Coder-Session-Token\" header detected, but the values do not match. To resolve this issue \
                        ensure the values used in both match, or only use one of the authentication methods. You can \
                        also try clearing your cookies if this error persists.";
const FORGED: &str = "Something is wrong with your CSRF token. Please refresh the page. If this error persists, try \
                      clearing your cookies.";

/// What two different credentials in one request are answered with.
pub(super) fn mismatch() -> ApiError {
    ApiError::bad_request(MISMATCH)
}

/// The token that this browser proves with that a form is ours, for the forms of pages.
#[derive(Clone)]
pub(crate) struct CsrfToken([u8; TOKEN]);

impl CsrfToken {
    /// The token as a form holds it: never twice the same, so that compression tells nothing of it.
    pub(crate) fn masked(&self, app: &App) -> String {
        let pad = app.random().bytes_for_visitor::<TOKEN>();
        let mut masked = [0; 2 * TOKEN];
        let (first, second) = masked.split_at_mut(TOKEN);
        first.copy_from_slice(&pad);
        second.iter_mut().zip(pad.iter().zip(self.0)).for_each(|(to, (pad, token))| *to = pad ^ token);
        BASE64.encode(masked)
    }
}

/// Lets through what needs no proof or has one, and gives a token to who has none.
pub(crate) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let known = cookie(request.headers(), CSRF_COOKIE).and_then(|token| decode(&token));
    let token = known.unwrap_or_else(|| app.random().bytes_for_visitor());
    request.extensions_mut().insert(CsrfToken(token));
    let is_asset = request.uri().path().starts_with("/assets/");
    let mut response = match require_proof(&app, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    // Assets are the same for everybody, and are kept by caches for everybody.
    if known.is_none()
        && !is_asset
        && let Ok(cookie) = app.settings().cookies.passing(CSRF_COOKIE, &BASE64.encode(token))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

async fn require_proof(app: &App, request: Request) -> Result<Request, ApiError> {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    if is_safe || request.uri().path() == REPORTS {
        return Ok(request);
    }
    let identity = request.extensions().get::<Identity>();
    let is_set_up = request.uri().path() == SET_UP;
    if !is_set_up && matches!(identity, Some(Identity::Ambiguous)) {
        return Err(mismatch());
    }
    let credential = identity.and_then(Identity::credential).cloned();
    // Also without a session: no page elsewhere signs anybody in as somebody else, or sets a server up. What holds a key
    // in a header, and none in a cookie, was not sent by a page elsewhere, which cannot add one.
    let has_header = request.headers().contains_key(SESSION_TOKEN_HEADER) || bearer(request.headers()).is_some();
    let is_program = has_header && credential.as_ref().is_none_or(|credential| !credential.from_cookie);
    let is_foreign = header_text(request.headers(), "Sec-Fetch-Site").is_some_and(|site| site == "cross-site");
    if is_foreign && !is_program {
        return Err(ApiError::bad_request(FORGED));
    }
    if is_set_up {
        return Ok(request);
    }
    let session = credential.filter(|credential| credential.from_cookie);
    // Forms of pages prove it also before there is a session: nobody is to be signed in as somebody else.
    if session.is_none() && request.uri().path().starts_with(API) {
        return Ok(request);
    }
    if session.is_some_and(|session| is_proven(request.headers(), &session.text)) {
        return Ok(request);
    }
    proven_by_form(request, app).await
}

fn is_proven(headers: &HeaderMap, session: &SecretText) -> bool {
    let same_in_header = header_text(headers, SESSION_TOKEN_HEADER).is_some_and(|text| text == session.reveal());
    let has_token = || header_text(headers, "X-CSRF-TOKEN").is_some_and(|sent| is_token_of(headers, &sent));
    same_in_header || bearer(headers).is_some() || has_token()
}

/// A page's form carries the token as a field. The body is read for it and put back.
async fn proven_by_form(request: Request, app: &App) -> Result<Request, ApiError> {
    let forged = || ApiError::bad_request(FORGED);
    let media_type = header_text(request.headers(), header::CONTENT_TYPE.as_str()).unwrap_or_default();
    if !media_type.starts_with(FORM) {
        return Err(forged());
    }
    let (parts, body) = request.into_parts();
    let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), app).await.map_err(|_| forged())?;
    let mut fields = form_urlencoded::parse(&bytes);
    let sent = fields.find(|(name, _)| name == CSRF_COOKIE).map(|(_, value)| value.into_owned());
    if sent.is_some_and(|sent| is_token_of(&parts.headers, &sent)) {
        return Ok(Request::from_parts(parts, Body::from(bytes)));
    }
    Err(forged())
}

/// Whether this text, masked or bare, is the token of the request's cookie.
fn is_token_of(headers: &HeaderMap, sent: &str) -> bool {
    let Some(token) = cookie(headers, CSRF_COOKIE).and_then(|token| decode(&token)) else { return false };
    let sent = BASE64.decode(sent).ok().and_then(|sent| unmask(&sent));
    sent.is_some_and(|sent| bool::from(sent.ct_eq(&token)))
}

fn decode(token: &str) -> Option<[u8; TOKEN]> {
    BASE64.decode(token).ok()?.try_into().ok()
}

/// The token itself, or `pad ‖ (pad XOR token)`.
fn unmask(sent: &[u8]) -> Option<[u8; TOKEN]> {
    if let Ok(bare) = sent.try_into() {
        return Some(bare);
    }
    let (pad, masked) = sent.split_first_chunk::<TOKEN>()?;
    let masked: &[u8; TOKEN] = masked.try_into().ok()?;
    let mut token = *pad;
    token.iter_mut().zip(masked).for_each(|(byte, masked)| *byte ^= masked);
    Some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str, token: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("Cookie", format!("csrf_token={cookie}").parse().unwrap());
        headers.insert("X-CSRF-TOKEN", token.parse().unwrap());
        headers
    }

    const COOKIE: &str = "JXm9hOUdZctWt0ZZGAy9xiS/gxMKYOThdxjjMnMUyn4=";
    const MASKED: &str = "KNKvagCBEHZK7ihe2t7fj6VeJ0UyTDco1yVUJE8N06oNqxLu5Zx1vRxZbgfC0mJJgeGkVjgs08mgPbcWPBkZ1A==";

    #[test]
    fn the_contracts_check_vector_is_accepted_masked_and_bare() {
        let session = SecretText::new("key");
        assert!(is_proven(&headers(COOKIE, MASKED), &session));
        assert!(is_proven(&headers(COOKIE, COOKIE), &session));
    }

    #[test]
    fn another_token_or_none_is_refused() {
        let session = SecretText::new("key");
        assert!(!is_proven(&headers(COOKIE, &BASE64.encode([7; TOKEN])), &session));
        assert!(!is_proven(&headers(COOKIE, &BASE64.encode([7; 2 * TOKEN])), &session));
        assert!(!is_proven(&HeaderMap::new(), &session));
    }
}
