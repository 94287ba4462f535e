//! Verification of tokens (`OpenID` Connect Core 1.0, section 3.1.3.7; RFC 8725).
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    errors::ErrorKind,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use keyfob_api::secret::SecretText;
use serde_json::{Map, Value};

/// How far a provider's clock may be ahead of ours.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What a token must contain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) issuer: Option<&'a str>,
    pub(super) audience: Option<&'a str>,
    pub(super) nonce: Option<&'a str>,
    pub(super) now: Timestamp,
}

/// Why a token is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unverified {
    #[error("no key of the provider signed it")]
    UnknownKey,
    #[error("the algorithm {0:?} is not accepted")]
    Algorithm(Algorithm),
    #[error("{0}")]
    Malformed(String),
    #[error("it expired at {0}")]
    Expired(Timestamp),
    #[error("it is not valid before {0}")]
    Early(Timestamp),
    #[error("it is meant for another client")]
    Party,
    #[error("its nonce is not the one that was sent")]
    Nonce,
}

/// The accepted algorithms. Symmetric ones are not among them: a key that verifies with those can also sign.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// The claims of a token, if one of these keys signed it and it contains what is expected.
pub(super) fn claims(
    token: &SecretText,
    keys: &JwkSet,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, Unverified> {
    let malformed = |error: jsonwebtoken::errors::Error| Unverified::Malformed(error.to_string());
    let header = jsonwebtoken::decode_header(token.reveal()).map_err(malformed)?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Unverified::Algorithm(header.alg));
    }
    let candidates = keys.keys.iter().filter(|key| could_sign(key, header.kid.as_deref(), header.alg));
    for key in candidates {
        let Ok(key) = DecodingKey::from_jwk(key) else { continue };
        match jsonwebtoken::decode::<Map<String, Value>>(token.reveal(), &key, &validation(header.alg, expected)) {
            Ok(decoded) => return accepted(decoded.claims, expected),
            Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm) => {}
            Err(error) => return Err(malformed(error)),
        }
    }
    Err(Unverified::UnknownKey)
}

fn could_sign(key: &Jwk, id: Option<&str>, algorithm: Algorithm) -> bool {
    let is_named = id.is_none_or(|id| key.common.key_id.as_deref() == Some(id));
    let is_for_signing = !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption));
    let name = format!("{algorithm:?}");
    is_named && is_for_signing && key.common.key_algorithm.as_ref().is_none_or(|of| of.to_string() == name)
}

/// The rules for signature, issuer and audience. Times are checked apart, with the caller's clock.
fn validation(algorithm: Algorithm, expected: &Expected<'_>) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_aud = expected.audience.is_some();
    validation.set_required_spec_claims(&["exp", "iss"]);
    if let Some(issuer) = expected.issuer {
        validation.set_issuer(&[issuer]);
    }
    if let Some(audience) = expected.audience {
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    }
    validation
}

fn accepted(claims: Map<String, Value>, expected: &Expected<'_>) -> Result<Map<String, Value>, Unverified> {
    let instant = |name: &str| claims.get(name).and_then(Value::as_f64).and_then(second);
    let ends_at = instant("exp").ok_or_else(|| Unverified::Malformed("it has no end".to_owned()))?;
    if ends_at <= expected.now {
        return Err(Unverified::Expired(ends_at));
    }
    let soon = expected.now.checked_add(MAX_CLOCK_SKEW).unwrap_or(Timestamp::MAX);
    if let Some(early) = [instant("nbf"), instant("iat")].into_iter().flatten().find(|begins_at| *begins_at > soon) {
        return Err(Unverified::Early(early));
    }
    if let Some(audience) = expected.audience {
        // A token for several audiences must name us as its authorized party.
        let is_for_others = claims.get("aud").and_then(Value::as_array).is_some_and(|all| all.len() > 1);
        let party = claims.get("azp").and_then(Value::as_str);
        if party.map_or(is_for_others, |party| party != audience) {
            return Err(Unverified::Party);
        }
    }
    if expected.nonce.is_some_and(|nonce| claims.get("nonce").and_then(Value::as_str) != Some(nonce)) {
        return Err(Unverified::Nonce);
    }
    Ok(claims)
}

/// Seconds since 1970 may have fractions.
#[expect(clippy::cast_possible_truncation, reason = "out of range means no such instant, which saturation keeps")]
fn second(number: f64) -> Option<Timestamp> {
    Timestamp::from_second(number as i64).ok()
}
