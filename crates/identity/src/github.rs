//! GitHub as a provider: its web flow, its device flow, and the accounts of its API.
use jiff::Timestamp;
use keyfob_api::secret::SecretText;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    http::{Http, HttpError},
    person, pkce,
    token::{Credential, Moment, SecretPlace, TokenEndpoint, TokenError, Tokens},
};

/// The scopes that are asked for.
const SCOPES: &str = "read:user read:org user:email";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The settings for GitHub, or for a GitHub Enterprise Server.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct GithubSettings {
    /// The client's id at GitHub.
    pub client_id: String,
    /// How the client authenticates: with a secret.
    pub auth: Credential,
    /// The address of a GitHub Enterprise Server; none means github.com.
    pub enterprise: Option<Url>,
}

/// GitHub as a provider.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct Github {
    client_id: String,
    auth: Credential,
    http: Http,
    authorize: Url,
    token: Url,
    device: Url,
    web: String,
    api: String,
}

/// An account at GitHub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GithubAccount {
    /// The account's id; it never changes.
    pub id: u64,
    /// The login name.
    pub login: String,
    /// The person's name; may be empty.
    pub name: String,
    /// The address of a picture; may be empty.
    pub avatar_url: String,
    /// The primary e-mail address, if it is verified.
    pub email: Option<String>,
}

/// The codes for a device (RFC 8628, section 3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCode {
    /// The code with which the device asks for tokens.
    pub device_code: String,
    /// The code that the person types.
    pub user_code: String,
    /// The address of the page for it.
    pub verification_uri: String,
    /// How long both codes are valid, in seconds.
    pub expires_in: u64,
    /// How long to wait between two requests, in seconds.
    pub interval: u64,
}

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    name: Option<String>,
    #[serde(default)]
    avatar_url: String,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

#[derive(Deserialize)]
struct Membership {
    state: String,
    organization: Option<Organization>,
}

#[derive(Deserialize)]
struct Organization {
    login: String,
}

impl Github {
    /// GitHub with these settings.
    ///
    /// # Errors
    /// When the enterprise's address cannot be the base of other addresses.
    pub fn new(settings: GithubSettings, http: Http) -> Result<Self, url::ParseError> {
        let (web, api) = match &settings.enterprise {
            Some(base) => {
                let base = base.as_str().trim_end_matches('/');
                (base.to_owned(), format!("{base}/api/v3"))
            }
            None => ("https://github.com".to_owned(), "https://api.github.com".to_owned()),
        };
        Ok(Self {
            authorize: format!("{web}/login/oauth/authorize").parse()?,
            token: format!("{web}/login/oauth/access_token").parse()?,
            device: format!("{web}/login/device/code").parse()?,
            client_id: settings.client_id,
            auth: settings.auth,
            http,
            web,
            api,
        })
    }

    /// The address that a browser is sent to for signing in.
    pub fn start(&self, redirect_uri: &str, state: &str, verifier: &str) -> Url {
        let mut url = self.authorize.clone();
        url.query_pairs_mut().extend_pairs([
            ("access_type", "offline"),
            ("client_id", &self.client_id),
            ("code_challenge", &pkce::challenge(verifier)),
            ("code_challenge_method", "S256"),
            ("redirect_uri", redirect_uri),
            ("response_type", "code"),
            ("scope", SCOPES),
            ("state", state),
        ]);
        url
    }

    /// Trades a code for tokens.
    ///
    /// # Errors
    /// When GitHub gives none.
    pub async fn exchange(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
        now: Timestamp,
    ) -> Result<Tokens, TokenError> {
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ];
        self.endpoint().ask(&grant, Moment { now, nonce: "" }).await
    }

    /// Trades a device's code for tokens, once the person has approved it.
    ///
    /// # Errors
    /// `authorization_pending` until it is approved.
    pub async fn exchange_device(&self, code: &str, now: Timestamp) -> Result<Tokens, TokenError> {
        let grant = [("grant_type", DEVICE_GRANT), ("device_code", code)];
        self.endpoint().ask(&grant, Moment { now, nonce: "" }).await
    }

    /// Trades a refresh token for new tokens.
    ///
    /// # Errors
    /// When GitHub gives none.
    pub async fn refresh(&self, token: &SecretText, now: Timestamp) -> Result<Tokens, TokenError> {
        let grant = [("grant_type", "refresh_token"), ("refresh_token", token.reveal())];
        self.endpoint().ask(&grant, Moment { now, nonce: "" }).await
    }

    /// New codes for a device.
    ///
    /// # Errors
    /// When GitHub gives none.
    pub async fn start_device(&self) -> Result<DeviceCode, HttpError> {
        let form = {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("client_id", &self.client_id).append_pair("scope", SCOPES).finish()
        };
        let (status, answer) = self.http.post(self.device.clone(), form, None).await?;
        if !status.is_success() {
            return Err(HttpError::Refused(status));
        }
        serde_json::from_value(answer).map_err(|error| HttpError::Unreadable(error.to_string()))
    }

    /// The account that these tokens belong to.
    ///
    /// # Errors
    /// When GitHub does not answer that.
    pub async fn account(&self, tokens: &Tokens) -> Result<GithubAccount, HttpError> {
        let user: User = self.ask("/user", tokens).await?;
        let emails: Vec<Address> = self.ask("/user/emails", tokens).await?;
        let first = emails.into_iter().find(|email| email.primary && email.verified);
        Ok(GithubAccount {
            id: user.id,
            login: user.login,
            name: person::name(&user.name.unwrap_or_default()),
            avatar_url: person::picture(&user.avatar_url, &self.web),
            email: first.map(|email| email.email),
        })
    }

    /// The names of the organizations that the account is an active member of.
    ///
    /// # Errors
    /// When GitHub does not answer that.
    pub async fn organizations(&self, tokens: &Tokens) -> Result<Vec<String>, HttpError> {
        const PAGE: usize = 100;
        let mut found = Vec::new();
        for page in 1.. {
            let path = format!("/user/memberships/orgs?state=active&per_page={PAGE}&page={page}");
            let memberships: Vec<Membership> = self.ask(&path, tokens).await?;
            let is_last = memberships.len() < PAGE;
            let active = memberships.into_iter().filter(|membership| membership.state == "active");
            found.extend(active.filter_map(|membership| membership.organization).map(|of| of.login));
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// Whether the account is an active member of an organization's team.
    ///
    /// # Errors
    /// When GitHub does not answer that.
    pub async fn is_in_team(
        &self,
        tokens: &Tokens,
        organization: &str,
        team: &str,
        login: &str,
    ) -> Result<bool, HttpError> {
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let path = format!("/orgs/{}/teams/{}/memberships/{}", encode(organization), encode(team), encode(login));
        match self.ask::<Membership>(&path, tokens).await {
            Ok(membership) => Ok(membership.state == "active"),
            // The account is no member, or may not see the team, which comes to the same.
            Err(HttpError::Refused(StatusCode::NOT_FOUND)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, path: &str, tokens: &Tokens) -> Result<T, HttpError> {
        let unreadable = |error: &dyn std::fmt::Display| HttpError::Unreadable(error.to_string());
        let url = format!("{}{path}", self.api).parse().map_err(|error| unreadable(&error))?;
        let answer = self.http.get(url, Some(&tokens.access)).await?;
        serde_json::from_value(answer).map_err(|error| unreadable(&error))
    }

    fn endpoint(&self) -> TokenEndpoint<'_> {
        TokenEndpoint {
            http: &self.http,
            url: &self.token,
            client_id: &self.client_id,
            auth: self.auth.current(),
            secret_place: SecretPlace::Form,
        }
    }
}
