//! Changes that a browser could be tricked into: they need a proof that a page of this server sent them
//! (`docs/compatibility.md`). Which changes do is a fact about their route.
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest as _, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use keyfob_api::{SESSION_TOKEN_HEADER, secret::SecretText};
use subtle::ConstantTimeEq as _;

use super::credential::{bearer, cookie, header_text};
use crate::{
    app::App,
    http::{
        cookies::CSRF_COOKIE,
        error::ApiError,
        identify::Identity,
        routes::{Audience, CsrfRule, RouteFacts},
    },
};

/// The length of a token, in bytes.
const TOKEN: usize = 32;
const FORM: &str = "application/x-www-form-urlencoded";

const MISMATCH: &str = "CSRF error encountered. Authentication via \"coder_session_token\" cookie and \
                        \"Coder-Session-Token\" header detected, but the values do not match. To resolve this issue \
                        ensure the values used in both match, or only use one of the authentication methods. You can \
                        also try clearing your cookies if this error persists.";
const FORGED: &str = "Something is wrong with your CSRF token. Please refresh the page. If this error persists, try \
                      clearing your cookies.";

/// The answer to a request with two different credentials.
pub(super) fn mismatch() -> ApiError {
    ApiError::bad_request(MISMATCH)
}

/// The token with which a browser proves that a page of this server sent a form.
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

/// Lets requests through that need no proof or have one, and gives browsers without a token one.
pub(crate) async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let known = cookie(request.headers(), CSRF_COOKIE).and_then(|token| decode(&token));
    let token = known.unwrap_or_else(|| app.random().bytes_for_visitor());
    request.extensions_mut().insert(CsrfToken(token));
    let facts = RouteFacts::of(&request);
    let mut response = match require_proof(&app, facts.csrf, request).await {
        Ok(request) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    // Caches keep assets, and give the same to all.
    if known.is_none()
        && facts.audience != Audience::Asset
        && let Ok(cookie) = app.settings().cookies.passing(CSRF_COOKIE, &BASE64.encode(token))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

async fn require_proof(app: &App, rule: CsrfRule, request: Request) -> Result<Request, ApiError> {
    if request.method().is_safe() || rule == CsrfRule::Exempt {
        return Ok(request);
    }
    let identity = request.extensions().get::<Identity>();
    if rule != CsrfRule::SameSite && matches!(identity, Some(Identity::Ambiguous)) {
        return Err(mismatch());
    }
    let credential = identity.and_then(Identity::credential).cloned();
    // Also without a session: no page elsewhere signs a client in as another user, or sets a server up. A request with
    // a key in a header, and none in a cookie, was not sent by a page elsewhere, which cannot add one.
    let has_header = request.headers().contains_key(SESSION_TOKEN_HEADER) || bearer(request.headers()).is_some();
    let is_program = has_header && credential.as_ref().is_none_or(|credential| !credential.from_cookie);
    let is_foreign = header_text(request.headers(), "Sec-Fetch-Site").is_some_and(|site| site == "cross-site");
    if is_foreign && !is_program {
        return Err(ApiError::bad_request(FORGED));
    }
    let session = credential.filter(|credential| credential.from_cookie);
    let needs_proof = match rule {
        CsrfRule::Sessions => session.is_some(),
        CsrfRule::AllChanges => true,
        CsrfRule::SameSite | CsrfRule::Exempt => false,
    };
    if !needs_proof || session.is_some_and(|session| is_proven(request.headers(), &session.text)) {
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
    let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), app).await;
    let bytes = bytes.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::body_too_large(),
        _ => forged(),
    })?;
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
    fn the_check_vector_is_accepted_masked_and_bare() {
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
