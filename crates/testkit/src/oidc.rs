//! An `OpenID` Connect provider that is as strict as the standard, and sends faulty tokens on request.
mod answers;
mod signing;

use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    routing::{get, post},
};
use serde_json::{Map, Value};

use self::answers::{describe, keys, token, user_info};
pub use self::signing::{SHORT_RSA_KEY, SigningKey};
use crate::{
    client::CLIENT,
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
    refresh_requests: usize,
    user_info: Map<String, Value>,
    /// The claims of access tokens; `None` makes them opaque.
    access: Option<Map<String, Value>>,
    hold: Arc<Hold>,
    /// The assertions of its client that were used; `None` means that it accepts a secret instead.
    asserted: Option<Vec<String>>,
    /// The methods of authentication that it lists while it accepts a secret in forms only; `None` lists none, and
    /// accepts it in the header only.
    secret_in_form: Option<Vec<String>>,
    signing_key: SigningKey,
    /// The algorithm that the published key names, if it is another than the key's.
    published_algorithm: Option<String>,
    /// Claims of ID tokens, in place of the right ones.
    overriding: Map<String, Value>,
    /// Claims of signed answers of the user-info endpoint, in place of the right ones, and what is wrong with their
    /// signature; `None` signs none.
    signed_user_info: Option<(Map<String, Value>, Option<TokenFault>)>,
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
            refresh_requests: 0,
            user_info: Map::new(),
            access: None,
            hold: Arc::default(),
            asserted: None,
            secret_in_form: None,
            signing_key: SigningKey::default(),
            published_algorithm: None,
            overriding: Map::new(),
            signed_user_info: None,
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

    /// How often a refresh token was presented.
    pub fn refresh_requests(&self) -> usize {
        self.inner().refresh_requests
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

    /// Accepts the client's secret in forms only, and lists these methods of authentication.
    pub fn take_secret_in_form(&self, listed: &[&str]) {
        self.inner().secret_in_form = Some(listed.iter().map(|method| (*method).to_owned()).collect());
    }

    /// Signs with this key; the published one names this algorithm, or the right one.
    pub fn sign_with(&self, key: SigningKey, published_algorithm: Option<&str>) {
        let mut inner = self.inner();
        inner.signing_key = key;
        inner.published_algorithm = published_algorithm.map(str::to_owned);
    }

    /// Puts these claims into ID tokens, in place of the right ones.
    pub fn override_claims(&self, claims: &Value) {
        self.inner().overriding.clone_from(claims.as_object().unwrap());
    }

    /// Answers at the user-info endpoint with a signed token, which has these claims in place of the right ones, and a
    /// signature with this fault.
    pub fn sign_user_info(&self, claims: &Value, fault: Option<TokenFault>) {
        self.inner().signed_user_info = Some((claims.as_object().unwrap().clone(), fault));
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
