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
    token::{ClientAuth, Moment, TokenEndpoint, TokenError, Tokens},
};

/// A provider as an operator sets it up.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct OidcSettings {
    /// Who the provider says that it is; its description is below this address.
    pub issuer: String,
    /// Who it knows this client as.
    pub client_id: String,
    /// How the client proves that.
    pub auth: ClientAuth,
    /// What is asked for, with `openid`.
    pub scopes: Vec<String>,
    /// Further parameters of the address that people are sent to.
    pub auth_params: BTreeMap<String, String>,
    /// Believe a provider that says to be another issuer.
    pub skips_issuer_checks: bool,
    /// Where claims come from besides the ID token.
    pub claims: ClaimSource,
}

/// Where claims come from besides the ID token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimSource {
    /// The user-info endpoint, whose claims win.
    UserInfo,
    /// The access token, whose claims lose.
    AccessToken,
    /// Nowhere.
    None,
}

/// A provider. Its description is fetched when it is first needed, so that it may be away when a server starts.
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct Oidc {
    settings: OidcSettings,
    http: Http,
    description: OnceCell<Description>,
    keys: RwLock<Option<Arc<JwkSet>>>,
}

/// What a provider says of itself.
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

/// What somebody's way to the provider begins with. All of it is random.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct Start<'a> {
    /// Where they come back to.
    pub redirect_uri: &'a str,
    /// Comes back with them.
    pub state: &'a str,
    /// Comes back in the ID token.
    pub nonce: &'a str,
    /// The secret of the PKCE challenge.
    pub verifier: &'a str,
}

/// What somebody comes back with.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct Arrival<'a> {
    /// What is traded for tokens.
    pub code: &'a str,
    /// Where they were told to come back to.
    pub redirect_uri: &'a str,
    /// The secret of the PKCE challenge, if there was one.
    pub verifier: Option<&'a str>,
    /// What the ID token must hold.
    pub nonce: &'a str,
    /// The current time.
    pub now: Timestamp,
}

/// Who signed in.
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct OidcIdentity {
    /// Who says so.
    pub issuer: String,
    /// Who it is there, for ever.
    pub subject: String,
    /// All that is said about them.
    pub claims: Map<String, Value>,
    /// With what the provider can be asked further.
    pub tokens: Tokens,
}

/// Why it is not known who signed in.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider's description or keys cannot be had.
    #[error("the provider cannot be asked: {0}")]
    Provider(String),
    /// The code was not traded for tokens.
    #[error(transparent)]
    Exchange(#[from] TokenError),
    /// There is no ID token among the tokens.
    #[error("there is no ID token")]
    NoIdToken,
    /// The ID token is not to be believed.
    #[error("{0}")]
    Unverified(String),
    /// The ID token does not say who it is.
    #[error("there is no subject")]
    NoSubject,
    /// The user-info endpoint cannot be asked, or speaks of somebody else.
    #[error("{0}")]
    UserInfo(String),
}

impl From<Unverified> for OidcError {
    fn from(reason: Unverified) -> Self {
        Self::Unverified(reason.to_string())
    }
}

impl Oidc {
    /// A provider. Nothing is asked yet.
    pub fn new(settings: OidcSettings, http: Http) -> Self {
        Self { settings, http, description: OnceCell::new(), keys: RwLock::new(None) }
    }

    /// Whether the provider takes a PKCE challenge.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn takes_pkce(&self) -> Result<bool, OidcError> {
        Ok(self.description().await?.code_challenge_methods_supported.iter().any(|method| method == "S256"))
    }

    /// Where somebody is sent who wants to sign in.
    ///
    /// # Errors
    /// When the provider cannot be asked.
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

    /// Who came back from the provider.
    ///
    /// # Errors
    /// Why that is not known.
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
        // It says nothing of the person, and whoever keeps claims would keep what was in a cookie.
        claims.remove("nonce");
        // Where issuers are not checked, it is the token's: those of others must not be mixed up.
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

    /// Fresh tokens for a refresh token.
    ///
    /// # Errors
    /// When the provider gives none.
    pub async fn refresh(&self, token: &SecretText, now: Timestamp, nonce: &str) -> Result<Tokens, OidcError> {
        let grant = [("grant_type", "refresh_token"), ("refresh_token", token.reveal())];
        Ok(self.endpoint().await?.ask(&grant, Moment { now, nonce }).await?)
    }

    /// Whether an answer that names its issuer (RFC 9207) is the provider's.
    ///
    /// # Errors
    /// When the provider cannot be asked.
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
            return Err(unusable(&format!("it says to be {}", description.issuer)));
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
            auth: &self.settings.auth,
            takes_form: takes("client_secret_post") && !takes("client_secret_basic"),
        })
    }

    async fn expected<'a>(&'a self, now: Timestamp, nonce: Option<&'a str>) -> Result<Expected<'a>, OidcError> {
        let issuer = &self.description().await?.issuer;
        let issuer = (!self.settings.skips_issuer_checks).then_some(issuer.as_str());
        Ok(Expected { issuer, audience: Some(&self.settings.client_id), nonce, now })
    }

    /// The claims of a token. A key that is not known may be one that the provider has begun to use since.
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
        // Keys of kinds that are not known do not spoil the others.
        if let Some(keys) = answer.get_mut("keys").and_then(Value::as_array_mut) {
            keys.retain(|key| serde_json::from_value::<jsonwebtoken::jwk::Jwk>(key.clone()).is_ok());
        }
        let keys: Arc<JwkSet> = Arc::new(serde_json::from_value(answer).map_err(|error| unusable(&error))?);
        *self.keys.write().await = Some(Arc::clone(&keys));
        Ok(keys)
    }

    /// What the user-info endpoint says; nothing where there is none. It must speak of the same person (`OpenID`
    /// Connect Core 1.0, section 5.3.2).
    async fn user_info(&self, tokens: &Tokens, subject: &str) -> Result<Map<String, Value>, OidcError> {
        let Some(url) = self.description().await?.userinfo_endpoint.clone() else { return Ok(Map::new()) };
        let answer = self.http.get(url, Some(&tokens.access)).await;
        let answer = answer.map_err(|error: HttpError| OidcError::UserInfo(error.to_string()))?;
        match answer {
            Value::Object(claims) if claims.get("sub").and_then(Value::as_str) == Some(subject) => Ok(claims),
            _ => Err(OidcError::UserInfo("it speaks of somebody else".to_owned())),
        }
    }
}
