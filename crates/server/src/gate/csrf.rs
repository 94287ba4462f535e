//! Changes that a browser could be tricked into: with a cookie session they need a proof that the page is ours
//! (contract, section 1.10).
use axum::http::{HeaderMap, Method};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use keyfob_api::{SESSION_TOKEN_HEADER, secret::SecretText};
use subtle::ConstantTimeEq as _;

use super::credential::{bearer, cookie, header_text};

/// The length of a token, in bytes.
const TOKEN: usize = 32;

/// A change without the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Forged;

/// Checks a request whose key came from the cookie.
pub(super) fn check(method: &Method, headers: &HeaderMap, session: &SecretText) -> Result<(), Forged> {
    let is_safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
    if is_safe {
        return Ok(());
    }
    if header_text(headers, "Sec-Fetch-Site").is_some_and(|site| site == "cross-site") {
        return Err(Forged);
    }
    let same_in_header = header_text(headers, SESSION_TOKEN_HEADER).is_some_and(|text| text == session.reveal());
    if same_in_header || bearer(headers).is_some() || has_proof(headers) {
        return Ok(());
    }
    Err(Forged)
}

fn has_proof(headers: &HeaderMap) -> bool {
    let decode = |text: Option<String>| text.and_then(|text| BASE64.decode(text).ok());
    let (Some(token), Some(sent)) =
        (decode(cookie(headers, "csrf_token")), decode(header_text(headers, "X-CSRF-TOKEN")))
    else {
        return false;
    };
    token.len() == TOKEN && unmask(&sent).is_some_and(|sent| bool::from(sent.ct_eq(&token)))
}

/// The token itself, or `pad ‖ (pad XOR token)`.
fn unmask(sent: &[u8]) -> Option<Vec<u8>> {
    match sent.len() {
        TOKEN => Some(sent.to_vec()),
        length if length == 2 * TOKEN => {
            let (pad, masked) = sent.split_at(TOKEN);
            Some(pad.iter().zip(masked).map(|(pad, masked)| pad ^ masked).collect())
        }
        _ => None,
    }
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
        assert_eq!(check(&Method::POST, &headers(COOKIE, MASKED), &session), Ok(()));
        assert_eq!(check(&Method::POST, &headers(COOKIE, COOKIE), &session), Ok(()));
    }

    #[test]
    fn another_token_or_none_is_refused() {
        let session = SecretText::new("key");
        let other = BASE64.encode([7; 32]);
        assert_eq!(check(&Method::POST, &headers(COOKIE, &other), &session), Err(Forged));
        assert_eq!(check(&Method::DELETE, &HeaderMap::new(), &session), Err(Forged));
        assert_eq!(check(&Method::GET, &HeaderMap::new(), &session), Ok(()));
    }
}
