//! Verification of tokens (`OpenID` Connect Core 1.0, section 3.1.3.7; RFC 8725).
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    errors::{Error, ErrorKind},
};
use keyfob_api::secret::SecretText;
use serde_json::{Map, Value};

use super::{
    claims::kind,
    keys::{ProviderKeys, UnusableKey},
};

/// How far a provider's clock may be ahead of ours.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// What a token must contain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) kind: TokenKind,
    /// None accepts every issuer.
    pub(super) issuer: Option<&'a str>,
    /// Who the token is meant for.
    pub(super) client: &'a str,
    /// None if the token holds none.
    pub(super) nonce: Option<&'a str>,
    pub(super) now: Timestamp,
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Id,
    /// Meant for the provider's own API.
    Access,
    /// An answer of the user-info endpoint (`OpenID` Connect Core 1.0, section 5.3.2).
    UserInfo,
}

impl TokenKind {
    /// The claims that such a token must have. Those that others have are verified, too.
    fn required(self) -> &'static [&'static str] {
        match self {
            Self::Id => &["iss", "aud", "exp"],
            Self::Access => &["iss", "exp"],
            Self::UserInfo => &[],
        }
    }
}

/// Why a token is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unverified {
    #[error("no key of the provider signed it")]
    UnknownKey,
    #[error("no key of the provider signed it that can be used: {0}")]
    UnusableKey(UnusableKey),
    #[error("the algorithm {0:?} is not accepted")]
    Algorithm(Algorithm),
    #[error("{0}")]
    Malformed(String),
    #[error("its `{name}` is {problem}")]
    Claim { name: &'static str, problem: String },
    #[error("it expired at {0}")]
    Expired(Timestamp),
    #[error("it is not valid before {0}")]
    Early(Timestamp),
    #[error("it is meant for another client")]
    Party,
    #[error("its nonce is not the one that was sent")]
    Nonce,
}

impl Unverified {
    /// Whether other keys of the provider might verify the token.
    pub(super) fn is_about_keys(&self) -> bool {
        matches!(self, Self::UnknownKey | Self::UnusableKey(_))
    }

    /// A claim that has a value of another type than it should.
    pub(super) fn wrong_type(name: &'static str, value: &Value, wanted: &str) -> Self {
        Self::Claim { name, problem: format!("{}, not {wanted}", kind(value)) }
    }
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
    keys: &ProviderKeys,
    expected: &Expected<'_>,
) -> Result<Map<String, Value>, Unverified> {
    let header = jsonwebtoken::decode_header(token.reveal()).map_err(|error| malformed(&error))?;
    if !ALGORITHMS.contains(&header.alg) {
        return Err(Unverified::Algorithm(header.alg));
    }
    require_types(token)?;
    let mut unusable = None;
    for key in keys.named(header.kid.as_deref()) {
        let key = match key.verifying(header.alg) {
            Ok(key) => key,
            Err(reason) => {
                unusable.get_or_insert(reason);
                continue;
            }
        };
        if let Some(claims) = signed_by(&key, token, header.alg, expected)? {
            return accepted(claims, expected);
        }
    }
    Err(unusable.map_or(Unverified::UnknownKey, Unverified::UnusableKey))
}

/// Goes on if claims that the library reads are of types that it reads: of others, it says neither name nor type. Nothing
/// is believed here, and whether the token is signed comes next.
fn require_types(token: &SecretText) -> Result<(), Unverified> {
    let claims = jsonwebtoken::dangerous::insecure_decode_claims::<Map<String, Value>>(token.reveal());
    let claims = claims.map_err(|error| malformed(&error))?;
    for (name, wanted) in
        [("iss", "a text"), ("sub", "a text"), ("aud", "a text"), ("exp", "a number"), ("nbf", "a number")]
    {
        match claims.get(name) {
            Some(Value::Array(_)) if name == "aud" => {}
            Some(value @ (Value::Array(_) | Value::Object(_))) => {
                return Err(Unverified::wrong_type(name, value, wanted));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The claims of a token, if this key signed it and it is from the issuer and for the client.
fn signed_by(
    key: &DecodingKey,
    token: &SecretText,
    algorithm: Algorithm,
    expected: &Expected<'_>,
) -> Result<Option<Map<String, Value>>, Unverified> {
    match jsonwebtoken::decode::<Map<String, Value>>(token.reveal(), key, &validation(algorithm, expected)) {
        Ok(decoded) => Ok(Some(decoded.claims)),
        Err(error) if matches!(error.kind(), ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm) => Ok(None),
        Err(error) => Err(malformed(&error)),
    }
}

fn malformed(error: &Error) -> Unverified {
    Unverified::Malformed(error.to_string())
}

/// The rules for signature, issuer and audience. Times are checked apart, with the caller's clock.
fn validation(algorithm: Algorithm, expected: &Expected<'_>) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    // Of an access token, it is the provider's API.
    validation.validate_aud = expected.kind != TokenKind::Access;
    let required: Vec<_> = expected.kind.required().iter().filter(|name| **name != "exp").collect();
    validation.set_required_spec_claims(&required);
    validation.set_audience(&[expected.client]);
    if let Some(issuer) = expected.issuer {
        validation.set_issuer(&[issuer]);
    }
    validation
}

fn accepted(claims: Map<String, Value>, expected: &Expected<'_>) -> Result<Map<String, Value>, Unverified> {
    match claims.get("iss") {
        None | Some(Value::String(_)) => {}
        Some(other) => return Err(Unverified::wrong_type("iss", other, "a text")),
    }
    match instant(&claims, "exp")? {
        Some(ends_at) if ends_at <= expected.now => return Err(Unverified::Expired(ends_at)),
        None if expected.kind.required().contains(&"exp") => {
            return Err(Unverified::Claim { name: "exp", problem: "missing".to_owned() });
        }
        _ => {}
    }
    let soon = expected.now.checked_add(MAX_CLOCK_SKEW).unwrap_or(Timestamp::MAX);
    let begins_at = [instant(&claims, "nbf")?, instant(&claims, "iat")?];
    if let Some(early) = begins_at.into_iter().flatten().find(|begins_at| *begins_at > soon) {
        return Err(Unverified::Early(early));
    }
    // A token for several clients need not name the one that it was issued to.
    let is_for_another = |party: &Value| !party.is_null() && party.as_str() != Some(expected.client);
    if expected.kind == TokenKind::Id && claims.get("azp").is_some_and(is_for_another) {
        return Err(Unverified::Party);
    }
    if expected.nonce.is_some_and(|nonce| claims.get("nonce").and_then(Value::as_str) != Some(nonce)) {
        return Err(Unverified::Nonce);
    }
    Ok(claims)
}

/// The instant in a claim, in seconds since 1970; they may have fractions. Some providers send numbers as text.
fn instant(claims: &Map<String, Value>, name: &'static str) -> Result<Option<Timestamp>, Unverified> {
    let Some(value) = claims.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
    let number = number.ok_or_else(|| Unverified::wrong_type(name, value, "a number"))?;
    let out_of_range = || Unverified::Claim { name, problem: format!("{value}, which is out of range") };
    second(number).map(Some).ok_or_else(out_of_range)
}

#[expect(clippy::cast_possible_truncation, reason = "out of range means no such instant, which saturation keeps")]
fn second(number: f64) -> Option<Timestamp> {
    Timestamp::from_second(number as i64).ok().filter(|_| number.is_finite())
}
