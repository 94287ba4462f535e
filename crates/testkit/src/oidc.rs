//! An `OpenID` Connect provider that is as strict as the standard, and sends faulty tokens on request.
use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    client::{self, CLIENT},
    service::{back, fields, serve},
};

/// How long to wait for a request. Only a missing request takes this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A provider on this host.
#[derive(Clone, Debug)]
pub struct OidcProvider {
    /// Its issuer, which is its base URL.
    pub issuer: String,
    inner: Arc<Mutex<Inner>>,
}

/// What is wrong with the next tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// They name another issuer.
    Issuer,
    /// They are for another client.
    Audience,
    /// They are for two clients, and were issued to the other.
    Party,
    /// They expired long ago.
    Expired,
    /// They hold another nonce.
    Nonce,
    /// They hold no nonce.
    NoNonce,
    /// They are signed by an unpublished key, under the id of a published one.
    Signature,
    /// They are not signed.
    NoSignature,
    /// They are signed with the client's secret.
    Symmetric,
    /// They have no subject.
    NoSubject,
    /// There is no ID token.
    NoIdToken,
    /// The user-info endpoint names another subject.
    UserInfo,
}

#[derive(Debug)]
struct Inner {
    issuer: String,
    /// The issuer that it claims to be, if it is another one.
    alias: Option<String>,
    /// Seconds since 1970.
    now: i64,
    person: Map<String, Value>,
    fault: Option<TokenFault>,
    key: u8,
    has_pkce: bool,
    codes: HashMap<String, Code>,
    next: u64,
    /// The lifetime of access tokens in seconds; `None` leaves it out.
    expires_in: Option<i64>,
    withholds_refresh: bool,
    refresh_tokens: Vec<String>,
    refuses_refresh: bool,
    user_info: Map<String, Value>,
    /// The claims of access tokens; `None` makes them opaque.
    access: Option<Map<String, Value>>,
    hold: Arc<Hold>,
    /// The assertions of its client that were used; `None` means that it accepts a secret instead.
    asserted: Option<Vec<String>>,
}

/// Holds back answers to renewals, whose old tokens are used up already, until it is dropped.
#[derive(Debug)]
pub struct Held(Arc<Hold>);

impl Held {
    /// Waits until a renewal is held back.
    pub fn wait_for_a_request(&self) {
        let state = self.0.state.lock().unwrap();
        let (_state, waited) = self.0.changed.wait_timeout_while(state, PATIENCE, |state| state.waiting == 0).unwrap();
        assert!(!waited.timed_out(), "no renewal came");
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.state.lock().unwrap().is_held = false;
        self.0.changed.notify_all();
    }
}

