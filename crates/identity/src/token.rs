//! The token endpoint (RFC 6749, section 3.2): codes, refresh tokens and device codes are traded for tokens.
use std::time::Duration;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD},
};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use keyfob_api::secret::SecretText;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::{Url, form_urlencoded};

use crate::http::{Http, HttpError};

/// How long a signed assertion of who the client is may be used.
const ASSERTION: SignedDuration = SignedDuration::from_mins(5);

/// How a client proves to a provider that it is the one.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub enum ClientAuth {
    /// A secret, in the `Authorization` header where the provider takes it there.
    Secret(SecretText),
    /// A signed assertion (RFC 7523): an RSA key, and its certificate.
    Key {
        /// The private key, as PEM.
        key: SecretText,
        /// The certificate in DER, by whose hash the provider finds the key.
        certificate: Vec<u8>,
    },
}

/// What a provider gave.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct Tokens {
    /// What the provider's own API is asked with.
    pub access: SecretText,
    /// With this there are others when those end.
    pub refresh: Option<SecretText>,
    /// How long the access token works; none means that it was not said.
    pub expires_in: Option<Duration>,
    /// Who signed in (`OpenID` Connect).
    pub id_token: Option<SecretText>,
}

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The provider says no.
    #[error("{code}{}{description}", if description.is_empty() { "" } else { ": " })]
    Refused {
        /// The error's code (RFC 6749, section 5.2), such as `invalid_grant`.
        code: String,
        /// What it says about it.
        description: String,
    },
    /// The provider cannot be spoken to.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Its answer holds no token.
    #[error("the answer holds no access token")]
    Missing,
    /// The client's own key cannot sign.
    #[error("the client's key cannot sign: {0}")]
    Key(String),
}

impl ClientAuth {
    /// Whether a text is a key that assertions can be signed with.
    pub fn is_key(pem: &SecretText) -> bool {
        EncodingKey::from_rsa_pem(pem.reveal().as_bytes()).is_ok()
    }
}

/// Where tokens are to be had, and how the client proves who it is there.
pub(crate) struct TokenEndpoint<'a> {
    pub(crate) http: &'a Http,
    pub(crate) url: &'a Url,
    pub(crate) client_id: &'a str,
    pub(crate) auth: &'a ClientAuth,
    /// A secret goes into the form, not into the header.
    pub(crate) takes_form: bool,
}

/// What an assertion needs besides the key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    pub(crate) now: Timestamp,
    /// Never used before.
    pub(crate) nonce: &'a str,
}

impl TokenEndpoint<'_> {
    /// Trades a grant for tokens.
    pub(crate) async fn ask(&self, grant: &[(&str, &str)], moment: Moment<'_>) -> Result<Tokens, TokenError> {
        let (form, authorization) = self.request(grant, moment)?;
        let (status, answer) = self.http.post(self.url.clone(), form, authorization).await?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        // GitHub says no with a status of success.
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
        match self.auth {
            ClientAuth::Secret(secret) if self.takes_form => {
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

    /// RFC 6749, section 2.3.1: both halves are encoded as in a form.
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
            "iat": now, "nbf": now, "exp": now.saturating_add(ASSERTION.as_secs()),
        });
        let key = EncodingKey::from_rsa_pem(key.reveal().as_bytes()).map_err(unusable)?;
        jsonwebtoken::encode(&header, &claims, &key).map_err(unusable)
    }
}

/// Some providers write numbers as text.
fn seconds(value: &Value) -> Option<Duration> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number.filter(|seconds| *seconds > 0).map(Duration::from_secs)
}
