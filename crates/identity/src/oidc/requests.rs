//! What a provider is asked: for its description, its keys, tokens, and about a user.
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;
use keyfob_api::secret::SecretText;
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::{
    Oidc, OidcError,
    claims::kind,
    keys::ProviderKeys,
    verify::{self, Expected, TokenKind},
};
use crate::{
    http::Document,
    token::{ClientAuth, Moment, SecretPlace, TokenEndpoint, TokenError, Tokens},
};

/// A provider's description of itself.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Description {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    userinfo_endpoint: Option<Url>,
    #[serde(default)]
    pub(super) code_challenge_methods_supported: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

impl Description {
    /// Where a secret goes, as the provider says; without a word, into the header (`OpenID` Connect Discovery 1.0,
    /// section 3).
    fn secret_place(&self) -> SecretPlace {
        let takes = |method: &str| self.token_endpoint_auth_methods_supported.iter().any(|taken| taken == method);
        if takes("client_secret_post") && !takes("client_secret_basic") {
            SecretPlace::Form
        } else {
            SecretPlace::Header
        }
    }
}

impl Oidc {
    pub(super) async fn description(&self) -> Result<&Description, OidcError> {
        self.description.get_or_try_init(|| self.describe()).await
    }

    async fn describe(&self) -> Result<Description, OidcError> {
        let issuer = &self.settings.issuer;
        let unusable = |reason: &dyn std::fmt::Display| OidcError::Provider(format!("{issuer}: {reason}"));
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let url = url.parse().map_err(|error| unusable(&error))?;
        let answer = self.http.get(url, None).await;
        let answer = answer.map_err(|cause| OidcError::Unavailable { what: issuer.clone(), cause })?;
        let description: Description = serde_json::from_value(answer).map_err(|error| unusable(&error))?;
        if description.issuer != *issuer && !self.settings.skips_issuer_checks {
            return Err(unusable(&format!("it names the issuer {}", description.issuer)));
        }
        Ok(description)
    }

    /// Trades a grant for tokens. A provider may list one place for a client's secret and take it in the other only:
    /// where it refuses the client, the other is tried. No provider uses up a grant of a client that it refuses.
    pub(super) async fn trade(&self, grant: &[(&str, &str)], moment: Moment<'_>) -> Result<Tokens, OidcError> {
        let description = self.description().await?;
        let place = self.known_place().unwrap_or_else(|| description.secret_place());
        let traded = self.endpoint(description, place).ask(grant, moment).await;
        let is_refused =
            |traded: &Result<Tokens, TokenError>| traded.as_ref().err().is_some_and(TokenError::is_about_the_client);
        if !is_refused(&traded) || !matches!(*self.settings.auth.current(), ClientAuth::Secret(_)) {
            return Ok(traded?);
        }
        let again = self.endpoint(description, place.other()).ask(grant, moment).await;
        if is_refused(&again) {
            return Ok(traded?);
        }
        *self.secret_place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place.other());
        Ok(again?)
    }

    fn known_place(&self) -> Option<SecretPlace> {
        *self.secret_place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn endpoint<'a>(&'a self, description: &'a Description, secret_place: SecretPlace) -> TokenEndpoint<'a> {
        TokenEndpoint {
            http: &self.http,
            url: &description.token_endpoint,
            client_id: &self.settings.client_id,
            auth: self.settings.auth.current(),
            secret_place,
        }
    }

    /// What tokens of this kind must contain.
    pub(super) async fn expected(&self, kind: TokenKind, now: Timestamp) -> Result<Expected<'_>, OidcError> {
        let issuer = &self.description().await?.issuer;
        let issuer = (!self.settings.skips_issuer_checks).then_some(issuer.as_str());
        Ok(Expected { kind, issuer, client: &self.settings.client_id, nonce: None, now })
    }

    /// The claims of a token. If no key fits, the keys are fetched anew: the provider may have changed them.
    pub(super) async fn verified(
        &self,
        token: &SecretText,
        expected: &Expected<'_>,
    ) -> Result<Map<String, Value>, OidcError> {
        let known = self.keys.read().await.clone();
        let keys = match known {
            Some(keys) => keys,
            None => self.fetch_keys().await?,
        };
        match verify::claims(token, &keys, expected) {
            Err(error) if error.is_about_keys() => Ok(verify::claims(token, &*self.fetch_keys().await?, expected)?),
            verified => Ok(verified?),
        }
    }

    async fn fetch_keys(&self) -> Result<Arc<ProviderKeys>, OidcError> {
        let what = || "its keys".to_owned();
        let url = self.description().await?.jwks_uri.clone();
        let answer = self.http.get(url, None).await;
        let answer = answer.map_err(|cause| OidcError::Unavailable { what: what(), cause })?;
        let keys = ProviderKeys::read(answer);
        let keys = Arc::new(keys.map_err(|error| OidcError::Provider(format!("{}: {error}", what())))?);
        *self.keys.write().await = Some(Arc::clone(&keys));
        Ok(keys)
    }

    /// The claims of the user-info endpoint, which may be signed; none if there is no endpoint. They must have the same
    /// subject (`OpenID` Connect Core 1.0, section 5.3.2).
    pub(super) async fn user_info(
        &self,
        tokens: &Tokens,
        subject: &str,
        now: Timestamp,
    ) -> Result<Map<String, Value>, OidcError> {
        let Some(url) = self.description().await?.userinfo_endpoint.clone() else { return Ok(Map::new()) };
        let answer = self.http.get_signed(url, &tokens.access).await.map_err(OidcError::NoUserInfo)?;
        let claims = match answer {
            Document::Json(Value::Object(claims)) => claims,
            Document::Json(other) => return Err(OidcError::UserInfo(format!("it is {}, not an object", kind(&other)))),
            Document::Jwt(token) => {
                let expected = self.expected(TokenKind::UserInfo, now).await?;
                let mut claims = self.verified(&token, &expected).await.map_err(|error| match error {
                    OidcError::Unverified(reason) => OidcError::UserInfo(reason),
                    other => other,
                })?;
                // These are about the answer, and those of the ID token about the sign-in.
                claims.retain(|name, _| !["iss", "aud", "exp", "iat", "nbf", "jti"].contains(&name.as_str()));
                claims
            }
        };
        match claims.get("sub") {
            Some(Value::String(named)) if named == subject => Ok(claims),
            Some(Value::String(_)) => Err(OidcError::UserInfo("it names another subject".to_owned())),
            other => {
                let is = other.map_or("missing", kind);
                Err(OidcError::UserInfo(format!("its `sub` is {is}, not a text")))
            }
        }
    }
}
