//! An `OpenID` Connect provider (`OpenID` Connect Core 1.0 and Discovery 1.0).
mod profile;
mod verify;

pub use profile::{Fields, Profile, ProfileError, profile, texts};

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use keyfob_api::secret::SecretText;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::{OnceCell, RwLock};
use url::Url;

use self::verify::{Expected, Unverified};
use crate::{
    http::{Http, HttpError},
    pkce,
    token::{Credential, Moment, TokenEndpoint, TokenError, Tokens},
};

/// The settings for a provider.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct OidcSettings {
    /// The issuer; the provider's description is below this address.
    pub issuer: String,
    /// The client's id at the provider.
    pub client_id: String,
    /// How the client authenticates.
    pub auth: Credential,
    /// The scopes that are asked for, including `openid`.
    pub scopes: Vec<String>,
    /// Additional parameters of the authorization address.
    pub auth_params: BTreeMap<String, String>,
    /// Whether a provider may name another issuer than `issuer`.
    pub skips_issuer_checks: bool,
    /// Where claims come from besides the ID token.
    pub claims: ClaimSource,
}

/// Where claims come from besides the ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimSource {
    /// The user-info endpoint; its claims take precedence over the ID token's.
    UserInfo,
    /// The access token; the ID token's claims take precedence.
    AccessToken,
    /// Nowhere.
    None,
}

/// A provider. Its description is fetched when it is first needed, so that the server can start while the provider is
/// unavailable.
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct Oidc {
    settings: OidcSettings,
    http: Http,
    description: OnceCell<Description>,
    keys: RwLock<Option<Arc<JwkSet>>>,
}

/// A provider's description of itself.
#[derive(Clone, Debug, Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    userinfo_endpoint: Option<Url>,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// The values for the start of a sign-in. State, nonce and verifier are random.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct Start<'a> {
    /// The address that the browser comes back to.
    pub redirect_uri: &'a str,
    /// The state, which comes back with the browser.
    pub state: &'a str,
    /// The nonce, which comes back in the ID token.
    pub nonce: &'a str,
    /// The secret of the PKCE challenge.
    pub verifier: &'a str,
}

/// The values for the end of a sign-in.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct Arrival<'a> {
    /// The code, which is traded for tokens.
    pub code: &'a str,
    /// The redirect address of the start.
    pub redirect_uri: &'a str,
    /// The secret of the PKCE challenge, if one was sent.
    pub verifier: Option<&'a str>,
    /// The nonce that the ID token must contain.
    pub nonce: &'a str,
    /// The current time.
    pub now: Timestamp,
}

/// The person who signed in.
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct OidcIdentity {
    /// The issuer.
    pub issuer: String,
    /// The subject: the account's id at the issuer, which never changes.
    pub subject: String,
    /// All claims about the person.
    pub claims: Map<String, Value>,
    /// The provider's tokens.
    pub tokens: Tokens,
}

/// Why a sign-in failed.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider's description or keys are not available.
    #[error("the provider is not available: {0}")]
    Provider(String),
    /// The code was not traded for tokens.
    #[error(transparent)]
    Exchange(#[from] TokenError),
    /// There is no ID token among the tokens.
    #[error("there is no ID token")]
    NoIdToken,
    /// The ID token is not valid.
    #[error("{0}")]
    Unverified(String),
    /// The ID token has no subject.
    #[error("there is no subject")]
    NoSubject,
    /// The user-info endpoint is not available, or names another subject.
    #[error("{0}")]
    UserInfo(String),
}

impl From<Unverified> for OidcError {
    fn from(reason: Unverified) -> Self {
        Self::Unverified(reason.to_string())
    }
}

impl Oidc {
    /// A provider with these settings. Sends no request.
    pub fn new(settings: OidcSettings, http: Http) -> Self {
        Self { settings, http, description: OnceCell::new(), keys: RwLock::new(None) }
    }

