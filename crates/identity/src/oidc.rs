//! An `OpenID` Connect provider (`OpenID` Connect Core 1.0 and Discovery 1.0).
mod claims;
mod keys;
mod profile;
mod requests;
mod verify;

pub use claims::ListClaim;
pub use profile::{Fields, Profile, ProfileError, profile};

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use keyfob_api::secret::SecretText;
use serde_json::{Map, Value};
use tokio::sync::{OnceCell, RwLock};
use url::Url;

use self::{
    keys::ProviderKeys,
    requests::Description,
    verify::{Expected, TokenKind, Unverified},
};
use crate::{
    http::{Http, HttpError},
    pkce,
    token::{Credential, Moment, SecretPlace, TokenError, Tokens},
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
    keys: RwLock<Option<Arc<ProviderKeys>>>,
    /// Where the provider took the client's secret, if it was not where it said.
    secret_place: Mutex<Option<SecretPlace>>,
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
    /// The provider cannot be asked for its description or its keys.
    #[error("{what}: {cause}")]
    Unavailable {
        /// Its issuer, or what it is asked for.
        what: String,
        /// Why there is no answer.
        cause: HttpError,
    },
    /// The provider's description or keys cannot be used.
    #[error("{0}")]
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
    /// The user-info endpoint gives no answer.
    #[error("the user-info endpoint: {0}")]
    NoUserInfo(HttpError),
    /// The answer of the user-info endpoint cannot be used: it names another subject, or is not signed as it should.
    #[error("{0}")]
    UserInfo(String),
}

impl OidcError {
    /// What anybody may read of the error. Why there is no connection is said in fixed words.
    pub fn summary(&self) -> String {
        match self {
            Self::Unavailable { cause, .. } | Self::NoUserInfo(cause) => cause.summary(),
            Self::Exchange(error) => error.summary(),
            Self::Provider(_) | Self::NoIdToken | Self::Unverified(_) | Self::NoSubject | Self::UserInfo(_) => {
                self.to_string()
            }
        }
    }
}

impl From<Unverified> for OidcError {
    fn from(reason: Unverified) -> Self {
        Self::Unverified(reason.to_string())
    }
}

/// What an ID token must say to be believed.
#[derive(Clone, Copy, Debug)]
pub struct IdTokenTerms<'a> {
    /// Who issued it.
    pub issuer: &'a str,
    /// The client that it is meant for.
    pub client_id: &'a str,
    /// The nonce that was sent.
    pub nonce: &'a str,
    /// The present time.
    pub now: Timestamp,
}

/// The claims of an ID token, if a key of the provider's document signed it (RFC 7517) and it says what it must
/// (`OpenID` Connect Core 1.0, section 3.1.3.7).
///
/// # Errors
/// Why it is not believed, without any part of the token.
pub fn id_token_claims(
    keys: Value,
    token: &SecretText,
    terms: IdTokenTerms<'_>,
) -> Result<Map<String, Value>, OidcError> {
    let keys = ProviderKeys::read(keys).map_err(|error| OidcError::Provider(error.to_string()))?;
    let IdTokenTerms { issuer, client_id, nonce, now } = terms;
    let expected = Expected { kind: TokenKind::Id, issuer: Some(issuer), client: client_id, nonce: Some(nonce), now };
    Ok(verify::claims(token, &keys, &expected)?)
}

impl Oidc {
    /// A provider with these settings. Sends no request.
    pub fn new(settings: OidcSettings, http: Http) -> Self {
        let (description, keys, secret_place) = (OnceCell::new(), RwLock::new(None), Mutex::new(None));
        Self { settings, http, description, keys, secret_place }
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
        let tokens = self.trade(&grant, moment).await?;
        let id_token = tokens.id_token.as_ref().ok_or(OidcError::NoIdToken)?;
        let expected = self.expected(TokenKind::Id, arrival.now).await?;
        let expected = Expected { nonce: Some(arrival.nonce), ..expected };
        let mut claims = self.verified(id_token, &expected).await?;
        let subject = subject_of(&claims)?;
        // It says nothing about the person, and must not be stored with the claims: it is also in a cookie.
        claims.remove("nonce");
        // If issuers are not checked, the token's own issuer counts, so that subjects of different issuers stay apart.
        let issuer = claims.get("iss").and_then(Value::as_str).unwrap_or_default().to_owned();
        match self.settings.claims {
            ClaimSource::UserInfo => claims.extend(self.user_info(&tokens, &subject, arrival.now).await?),
            ClaimSource::AccessToken => {
                let below = self.expected(TokenKind::Access, arrival.now).await?;
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
        self.trade(&grant, Moment { now, nonce }).await
    }

    /// Whether an issuer that is named in an answer (RFC 9207) is the provider's.
    ///
    /// # Errors
    /// When the provider's description is not available.
    pub async fn is_issuer(&self, named: &str) -> Result<bool, OidcError> {
        Ok(self.settings.skips_issuer_checks || self.description().await?.issuer == named)
    }

    /// The address that is the base of others which the provider names without a host.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }
}

fn subject_of(claims: &Map<String, Value>) -> Result<String, OidcError> {
    match claims.get("sub") {
        Some(Value::String(subject)) if !subject.is_empty() => Ok(subject.clone()),
        None | Some(Value::Null | Value::String(_)) => Err(OidcError::NoSubject),
        // Some providers take numbers for texts, but 1 and 1.0 must not become two accounts, or "1" and 1 one.
        Some(other) => Err(Unverified::wrong_type("sub", other, "a text").into()),
    }
}
