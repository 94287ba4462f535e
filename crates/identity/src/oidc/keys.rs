//! The keys with which a provider signs (RFC 7517).
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{Jwk, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

use crate::rsa::{self, ShortKey};

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
        let unreadable =
            |reason: jsonwebtoken::errors::Error| UnusableKey::Unreadable { id: id(), reason: reason.to_string() };
        DecodingKey::from_jwk(&self.jwk).map_err(unreadable)
    }
}