#[derive(Debug, Default)]
struct Hold {
    state: Mutex<HoldState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct HoldState {
    is_held: bool,
    waiting: usize,
}

impl Hold {
    fn wait(&self) {
        let mut state = self.state.lock().unwrap();
        state.waiting += 1;
        self.changed.notify_all();
        let mut state = self.changed.wait_while(state, |state| state.is_held).unwrap();
        state.waiting -= 1;
    }
}

#[derive(Clone, Debug)]
struct Code {
    redirect_uri: String,
    challenge: Option<String>,
    nonce: String,
}

impl OidcProvider {
    /// Starts a provider whose clock stands at this second.
    pub fn start(now: i64) -> Self {
        let inner = Inner {
            issuer: String::new(),
            alias: None,
            now,
            person: Map::new(),
            fault: None,
            key: 1,
            has_pkce: true,
            codes: HashMap::new(),
            next: 0,
            expires_in: None,
            withholds_refresh: false,
            refresh_tokens: Vec::new(),
            refuses_refresh: false,
            user_info: Map::new(),
            access: None,
            hold: Arc::default(),
            asserted: None,
        };
        let inner = Arc::new(Mutex::new(inner));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/jwks", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(user_info))
            .with_state(Arc::clone(&inner));
        let issuer = format!("http://{}", serve(router));
        inner.lock().unwrap().issuer.clone_from(&issuer);
        Self { issuer, inner }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Makes the user with these claims the one that signs in.
    pub fn sign_in_as(&self, claims: &Value) {
        self.inner().person.clone_from(claims.as_object().unwrap());
    }

    /// Sets what is wrong with the next tokens.
    pub fn set_fault(&self, fault: Option<TokenFault>) {
        self.inner().fault = fault;
    }

    /// Signs with a new key, and publishes only that one.
    pub fn rotate_keys(&self) {
        self.inner().key += 1;
    }

    /// Sets whether it announces PKCE.
    pub fn announce_pkce(&self, takes: bool) {
        self.inner().has_pkce = takes;
    }

    /// Gives access tokens this lifetime, and refresh tokens with them; `None` gives neither.
    pub fn expire_in(&self, seconds: Option<i64>) {
        self.inner().expires_in = seconds;
    }

    /// Sets its clock to this second.
    pub fn set_now(&self, now: i64) {
        self.inner().now = now;
    }

    /// Sets whether refresh tokens are refused.
    pub fn refuse_refresh(&self, refuses: bool) {
        self.inner().refuses_refresh = refuses;
    }

    /// Holds back answers to renewals.
    pub fn hold(&self) -> Held {
        let hold = Arc::clone(&self.inner().hold);
        hold.state.lock().unwrap().is_held = true;
        Held(hold)
    }

    /// Issues no more refresh tokens.
    pub fn withhold_refresh(&self) {
        self.inner().withholds_refresh = true;
    }

    /// Adds claims to the answers of the user-info endpoint.
    pub fn add_user_info(&self, claims: &Value) {
        self.inner().user_info.clone_from(claims.as_object().unwrap());
    }

    /// Issues signed access tokens with these claims, which the user-info endpoint does not accept.
    pub fn sign_access_tokens(&self, claims: &Value) {
        self.inner().access = Some(claims.as_object().unwrap().clone());
    }

    /// Claims to be this issuer.
    pub fn set_issuer(&self, issuer: &str) {
        self.inner().alias = Some(issuer.to_owned());
    }

    /// Accepts only assertions that the client's key has signed.
    pub fn require_assertions(&self) {
        self.inner().asserted = Some(Vec::new());
    }

    /// Follows a redirect to this address and consents. Returns the URL of the redirect back.
    pub fn agree(&self, address: &str) -> String {
        let (place, query) = address.split_once('?').unwrap();
        let asked = fields(query);
        let mut inner = self.inner();
        assert_eq!(place, format!("{}/authorize", inner.issuer));
        assert_eq!(asked["client_id"], CLIENT.0);
        assert_eq!(asked["response_type"], "code");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"), "{}", asked["scope"]);
        let challenge = asked.get("code_challenge").cloned();
        if inner.has_pkce {
            assert_eq!(asked["code_challenge_method"], "S256");
            assert!(challenge.is_some());
        } else {
            assert!(challenge.is_none());
        }
        inner.next += 1;
        let code = format!("authorization-code-{}", inner.next);
        let redirect_uri = asked["redirect_uri"].clone();
        let kept = Code { redirect_uri: redirect_uri.clone(), challenge, nonce: asked["nonce"].clone() };
        inner.codes.insert(code.clone(), kept);
        back(&redirect_uri, &code, &asked["state"])
    }
}

impl Inner {
    /// A key's id is its number.
    fn signing_key(number: u8) -> EncodingKey {
        // RFC 8410: a private key of Ed25519 in PKCS #8.
        let head = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
        EncodingKey::from_ed_der(&[&head[..], &[number; 32]].concat())
    }

    fn name(&self) -> &str {
        self.alias.as_ref().unwrap_or(&self.issuer)
    }

    /// Whether a request authenticates the client.
    fn knows(&mut self, headers: &HeaderMap, form: &HashMap<String, String>) -> bool {
        let Some(used) = &mut self.asserted else { return client::has_secret(headers) };
        let asserted = client::asserted(form, &format!("{}/token", self.issuer), self.now);
        match asserted.filter(|id| !used.contains(id) && !headers.contains_key(header::AUTHORIZATION)) {
            Some(id) => {
                used.push(id);
                true
            }
            None => false,
        }
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
        match fault {
            Some(TokenFault::NoNonce) => drop(claims.remove("nonce")),
            Some(TokenFault::NoSubject) => drop(claims.remove("sub")),
            _ => {}
        }
        self.sign(&claims)
    }

