//! The token endpoint (RFC 6749, section 3.2): codes, refresh tokens and device codes are traded for tokens.
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD},
};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use keyfob_api::secret::SecretText;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use crate::{
    http::{Http, HttpError},
    rsa::{self, ShortKey},
};

/// How long a signed client assertion is valid.
const ASSERTION_LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// How the client authenticates at a provider.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub enum ClientAuth {
    /// With a secret, in the `Authorization` header or in the form, whichever the provider takes.
    Secret(SecretText),
    /// With a signed assertion (RFC 7523): an RSA key and its certificate.
    Key {
        /// The private key, as PEM.
        key: SecretText,
        /// The certificate as DER; the provider finds the key by its hash.
        certificate: Vec<u8>,
    },
}

/// How the client authenticates at present. It can be replaced while the provider is in use. Clones share it.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct Credential(Arc<RwLock<Arc<ClientAuth>>>);

impl Credential {
    /// Uses another secret or key from now on.
    pub fn replace(&self, auth: ClientAuth) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(auth);
    }

    pub(crate) fn current(&self) -> Arc<ClientAuth> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl From<ClientAuth> for Credential {
    fn from(auth: ClientAuth) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(auth))))
    }
}

/// The tokens of a provider.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct Tokens {
    /// The access token, for the provider's own API.
    pub access: SecretText,
    /// The refresh token, for new tokens when these expire.
    pub refresh: Option<SecretText>,
    /// How long the access token is valid; none if the provider does not say.
    pub expires_in: Option<Duration>,
    /// The ID token (`OpenID` Connect).
    pub id_token: Option<SecretText>,
}

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The provider refuses.
    #[error("{code}{}{description}", if description.is_empty() { "" } else { ": " })]
    Refused {
        /// The error's code (RFC 6749, section 5.2), such as `invalid_grant`.
        code: String,
        /// The error's description.
        description: String,
    },
    /// The provider is not available.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The answer has no access token.
    #[error("the answer has no access token")]
    Missing,
    /// The client's own key cannot be used for signing.
    #[error("the client's key cannot sign: {0}")]
    Key(String),
}

/// Why a text is no key that can sign assertions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// It is none of RSA in PEM.
    #[error("holds no RSA key in PEM")]
    Unreadable,
    /// It is too short.
    #[error("holds {0}")]
    Short(ShortKey),
}

impl ClientAuth {
    /// Goes on if this PEM text is a key that can sign assertions.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check_key(pem: &SecretText) -> Result<(), BadKey> {
        let key = EncodingKey::from_rsa_pem(pem.reveal().as_bytes()).map_err(|_| BadKey::Unreadable)?;
        let public = Jwk::from_encoding_key(&key, Algorithm::RS256).map_err(|_| BadKey::Unreadable)?;
        rsa::require_long(&public).map_err(BadKey::Short)
    }
}

impl TokenError {
    /// Whether the provider did not accept the client's authentication (RFC 6749, section 5.2).
    pub(crate) fn is_about_the_client(&self) -> bool {
        match self {
            Self::Refused { code, .. } => code == "invalid_client",
            Self::Http(HttpError::Refused(status)) => *status == StatusCode::UNAUTHORIZED,
            Self::Http(_) | Self::Missing | Self::Key(_) => false,
        }
    }

    /// What anybody may read of the error: an error of the protocol as the provider says it, but nothing of connections.
    pub fn summary(&self) -> String {
        match self {
            Self::Http(error) => error.summary(),
            Self::Refused { .. } | Self::Missing | Self::Key(_) => self.to_string(),
        }
    }
}

/// Where a secret goes (`OpenID` Connect Core 1.0, section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretPlace {
    /// `client_secret_basic`: in the `Authorization` header.
    Header,
    /// `client_secret_post`: in the form.
    Form,
}

impl SecretPlace {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Header => Self::Form,
            Self::Form => Self::Header,
        }
    }
}

/// A token endpoint, and how the client authenticates there.
pub(crate) struct TokenEndpoint<'a> {
    pub(crate) http: &'a Http,
    pub(crate) url: &'a Url,
    pub(crate) client_id: &'a str,
    pub(crate) auth: Arc<ClientAuth>,
    pub(crate) secret_place: SecretPlace,
}

/// What an assertion needs in addition to the key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) now: Timestamp,
    /// Must never have been used before.
    pub(crate) nonce: &'a str,
}

impl TokenEndpoint<'_> {
    /// Trades a grant for tokens.
    pub(crate) async fn ask(&self, grant: &[(&str, &str)], moment: Moment<'_>) -> Result<Tokens, TokenError> {
        let (form, authorization) = self.request(grant, moment)?;
        let (status, answer) = self.http.post(self.url.clone(), form, authorization).await?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        // GitHub refuses with a success status.
        if !text("error").is_empty() {
            return Err(TokenError::Refused { code: text("error"), description: text("error_description") });
        }
        if !status.is_success() {
            return Err(HttpError::Refused(status).into());
        }
        let secret = |name: &str| Some(text(name)).filter(|text| !text.is_empty()).map(SecretText::new);
        Ok(Tokens {
            access: secret("access_token").ok_or(TokenError::Missing)?,
            refresh: secret("refresh_token"),
            expires_in: answer.get("expires_in").and_then(seconds),
            id_token: secret("id_token"),
        })
    }

    /// The form of a grant, and the `Authorization` header beside it.
    fn request(&self, grant: &[(&str, &str)], moment: Moment<'_>) -> Result<(String, Option<String>), TokenError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(grant);
        let mut authorization = None;
        match &*self.auth {
            ClientAuth::Secret(secret) if self.secret_place == SecretPlace::Form => {
                form.append_pair("client_id", self.client_id).append_pair("client_secret", secret.reveal());
            }
            ClientAuth::Secret(secret) => authorization = Some(self.basic(secret)),
            ClientAuth::Key { key, certificate } => {
                form.append_pair("client_id", self.client_id)
                    .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                    .append_pair("client_assertion", &self.assertion(key, certificate, moment)?);
            }
        }
        Ok((form.finish(), authorization))
    }

    /// RFC 6749, section 2.3.1: id and secret are form-encoded.
    fn basic(&self, secret: &SecretText) -> String {
        let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        format!("Basic {}", BASE64.encode(format!("{}:{}", encode(self.client_id), encode(secret.reveal()))))
    }

    fn assertion(&self, key: &SecretText, certificate: &[u8], moment: Moment<'_>) -> Result<String, TokenError> {
        let unusable = |error: jsonwebtoken::errors::Error| TokenError::Key(error.to_string());
        let mut header = Header::new(Algorithm::RS256);
        header.x5t_s256 = Some(URL_SAFE_NO_PAD.encode(Sha256::digest(certificate)));
        let now = moment.now.as_second();
        let claims = json!({
            "iss": self.client_id, "sub": self.client_id, "aud": self.url.as_str(), "jti": moment.nonce,
            "iat": now, "nbf": now, "exp": now.saturating_add(ASSERTION_LIFETIME.as_secs()),
        });
        let key = EncodingKey::from_rsa_pem(key.reveal().as_bytes()).map_err(unusable)?;
        jsonwebtoken::encode(&header, &claims, &key).map_err(unusable)
    }
}

/// Some providers send numbers as text.
fn seconds(value: &Value) -> Option<Duration> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number.filter(|seconds| *seconds > 0).map(Duration::from_secs)
}
