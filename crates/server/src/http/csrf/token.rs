//! The tokens that prove that a page of this server sent a change.
use axum::http::HeaderMap;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use keyfob_api::secret::SecretText;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{
    app::App,
    http::{cookies::CSRF_COOKIE, credential::cookie},
};

/// The length of a token, in bytes.
const LENGTH: usize = 32;

/// What a browser keeps in a cookie from its first visit on, and sends in a header with its changes.
#[derive(Clone)]
pub(crate) struct VisitorToken([u8; LENGTH]);

impl VisitorToken {
    /// The token of a request's cookie.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        BASE64.decode(cookie(headers, CSRF_COOKIE)?).ok()?.try_into().ok().map(Self)
    }

    /// One for a browser that has none.
    pub(super) fn new(app: &App) -> Self {
        Self(app.random().bytes_for_visitor())
    }

    pub(super) fn as_cookie(&self) -> String {
        BASE64.encode(self.0)
    }

    /// Whether a header holds this token, masked or bare.
    pub(super) fn is_sent_as(&self, text: &str) -> bool {
        is_sent_as(&self.0, text)
    }
}

/// What the forms of a page have in a field. It belongs to a session, or, where there is none, to a visitor, and tells
/// nothing about either. It is computed where it is needed: most requests are for no page.
#[derive(Clone)]
pub(crate) enum CsrfToken {
    /// The token of all forms that are sent with this session: who does not know the session cannot compute it.
    OfSession(SecretText),
    /// The token of all forms that a visitor sends.
    OfVisitor(VisitorToken),
}

impl CsrfToken {
    /// Keys have 130 random bits, which nobody finds again from their hash. The purpose before it makes this another
    /// hash than the one in the database.
    fn derive(&self) -> [u8; LENGTH] {
        let (purpose, from) = match self {
            Self::OfSession(session) => ("keyfob: the forms of a session\n", session.reveal().as_bytes()),
            Self::OfVisitor(VisitorToken(visitor)) => ("keyfob: the forms of a visitor\n", &visitor[..]),
        };
        Sha256::new().chain_update(purpose).chain_update(from).finalize().into()
    }

    /// The token as a form holds it: never twice the same, so that compression tells nothing of it.
    pub(crate) fn masked(&self, app: &App) -> String {
        let pad = app.random().bytes_for_visitor::<LENGTH>();
        let mut masked = [0; 2 * LENGTH];
        let (first, second) = masked.split_at_mut(LENGTH);
        first.copy_from_slice(&pad);
        second.iter_mut().zip(pad.iter().zip(self.derive())).for_each(|(to, (pad, token))| *to = pad ^ token);
        BASE64.encode(masked)
    }

    /// Whether a form's field holds this token.
    pub(super) fn is_sent_as(&self, text: &str) -> bool {
        is_sent_as(&self.derive(), text)
    }
}

/// Whether this text is the token, masked or bare; which of its bytes differ takes no time to tell.
fn is_sent_as(token: &[u8; LENGTH], text: &str) -> bool {
    let sent = BASE64.decode(text).ok().and_then(|sent| unmask(&sent));
    sent.is_some_and(|sent| bool::from(sent.ct_eq(token)))
}

/// The token itself, or `pad ‖ (pad XOR token)`.
fn unmask(sent: &[u8]) -> Option<[u8; LENGTH]> {
    if let Ok(bare) = sent.try_into() {
        return Some(bare);
    }
    let (pad, masked) = sent.split_first_chunk::<LENGTH>()?;
    let masked: &[u8; LENGTH] = masked.try_into().ok()?;
    let mut token = *pad;
    token.iter_mut().zip(masked).for_each(|(byte, masked)| *byte ^= masked);
    Some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: &str = "JXm9hOUdZctWt0ZZGAy9xiS/gxMKYOThdxjjMnMUyn4=";
    const MASKED: &str = "KNKvagCBEHZK7ihe2t7fj6VeJ0UyTDco1yVUJE8N06oNqxLu5Zx1vRxZbgfC0mJJgeGkVjgs08mgPbcWPBkZ1A==";

    fn visitor(cookies: &str) -> Option<VisitorToken> {
        VisitorToken::of(&HeaderMap::from_iter([(axum::http::header::COOKIE, cookies.parse().unwrap())]))
    }

    #[test]
    fn the_check_vector_is_accepted_masked_and_bare_and_nothing_else() {
        let visitor = visitor(&format!("csrf_token={COOKIE}")).unwrap();
        assert!(visitor.is_sent_as(MASKED) && visitor.is_sent_as(COOKIE));
        for other in ["", "x", &BASE64.encode([7; LENGTH]), &BASE64.encode([7; 2 * LENGTH]), &BASE64.encode([7; 7])] {
            assert!(!visitor.is_sent_as(other), "{other}");
        }
    }

    #[test]
    fn of_two_cookies_neither_counts() {
        assert!(visitor(&format!("csrf_token={COOKIE}; csrf_token={COOKIE}")).is_none());
        assert!(visitor("csrf_token=x").is_none());
    }

    #[test]
    fn each_session_and_each_visitor_has_a_token_of_its_own() {
        let visitor = visitor(&format!("csrf_token={COOKIE}")).unwrap();
        let of = |key: &str| CsrfToken::OfSession(SecretText::new(key)).derive();
        assert_ne!(of("a"), of("b"));
        assert_ne!(CsrfToken::OfVisitor(visitor.clone()).derive(), visitor.0);
        assert_ne!(of(COOKIE), CsrfToken::OfVisitor(visitor).derive());
    }
}
