//! A server with the endpoints of GitHub that sign-in uses.
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::service::{back, fields, serve};

/// A server on this host.
#[derive(Clone, Debug)]
pub struct Github {
    /// Its base URL.
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

/// An account.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The id, which never changes.
    pub id: u64,
    /// The username.
    pub login: String,
    /// The full name.
    pub name: Option<String>,
    /// The address of a picture, if it is another one than usual.
    pub avatar_url: Option<String>,
    /// The addresses: whether each is the primary one, and whether it is verified.
    pub emails: Vec<(String, bool, bool)>,
    /// The organizations, and whether the membership in each is active.
    pub organizations: Vec<(String, bool)>,
    /// The teams: `<organization>/<team>`.
    pub teams: Vec<String>,
}

#[derive(Debug, Default)]
struct Inner {
    account: Account,
    codes: HashMap<String, (String, String)>,
    next: u64,
    /// The code on a device, and whether the user has entered it.
    device: Option<(String, bool)>,
    expires_in: Option<u64>,
    withholds_refresh: bool,
    refresh_token: Option<String>,
    refuses_refresh: bool,
}

/// The client id that this server accepts.
const CLIENT: (&str, &str) = ("gh-client", "gh-secret");

impl Github {
    /// Starts a server.
    pub fn start() -> Self {
        let inner = Arc::<Mutex<Inner>>::default();
        let router = Router::new()
            .route("/login/oauth/access_token", post(token))
            .route("/login/device/code", post(device))
            .route("/api/v3/user", get(user))
            .route("/api/v3/user/emails", get(emails))
            .route("/api/v3/user/memberships/orgs", get(organizations))
            .route("/api/v3/orgs/{organization}/teams/{team}/memberships/{login}", get(team))
            .with_state(Arc::clone(&inner));
        Self { url: format!("http://{}", serve(router)), inner }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Makes this account the one that signs in.
    pub fn sign_in_as(&self, account: Account) {
        self.inner().account = account;
    }

    /// Gives access tokens this lifetime, and refresh tokens with them.
    pub fn expire_in(&self, seconds: u64) {
        self.inner().expires_in = Some(seconds);
    }

    /// Issues no more refresh tokens.
    pub fn withhold_refresh(&self) {
        self.inner().withholds_refresh = true;
    }

    /// Sets whether refresh tokens are refused.
    pub fn refuse_refresh(&self, refuses: bool) {
        self.inner().refuses_refresh = refuses;
    }

    /// Enters the code that the device shows.
    pub fn enter_code(&self) {
        self.inner().device.as_mut().unwrap().1 = true;
    }

    /// Follows a redirect to this address and consents. Returns the URL of the redirect back.
    pub fn agree(&self, address: &str) -> String {
        let (place, query) = address.split_once('?').unwrap();
        assert_eq!(place, format!("{}/login/oauth/authorize", self.url));
        let asked = fields(query);
        assert_eq!(asked["client_id"], CLIENT.0);
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut inner = self.inner();
        inner.next += 1;
        let code = format!("code-{}", inner.next);
        let redirect_uri = asked["redirect_uri"].clone();
        inner.codes.insert(code.clone(), (redirect_uri.clone(), asked["code_challenge"].clone()));
        back(&redirect_uri, &code, &asked["state"])
    }
}

type Shared = State<Arc<Mutex<Inner>>>;

/// An error with a status of success, like GitHub's.
async fn token(State(inner): Shared, body: String) -> Json<Value> {
    let refused = |code: &str| Json(json!({"error": code, "error_description": "no"}));
    let form = fields(&body);
    if form["client_id"] != CLIENT.0 || form["client_secret"] != CLIENT.1 {
        return refused("incorrect_client_credentials");
    }
    let mut inner = inner.lock().unwrap();
    match form["grant_type"].as_str() {
        "authorization_code" => {
            let Some((redirect_uri, challenge)) = inner.codes.remove(&form["code"]) else {
                return refused("bad_verification_code");
            };
            let sent = URL_SAFE_NO_PAD.encode(Sha256::digest(&form["code_verifier"]));
            if redirect_uri != form["redirect_uri"] || challenge != sent {
                return refused("bad_verification_code");
            }
        }
        "refresh_token" => {
            let is_right = inner.refresh_token.as_ref() == Some(&form["refresh_token"]);
            if inner.refuses_refresh || !is_right {
                return refused("bad_refresh_token");
            }
        }
        "urn:ietf:params:oauth:grant-type:device_code" => match &inner.device {
            Some((code, is_typed)) if *code == form["device_code"] => {
                if !is_typed {
                    return refused("authorization_pending");
                }
                inner.device = None;
            }
            _ => return refused("incorrect_device_code"),
        },
        _ => return refused("unsupported_grant_type"),
    }
    inner.next += 1;
    let mut tokens = json!({"access_token": format!("access-{}", inner.next), "token_type": "bearer"});
    if let Some(seconds) = inner.expires_in {
        tokens["expires_in"] = json!(seconds);
    }
    if inner.expires_in.is_some() && !inner.withholds_refresh {
        let refresh = format!("refresh-{}", inner.next);
        tokens["refresh_token"] = json!(refresh);
        inner.refresh_token = Some(refresh);
    }
    Json(tokens)
}

async fn device(State(inner): Shared) -> Json<Value> {
    let mut inner = inner.lock().unwrap();
    inner.next += 1;
    let code = format!("device-{}", inner.next);
    inner.device = Some((code.clone(), false));
    Json(json!({
        "device_code": code, "user_code": "WDJB-MJHT", "verification_uri": "https://github.com/login/device",
        "expires_in": 900, "interval": 5,
    }))
}

fn signed_in<'a>(inner: &'a MutexGuard<'_, Inner>, headers: &HeaderMap) -> Option<&'a Account> {
    let bearer = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    bearer.starts_with("Bearer access-").then_some(&inner.account)
}

fn answer(found: Option<Value>, missing: StatusCode) -> (StatusCode, Json<Value>) {
    match found {
        Some(value) => (StatusCode::OK, Json(value)),
        None => (missing, Json(json!({"message": "no"}))),
    }
}

async fn user(State(inner): Shared, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    let inner = inner.lock().unwrap();
    let shown = |account: &Account| {
        json!({
            "id": account.id, "login": account.login, "name": account.name,
            "avatar_url": account.avatar_url.clone().unwrap_or_else(|| format!("https://avatars.example/{}", account.id)),
        })
    };
    answer(signed_in(&inner, &headers).map(shown), StatusCode::UNAUTHORIZED)
}

async fn emails(State(inner): Shared, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    let inner = inner.lock().unwrap();
    let shown = |account: &Account| {
        let all = account.emails.iter();
        all.map(|(email, primary, verified)| json!({"email": email, "primary": primary, "verified": verified}))
            .collect()
    };
    answer(signed_in(&inner, &headers).map(shown), StatusCode::UNAUTHORIZED)
}

async fn organizations(State(inner): Shared, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    let inner = inner.lock().unwrap();
    let shown = |account: &Account| {
        let state = |is_active: &bool| if *is_active { "active" } else { "pending" };
        let all = account.organizations.iter();
        all.map(|(name, is_active)| json!({"state": state(is_active), "organization": {"login": name}})).collect()
    };
    answer(signed_in(&inner, &headers).map(shown), StatusCode::UNAUTHORIZED)
}

async fn team(
    State(inner): Shared,
    headers: HeaderMap,
    Path((organization, team, login)): Path<(String, String, String)>,
) -> (StatusCode, Json<Value>) {
    let inner = inner.lock().unwrap();
    let account = signed_in(&inner, &headers).filter(|account| account.login == login);
    let is_in = account.is_some_and(|account| account.teams.contains(&format!("{organization}/{team}")));
    answer(is_in.then(|| json!({"state": "active"})), StatusCode::NOT_FOUND)
}
