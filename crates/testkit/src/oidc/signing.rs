//! The tokens of the provider, and the keys that sign them.
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Map, Value, json};

use super::{Inner, TokenFault};
use crate::client::{self, CLIENT};

/// A key of 1024 bits in PEM: too short, and no secret.
pub const SHORT_RSA_KEY: &str = include_str!("short_key.pem");

/// With what a provider signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SigningKey {
    /// Keys of Ed25519, which can be rotated.
    #[default]
    Ed25519,
    /// An RSA key of 2048 bits.
    Rsa,
    /// An RSA key of 1024 bits.
    ShortRsa,
    /// A key of Ed25519 whose published half is cut off.
    CutEd25519,
}

impl SigningKey {
    /// A key's id is its number.
    fn key(self, number: u8) -> (EncodingKey, Algorithm) {
        // RFC 8410: a private key of Ed25519 in PKCS #8.
        let head = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
        match self {
            Self::Ed25519 | Self::CutEd25519 => {
                (EncodingKey::from_ed_der(&[&head[..], &[number; 32]].concat()), Algorithm::EdDSA)
            }
            Self::Rsa => (EncodingKey::from_rsa_pem(client::KEY.as_bytes()).unwrap(), Algorithm::RS256),
            Self::ShortRsa => (EncodingKey::from_rsa_pem(SHORT_RSA_KEY.as_bytes()).unwrap(), Algorithm::RS256),
        }
    }
}

impl Inner {
    pub(super) fn name(&self) -> &str {
        self.alias.as_ref().unwrap_or(&self.issuer)
    }

    /// The published keys.
    pub(super) fn published(&self) -> Value {
        let (key, algorithm) = self.signing_key.key(self.key);
        let mut jwk = Jwk::from_encoding_key(&key, algorithm).unwrap();
        jwk.common.key_id = Some(self.key.to_string());
        let mut jwk = json!(jwk);
        if let Some(algorithm) = &self.published_algorithm {
            jwk["alg"] = json!(algorithm);
        }
        if self.signing_key == SigningKey::CutEd25519 {
            jwk["x"] = json!("AAAA");
        }
        // Keys of unknown kinds must not disturb clients.
        json!({"keys": [{"kty": "unheard-of", "kid": "x"}, jwk]})
    }

    fn access_token(&self) -> String {
        let Some(said) = &self.access else { return format!("provider-access-{}", self.next) };
        let mut claims = said.clone();
        let own = json!({"iss": self.name(), "aud": "account", "iat": self.now, "exp": self.now + 300});
        claims.extend(own.as_object().unwrap().clone());
        self.sign(&claims)
    }

    fn id_token(&self, nonce: &str) -> String {
        let mut claims = self.person.clone();
        let fault = self.fault;
        let mut set = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        set("iss", json!(if fault == Some(TokenFault::Issuer) { "https://other.example" } else { self.name() }));
        set(
            "aud",
            match fault {
                Some(TokenFault::Audience) => json!("another-client"),
                Some(TokenFault::Party) => json!([CLIENT.0, "another-client"]),
                _ => json!(CLIENT.0),
            },
        );
        if fault == Some(TokenFault::Party) {
            set("azp", json!("another-client"));
        }
        set("iat", json!(self.now));
        set("exp", json!(if fault == Some(TokenFault::Expired) { self.now } else { self.now + 300 }));
        set("nonce", json!(if fault == Some(TokenFault::Nonce) { "another nonce" } else { nonce }));
        claims.extend(self.overriding.clone());
        match fault {
            Some(TokenFault::NoNonce) => drop(claims.remove("nonce")),
            Some(TokenFault::NoSubject) => drop(claims.remove("sub")),
            _ => {}
        }
        self.sign(&claims)
    }

    fn sign(&self, claims: &Map<String, Value>) -> String {
        self.sign_with(claims, self.fault)
    }

    /// Signs claims, as wrongly as this fault says.
    pub(super) fn sign_with(&self, claims: &Map<String, Value>, fault: Option<TokenFault>) -> String {
        let name = Some(self.key.to_string());
        match fault {
            Some(TokenFault::NoSignature) => {
                let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                format!("{}.{}.", part(&json!({"alg": "none", "kid": name})), part(&json!(claims)))
            }
            Some(TokenFault::Symmetric) => {
                let header = Header { kid: name, ..Header::new(Algorithm::HS256) };
                jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(CLIENT.1.as_bytes())).unwrap()
            }
            fault => {
                let number = if fault == Some(TokenFault::Signature) { 99 } else { self.key };
                let (key, algorithm) = self.signing_key.key(number);
                let header = Header { kid: name, ..Header::new(algorithm) };
                jsonwebtoken::encode(&header, claims, &key).unwrap()
            }
        }
    }

    /// Tokens for a user who signed in, or whose session is renewed.
    pub(super) fn tokens(&mut self, nonce: &str) -> Value {
        self.next += 1;
        let mut tokens = json!({"access_token": self.access_token(), "token_type": "Bearer"});
        if self.fault != Some(TokenFault::NoIdToken) {
            tokens["id_token"] = json!(self.id_token(nonce));
        }
        if let Some(seconds) = self.expires_in {
            tokens["expires_in"] = json!(seconds);
        }
        if self.expires_in.is_some() && !self.withholds_refresh {
            let refresh = format!("provider-refresh-{}", self.next);
            tokens["refresh_token"] = json!(refresh);
            self.refresh_tokens.push(refresh);
        }
        tokens
    }
}