    fn sign(&self, claims: &Map<String, Value>) -> String {
        let name = Some(self.key.to_string());
        match self.fault {
            Some(TokenFault::NoSignature) => {
                let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                format!("{}.{}.", part(&json!({"alg": "none", "kid": name})), part(&json!(claims)))
            }
            Some(TokenFault::Symmetric) => {
                let header = Header { kid: name, ..Header::new(Algorithm::HS256) };
                jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(CLIENT.1.as_bytes())).unwrap()
            }
            fault => {
                let key = if fault == Some(TokenFault::Signature) { 99 } else { self.key };
                let header = Header { kid: name, ..Header::new(Algorithm::EdDSA) };
                jsonwebtoken::encode(&header, claims, &Self::signing_key(key)).unwrap()
            }
        }
    }

    /// Tokens for a user who signed in, or whose session is renewed.
    fn tokens(&mut self, nonce: &str) -> Value {
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

type Shared = State<Arc<Mutex<Inner>>>;

async fn describe(State(inner): Shared) -> Json<Value> {
    let inner = inner.lock().unwrap();
    let methods: &[&str] = if inner.has_pkce { &["S256"] } else { &[] };
    Json(json!({
        "issuer": inner.name(),
        "authorization_endpoint": format!("{}/authorize", inner.issuer),
        "token_endpoint": format!("{}/token", inner.issuer),
        "userinfo_endpoint": format!("{}/userinfo", inner.issuer),
        "jwks_uri": format!("{}/jwks", inner.issuer),
        "code_challenge_methods_supported": methods,
    }))
}

async fn keys(State(inner): Shared) -> Json<Value> {
    let key = inner.lock().unwrap().key;
    let mut jwk = Jwk::from_encoding_key(&Inner::signing_key(key), Algorithm::EdDSA).unwrap();
    jwk.common.key_id = Some(key.to_string());
    // Keys of unknown kinds must not disturb clients.
    Json(json!({"keys": [{"kty": "unheard-of", "kid": "x"}, jwk]}))
}

async fn token(State(inner): Shared, headers: HeaderMap, body: String) -> (StatusCode, Json<Value>) {
    let refused = |code: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": code, "error_description": "no"})));
    let mut inner = inner.lock().unwrap();
    let form = fields(&body);
    if !inner.knows(&headers, &form) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"error": "invalid_client"})));
    }
    match form["grant_type"].as_str() {
        "authorization_code" => {
            // A code is used up in any case.
            let Some(code) = inner.codes.remove(&form["code"]) else { return refused("invalid_grant") };
            let sent = form.get("code_verifier").map(|text| URL_SAFE_NO_PAD.encode(Sha256::digest(text)));
            if code.redirect_uri != form["redirect_uri"] || code.challenge != sent {
                return refused("invalid_grant");
            }
            (StatusCode::OK, Json(inner.tokens(&code.nonce)))
        }
        "refresh_token" => {
            let place = inner.refresh_tokens.iter().position(|token| *token == form["refresh_token"]);
            let Some(place) = place.filter(|_| !inner.refuses_refresh) else { return refused("invalid_grant") };
            inner.refresh_tokens.remove(place);
            let (tokens, hold) = (inner.tokens(""), Arc::clone(&inner.hold));
            drop(inner);
            hold.wait();
            (StatusCode::OK, Json(tokens))
        }
        _ => refused("unsupported_grant_type"),
    }
}

async fn user_info(State(inner): Shared, headers: HeaderMap) -> (StatusCode, Json<Value>) {
    let inner = inner.lock().unwrap();
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !bearer.starts_with("Bearer provider-access-") {
        return (StatusCode::UNAUTHORIZED, Json(json!({})));
    }
    let mut claims = inner.user_info.clone();
    let subject = inner.person.get("sub").cloned().unwrap_or_default();
    claims.insert(
        "sub".to_owned(),
        if inner.fault == Some(TokenFault::UserInfo) { json!("somebody else") } else { subject },
    );
    (StatusCode::OK, Json(Value::Object(claims)))
}