    /// Whether the provider announces PKCE with `S256`.
    ///
    /// # Errors
    /// When the provider's description is not available.
    pub async fn takes_pkce(&self) -> Result<bool, OidcError> {
        Ok(self.description().await?.code_challenge_methods_supported.iter().any(|method| method == "S256"))
    }

    /// The address that a browser is sent to for signing in.
    ///
    /// # Errors
    /// When the provider's description is not available.
    pub async fn start(&self, start: Start<'_>) -> Result<Url, OidcError> {
        let mut url = self.description().await?.authorization_endpoint.clone();
        let challenge = if self.takes_pkce().await? { Some(pkce::challenge(start.verifier)) } else { None };
        let scope = self.settings.scopes.join(" ");
        let mut query: BTreeMap<&str, &str> =
            self.settings.auth_params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        query.extend([
            ("client_id", self.settings.client_id.as_str()),
            ("redirect_uri", start.redirect_uri),
            ("response_type", "code"),
            ("scope", &scope),
            ("state", start.state),
            ("nonce", start.nonce),
        ]);
        if let Some(challenge) = &challenge {
            query.extend([("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]);
        }
        url.query_pairs_mut().extend_pairs(query);
        Ok(url)
    }

    /// Completes a sign-in.
    ///
    /// # Errors
    /// Why the sign-in failed.
    pub async fn finish(&self, arrival: Arrival<'_>) -> Result<OidcIdentity, OidcError> {
        let mut grant =
            vec![("grant_type", "authorization_code"), ("code", arrival.code), ("redirect_uri", arrival.redirect_uri)];
        grant.extend(arrival.verifier.map(|verifier| ("code_verifier", verifier)));
        let moment = Moment { now: arrival.now, nonce: arrival.nonce };
        let tokens = self.endpoint().await?.ask(&grant, moment).await?;
        let id_token = tokens.id_token.as_ref().ok_or(OidcError::NoIdToken)?;
        let expected = self.expected(arrival.now, Some(arrival.nonce)).await?;
        let mut claims = self.verified(id_token, &expected).await?;
        let subject = match claims.get("sub").and_then(Value::as_str) {
            Some(subject) if !subject.is_empty() => subject.to_owned(),
            _ => return Err(OidcError::NoSubject),
        };
        // It says nothing about the person, and must not be stored with the claims: it is also in a cookie.
        claims.remove("nonce");
        // If issuers are not checked, the token's own issuer counts, so that subjects of different issuers stay apart.
        let issuer = claims.get("iss").and_then(Value::as_str).unwrap_or_default().to_owned();
        match self.settings.claims {
            ClaimSource::UserInfo => claims.extend(self.user_info(&tokens, &subject).await?),
            ClaimSource::AccessToken => {
                let below = Expected { audience: None, nonce: None, ..expected };
                let mut all = self.verified(&tokens.access, &below).await?;
                all.extend(claims);
                claims = all;
            }
            ClaimSource::None => {}
        }
        Ok(OidcIdentity { issuer, subject, claims, tokens })
    }

    /// Trades a refresh token for new tokens.
    ///
    /// # Errors
    /// When the provider gives none.
    pub async fn refresh(&self, token: &SecretText, now: Timestamp, nonce: &str) -> Result<Tokens, OidcError> {
        let grant = [("grant_type", "refresh_token"), ("refresh_token", token.reveal())];
        Ok(self.endpoint().await?.ask(&grant, Moment { now, nonce }).await?)
    }

    /// Whether an issuer that is named in an answer (RFC 9207) is the provider's.
    ///
    /// # Errors
    /// When the provider's description is not available.
    pub async fn is_issuer(&self, named: &str) -> Result<bool, OidcError> {
        Ok(self.settings.skips_issuer_checks || self.description().await?.issuer == named)
    }

    async fn description(&self) -> Result<&Description, OidcError> {
        self.description.get_or_try_init(|| self.describe()).await
    }

    async fn describe(&self) -> Result<Description, OidcError> {
        let issuer = &self.settings.issuer;
        let unusable = |reason: &dyn std::fmt::Display| OidcError::Provider(format!("{issuer}: {reason}"));
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let url = url.parse().map_err(|error| unusable(&error))?;
        let answer = self.http.get(url, None).await.map_err(|error| unusable(&error))?;
        let description: Description = serde_json::from_value(answer).map_err(|error| unusable(&error))?;
        if description.issuer != *issuer && !self.settings.skips_issuer_checks {
            return Err(unusable(&format!("it names the issuer {}", description.issuer)));
        }
        Ok(description)
    }

    async fn endpoint(&self) -> Result<TokenEndpoint<'_>, OidcError> {
        let description = self.description().await?;
        let takes = |method: &str| {
            let supported = &description.token_endpoint_auth_methods_supported;
            supported.iter().any(|supported| supported == method)
        };
        Ok(TokenEndpoint {
            http: &self.http,
            url: &description.token_endpoint,
            client_id: &self.settings.client_id,
            auth: self.settings.auth.current(),
            takes_form: takes("client_secret_post") && !takes("client_secret_basic"),
        })
    }

    async fn expected<'a>(&'a self, now: Timestamp, nonce: Option<&'a str>) -> Result<Expected<'a>, OidcError> {
        let issuer = &self.description().await?.issuer;
        let issuer = (!self.settings.skips_issuer_checks).then_some(issuer.as_str());
        Ok(Expected { issuer, audience: Some(&self.settings.client_id), nonce, now })
    }

    /// The claims of a token. If no key fits, the keys are fetched anew: the provider may have changed them.
    async fn verified(&self, token: &SecretText, expected: &Expected<'_>) -> Result<Map<String, Value>, OidcError> {
        let known = self.keys.read().await.clone();
        let keys = match known {
            Some(keys) => keys,
            None => self.fetch_keys().await?,
        };
        match verify::claims(token, &keys, expected) {
            Err(Unverified::UnknownKey) => Ok(verify::claims(token, &*self.fetch_keys().await?, expected)?),
            verified => Ok(verified?),
        }
    }

    async fn fetch_keys(&self) -> Result<Arc<JwkSet>, OidcError> {
        let unusable = |reason: &dyn std::fmt::Display| OidcError::Provider(format!("its keys: {reason}"));
        let url = self.description().await?.jwks_uri.clone();
        let mut answer = self.http.get(url, None).await.map_err(|error| unusable(&error))?;
        // Keys of unknown kinds are left out, so that the others can be used.
        if let Some(keys) = answer.get_mut("keys").and_then(Value::as_array_mut) {
            keys.retain(|key| serde_json::from_value::<jsonwebtoken::jwk::Jwk>(key.clone()).is_ok());
        }
        let keys: Arc<JwkSet> = Arc::new(serde_json::from_value(answer).map_err(|error| unusable(&error))?);
        *self.keys.write().await = Some(Arc::clone(&keys));
        Ok(keys)
    }

    /// The claims of the user-info endpoint; none if there is no endpoint. They must have the same subject (`OpenID`
    /// Connect Core 1.0, section 5.3.2).
    async fn user_info(&self, tokens: &Tokens, subject: &str) -> Result<Map<String, Value>, OidcError> {
        let Some(url) = self.description().await?.userinfo_endpoint.clone() else { return Ok(Map::new()) };
        let answer = self.http.get(url, Some(&tokens.access)).await;
        let answer = answer.map_err(|error: HttpError| OidcError::UserInfo(error.to_string()))?;
        match answer {
            Value::Object(claims) if claims.get("sub").and_then(Value::as_str) == Some(subject) => Ok(claims),
            _ => Err(OidcError::UserInfo("it names another subject".to_owned())),
        }
    }
}
