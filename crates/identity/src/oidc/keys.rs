//! The keys with which a provider signs (RFC 7517).
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

use crate::rsa::{self, ShortKey};

/// The length of a public key of Ed25519.
const ED25519_BYTES: usize = 32;

/// The published keys of a provider.
#[derive(Clone, Debug)]
pub(super) struct ProviderKeys(Vec<ProviderKey>);

/// A published key.
#[derive(Clone, Debug)]
pub(super) struct ProviderKey {
    jwk: Jwk,
    /// The algorithm that the key is for, as the provider spells it.
    algorithm: Option<String>,
}

/// Why a key cannot have signed a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnusableKey {
    #[error("key {id} has the `alg` `{own}`, and the token `{used}`")]
    Algorithm { id: String, own: String, used: String },
    #[error("key {id} is {reason}")]
    Short { id: String, reason: ShortKey },
    #[error("key {id} cannot be read: {reason}")]
    Unreadable { id: String, reason: String },
}

impl ProviderKeys {
    /// The keys of a document. Those of unknown kinds are left out, so that the others can be used.
    pub(super) fn read(document: Value) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document = serde_json::from_value(document)?;
        let key = |value: Value| {
            let algorithm = value.get("alg").and_then(Value::as_str).map(str::to_owned);
            serde_json::from_value(value).ok().map(|jwk| ProviderKey { jwk, algorithm })
        };
        Ok(Self(document.keys.into_iter().filter_map(key).collect()))
    }

    /// The keys that a token may be signed with which names this one, or none.
    pub(super) fn named<'a>(&'a self, id: Option<&'a str>) -> impl Iterator<Item = &'a ProviderKey> {
        let is_meant = move |key: &&ProviderKey| {
            let is_for_signing = !matches!(key.jwk.common.public_key_use, Some(PublicKeyUse::Encryption));
            is_for_signing && id.is_none_or(|id| key.jwk.common.key_id.as_deref() == Some(id))
        };
        self.0.iter().filter(is_meant)
    }
}

impl ProviderKey {
    /// What verifies signatures of this algorithm by the key.
    pub(super) fn verifying(&self, used: Algorithm) -> Result<DecodingKey, UnusableKey> {
        let id = || format!("`{}`", self.jwk.common.key_id.as_deref().unwrap_or_default());
        let used = format!("{used:?}");
        if let Some(own) = self.algorithm.clone().filter(|own| *own != used) {
            return Err(UnusableKey::Algorithm { id: id(), own, used });
        }
        rsa::require_long(&self.jwk).map_err(|reason| UnusableKey::Short { id: id(), reason })?;
        let unreadable = |reason: String| UnusableKey::Unreadable { id: id(), reason };
        require_whole(&self.jwk).map_err(unreadable)?;
        DecodingKey::from_jwk(&self.jwk).map_err(|error| unreadable(error.to_string()))
    }
}

/// Goes on if a key of an Edwards curve is as long as such keys are (RFC 8037, section 2): the library takes that for
/// granted.
fn require_whole(key: &Jwk) -> Result<(), String> {
    let AlgorithmParameters::OctetKeyPair(parameters) = &key.algorithm else { return Ok(()) };
    if parameters.curve != EllipticCurve::Ed25519 {
        return Err(format!("its `crv` is {:?}, and keys of this kind are of Ed25519", parameters.curve));
    }
    match URL_SAFE_NO_PAD.decode(&parameters.x).map(|bytes| bytes.len()) {
        Ok(ED25519_BYTES) => Ok(()),
        Ok(bytes) => Err(format!("its `x` has {bytes} bytes in place of {ED25519_BYTES}")),
        Err(error) => Err(format!("its `x` is not in base64url: {error}")),
    }
}
