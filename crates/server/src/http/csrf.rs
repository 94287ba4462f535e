//! Changes that a browser could be tricked into: no page of another origin may send them, and a page of this server
//! proves that it did (`docs/compatibility.md`). What a change must prove is a fact about its route.
mod token;

pub(crate) use token::CsrfToken;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest as _, Request},
    http::{Extensions, HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use keyfob_api::{SESSION_TOKEN_HEADER, secret::SecretText};

use self::token::VisitorToken;
use super::{
    credential::{bearer, header_text},
    origin,
};
use crate::{
    app::App,
    http::{
        cookies::CSRF_COOKIE,
        error::ApiError,
        identify::Identity,
        routes::{Audience, CsrfRule, RouteFacts},
    },
};

const FORM: &str = "application/x-www-form-urlencoded";

const MISMATCH: &str = "CSRF error encountered. Authentication via \"coder_session_token\" cookie and \
                        \"Coder-Session-Token\" header detected, but the values do not match. To resolve this issue \
                        ensure the values used in both match, or only use one of the authentication methods. You can \
                        also try clearing your cookies if this error persists.";
pub(crate) const FORGED: &str = "Something is wrong with your CSRF token. Please refresh the page. If this error persists, try \
                      clearing your cookies.";
const FOREIGN: &str = "A page of another address sent this. If it is a page of this server, start the server with \
                       --access-url and the address that people use.";
const UNKNOWN_NAME: &str = "A server is set up at its access URL, at localhost or at an IP address. If this name is \
                            the server's, start it with --access-url and the address that people use.";

/// The answer to a request with two different credentials.
pub(super) fn mismatch() -> ApiError {
    ApiError::bad_request(MISMATCH)
}

fn forged() -> ApiError {
    ApiError::bad_request(FORGED)
}

/// Lets requests through that need no proof or have one, and gives browsers without a token one.
pub(crate) async fn guard(app: &App, mut request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let known = VisitorToken::of(request.headers());
    let visitor = known.clone().unwrap_or_else(|| VisitorToken::new(app));
    let token = match session(request.extensions()) {
        Some(session) => CsrfToken::OfSession(session.clone()),
        None => CsrfToken::OfVisitor(visitor.clone()),
    };
    request.extensions_mut().insert(token);
    let facts = RouteFacts::of(&request);
    let mut response = match require_proof(app, facts.csrf, known.as_ref(), request).await {
        Ok(request) => next(request).await,
        Err(refusal) => refusal.into_response(),
    };
    // Caches keep assets, and give the same to all.
    if known.is_none() && facts.audience != Audience::Asset {
        give_token(app, &visitor, &mut response);
    }
    response
}

/// Gives a new visitor their token.
pub(super) fn welcome(app: &App, response: &mut Response) {
    give_token(app, &VisitorToken::new(app), response);
}

fn give_token(app: &App, visitor: &VisitorToken, response: &mut Response) {
    if let Ok(cookie) = app.settings().cookies.passing(CSRF_COOKIE, &visitor.as_cookie()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// What the forms of pages prove that are sent with a request's session; none without a session.
pub(crate) fn token_of_session(extensions: &Extensions) -> Option<CsrfToken> {
    session(extensions).cloned().map(CsrfToken::OfSession)
}

/// The session that a browser has in its cookie, accepted or not.
fn session(extensions: &Extensions) -> Option<&SecretText> {
    let credential = extensions.get::<Identity>().and_then(Identity::credential);
    credential.filter(|credential| credential.from_cookie).map(|credential| &credential.text)
}

async fn require_proof(
    app: &App,
    rule: CsrfRule,
    visitor: Option<&VisitorToken>,
    request: Request,
) -> Result<Request, ApiError> {
    if request.method().is_safe() || rule == CsrfRule::Exempt {
        return Ok(request);
    }
    let is_ambiguous = matches!(request.extensions().get(), Some(Identity::Ambiguous));
    if rule != CsrfRule::SetUp && is_ambiguous {
        return Err(mismatch());
    }
    let session = session(request.extensions());
    let headers = request.headers();
    // A page elsewhere cannot add a key in a header.
    let has_header = headers.contains_key(SESSION_TOKEN_HEADER) || bearer(headers).is_some();
    let is_program = rule == CsrfRule::Sessions && has_header && session.is_none();
    if !is_program && !origin::is_own(app, &request) {
        return Err(forged().detail(FOREIGN));
    }
    let is_set_up = matches!(rule, CsrfRule::SetUp | CsrfRule::SetUpForm);
    if is_set_up && origin::is_of_unknown_name(app, &request) {
        return Err(forged().detail(UNKNOWN_NAME));
    }
    let needs_proof = match rule {
        CsrfRule::Sessions | CsrfRule::SignIn => session.is_some(),
        CsrfRule::Forms | CsrfRule::SetUpForm => true,
        CsrfRule::SetUp | CsrfRule::Exempt => false,
    };
    if !needs_proof || session.is_some_and(|session| is_proven(headers, visitor, session)) {
        return Ok(request);
    }
    let expected = match session {
        Some(session) => Some(CsrfToken::OfSession(session.clone())),
        None => visitor.cloned().map(CsrfToken::OfVisitor),
    };
    Box::pin(proven_by_form(request, app, &expected.ok_or_else(forged)?)).await
}

/// Whether the headers of a change with a session prove it: with the same key once more, or with the token of the
/// visitor's cookie. Pages elsewhere add no headers.
fn is_proven(headers: &HeaderMap, visitor: Option<&VisitorToken>, session: &SecretText) -> bool {
    let same_in_header = header_text(headers, SESSION_TOKEN_HEADER).is_some_and(|text| text == session.reveal());
    let sent = header_text(headers, "X-CSRF-TOKEN");
    let has_token = || visitor.zip(sent).is_some_and(|(visitor, sent)| visitor.is_sent_as(&sent));
    same_in_header || bearer(headers).is_some() || has_token()
}

/// A page's form carries its token as a field. The body is read for it and put back.
async fn proven_by_form(request: Request, app: &App, expected: &CsrfToken) -> Result<Request, ApiError> {
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
    if sent.is_some_and(|sent| expected.is_sent_as(&sent)) {
        return Ok(Request::from_parts(parts, Body::from(bytes)));
    }
    Err(forged())
}
