//! From a request to a caller (contract, section 1.7).
use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, Uri, request::Parts},
};
use jiff::{SignedDuration, Timestamp};
use keyfob_rbac::{AllowList, Id, OwnedId, Scope, ScopeName, Subject};
use keyfob_store::{ApiKey, KeyId, KeyLoginType, KeyUse, SecretHash, StoreError, User, UserStatus};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{
    Caller, System,
    caller::{Actor, PresentedKey},
    credential::{self, Credential},
    csrf,
    denied::Refused,
    store::AuthorizedStore,
    upstream::{Lapsed, require_upstream},
};
use crate::{
    context::{KeyLife, RequestContext},
    error::ApiError,
    even::Steps,
    state::App,
};

/// A key's use is noted, and a session slides, at most this often.
const USE_RESOLUTION: SignedDuration = SignedDuration::from_hours(1);

const SIGNED_OUT: &str = "You are signed out or your session has expired. Please sign in again to continue.";
/// Why a request is not authenticated.
#[derive(Debug, thiserror::Error)]
enum Unauthenticated {
    #[error("no credential was presented")]
    Nothing,
    #[error("two different credentials were presented")]
    Ambiguous,
    #[error("the credential is no key: {0}")]
    Malformed(String),
    #[error("no such key")]
    UnknownKey,
    #[error("the secret is not the key's")]
    WrongSecret,
    #[error("the key ended at {0}")]
    Expired(Timestamp),
    #[error("the user is {}", .0.as_str())]
    NotActive(UserStatus),
    #[error("the key's rights cannot be read: {0}")]
    Unreadable(String),
    #[error(transparent)]
    Lapsed(#[from] Lapsed),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refused> for Unauthenticated {
    fn from(refused: Refused) -> Self {
        match refused {
            // The user went while they were looked at.
            Refused::Hidden(_) => Self::UnknownKey,
            Refused::Denied(denied) => Self::Unreadable(denied.permission()),
            Refused::Store(error) => Self::Store(error),
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let context = parts.extensions.get::<RequestContext>().cloned().unwrap_or_default();
        let trail = context.trail.clone();
        authenticate(parts, app, context).await.map_err(|reason| {
            if !matches!(reason, Unauthenticated::Nothing | Unauthenticated::Store(_)) {
                trail.sign_in_failed("authenticate", None);
            }
            answer(reason, app)
        })
    }
}

impl FromRequestParts<App> for AuthorizedStore {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Ok(Self::new(Caller::from_request_parts(parts, app).await?, app.clone()))
    }
}

/// Whose key a request presents, found out once for everything that asks. Handlers use it up; what is left of a request
/// finds out for itself.
#[derive(Clone)]
pub(crate) struct Identity(Arc<Mutex<Option<Result<Identified, Unauthenticated>>>>);

/// A right and live key, and its owner, in whatever state.
struct Identified {
    key: ApiKey,
    user: User,
    from_cookie: bool,
}

impl Identity {
    /// Finds out whose key a request presents: also its owner, if they may act.
    pub(crate) async fn of(headers: &HeaderMap, uri: &Uri, app: &App) -> (Self, Option<User>) {
        let identified = identify(headers, uri, app).await;
        let user = identified.as_ref().ok().map(|identified| identified.user.clone());
        let user = user.filter(|user| user.status != UserStatus::Suspended);
        (Self(Arc::new(Mutex::new(Some(identified)))), user)
    }

    /// The key, if it is right and live, and was not used up.
    pub(crate) fn key_id(&self) -> Option<KeyId> {
        let identified = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some(identified.as_ref()?.as_ref().ok()?.key.id.clone())
    }
}

async fn identify(headers: &HeaderMap, uri: &Uri, app: &App) -> Result<Identified, Unauthenticated> {
    let credential = presented(headers, uri, app)?;
    let key = verified_key(&credential, app).await?;
    if !key.is_live(app.clock().now()) {
        return Err(Unauthenticated::Expired(key.expires_at));
    }
    let user = app.vault().0.find_user(key.user_id).await?.filter(|user| !user.deleted);
    let user = user.ok_or(Unauthenticated::UnknownKey)?;
    Ok(Identified { key, user, from_cookie: credential.from_cookie })
}

async fn authenticate(parts: &Parts, app: &App, context: RequestContext) -> Result<Caller, Unauthenticated> {
    let known = parts.extensions.get::<Identity>();
    let known = known.and_then(|known| known.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    let Identified { key, user, from_cookie } = match known {
        Some(identified) => identified?,
        None => identify(&parts.headers, &parts.uri, app).await?,
    };
    require_upstream(app, &key).await?;
    let now = app.clock().now();
    let user = awake(user, app, &context).await?;
    let key = note_use(key, app, &context, now).await;
    let life = KeyLife { lifetime_seconds: key.lifetime_seconds, expires_at: key.expires_at };
    let caller = compile(key, user, app, context, from_cookie).await?;
    if let Some((user, key)) = caller.user().zip(caller.key()) {
        caller.context.trail.authenticated(life, (user.id, key.id.clone()));
    }
    Ok(caller)
}

/// Why nobody acts for the bearer of a key who is not here.
#[derive(Debug)]
pub(super) enum NotOnBehalf {
    /// The key has ended, or its owner may not act.
    Ended,
    /// It cannot be found out now.
    ForNow(String),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for NotOnBehalf {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The store as the bearer of this key may use it, who is not here: for what they said beforehand.
///
/// # Errors
/// Why nobody acts for them.
pub(super) async fn on_behalf_of(
    app: &App,
    id: &KeyId,
    context: RequestContext,
) -> Result<AuthorizedStore, NotOnBehalf> {
    let store = &app.vault().0;
    let key = store.find_key(id).await?.filter(|key| key.is_live(app.clock().now())).ok_or(NotOnBehalf::Ended)?;
    let user = store.find_user(key.user_id).await?;
    let user = user.filter(|user| !user.deleted && user.status == UserStatus::Active).ok_or(NotOnBehalf::Ended)?;
    require_upstream(app, &key).await.map_err(|lapsed| match lapsed {
        Lapsed::Store(error) => NotOnBehalf::Store(error),
        Lapsed::NotRenewed { cause, .. } => NotOnBehalf::ForNow(cause),
        Lapsed::NoLink | Lapsed::Ended { .. } | Lapsed::NotConfigured(_) => NotOnBehalf::Ended,
    })?;
    match compile(key, user, app, context, false).await {
        Ok(caller) => Ok(AuthorizedStore::new(caller, app.clone())),
        Err(Unauthenticated::Store(error)) => Err(NotOnBehalf::Store(error)),
        Err(reason) => {
            tracing::error!(%reason, "a key that approved a sign-in cannot be used");
            Err(NotOnBehalf::Ended)
        }
    }
}

fn presented(headers: &HeaderMap, uri: &Uri, app: &App) -> Result<Credential, Unauthenticated> {
    let rules = app.settings().credentials;
    let found = credential::find(headers, uri, rules).map_err(|_| Unauthenticated::Ambiguous)?;
    found.ok_or(Unauthenticated::Nothing)
}

/// The key whose secret was presented. An unknown id takes as long as a wrong secret.
async fn verified_key(credential: &Credential, app: &App) -> Result<ApiKey, Unauthenticated> {
    let parts = credential::split(credential.text.reveal()).map_err(Unauthenticated::Malformed)?;
    let steps = Steps::of_key();
    let key = match &parts.id {
        Some(id) => app.vault().0.find_key(id).await?,
        None => None,
    };
    let presented = hash_secret(parts.secret.reveal());
    let expected = key.as_ref().map_or(&app.settings().dummy_hash, |key| &key.secret_hash);
    let matches = bool::from(presented.0.ct_eq(&expected.0));
    let refusal = match key {
        Some(key) if matches => return Ok(key),
        Some(_) => Unauthenticated::WrongSecret,
        None => Unauthenticated::UnknownKey,
    };
    steps.end().await;
    Err(refusal)
}

/// What is kept of a key's secret.
pub(super) fn hash_secret(secret: &str) -> SecretHash {
    SecretHash(Sha256::digest(secret.as_bytes()).into())
}

/// The user, active: acting ends dormancy.
async fn awake(user: User, app: &App, context: &RequestContext) -> Result<User, Unauthenticated> {
    match user.status {
        UserStatus::Active => Ok(user),
        UserStatus::Suspended => Err(Unauthenticated::NotActive(user.status)),
        UserStatus::Dormant => match System::Dormancy.store(app, context.clone()).wake(user.id).await? {
            // Suspended meanwhile.
            user if user.status != UserStatus::Active => Err(Unauthenticated::NotActive(user.status)),
            user => Ok(user),
        },
    }
}

/// Notes the use of a key, and lets a session slide (contract, section 2.4). A failure to write is not the
/// caller's: the key is as good as it was.
async fn note_use(mut key: ApiKey, app: &App, context: &RequestContext, now: Timestamp) -> ApiKey {
    let stale = now.duration_since(key.last_used) > USE_RESOLUTION;
    let slid = slide(&key, app, now);
    if !stale && slid == key.expires_at {
        return key;
    }
    let used = KeyUse {
        id: key.id.clone(),
        last_used: if stale { now } else { key.last_used },
        origin: context.origin(),
        seen_expires_at: key.expires_at,
        expires_at: slid,
    };
    match write_use(app, &used, &key, now).await {
        Ok(()) => {
            key.last_used = used.last_used;
            key.expires_at = used.expires_at;
        }
        Err(error) => tracing::warn!(%error, key.id = %key.id, "the use of a key could not be noted"),
    }
    key
}

async fn write_use(app: &App, used: &KeyUse, key: &ApiKey, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = app.vault().0.begin().await?;
    tx.record_key_use(used).await?;
    tx.touch_user(key.user_id, now).await?;
    tx.commit().await
}

/// The end that a session has after this use.
fn slide(key: &ApiKey, app: &App, now: Timestamp) -> Timestamp {
    let lifetime = SignedDuration::from_secs(key.lifetime_seconds);
    let slides = app.settings().lifetimes.sessions_slide && key.login_type != KeyLoginType::Token;
    if !slides || key.expires_at.duration_since(now) > lifetime - USE_RESOLUTION {
        return key.expires_at;
    }
    let end = now.checked_add(lifetime).unwrap_or(key.expires_at);
    key.absolute_end.map_or(end, |bound| end.min(bound))
}

async fn compile(
    key: ApiKey,
    user: User,
    app: &App,
    context: RequestContext,
    from_cookie: bool,
) -> Result<Caller, Unauthenticated> {
    let catalogue = app.catalogue();
    let unreadable = |error: &dyn std::fmt::Display| Unauthenticated::Unreadable(error.to_string());
    let scopes: Vec<ScopeName> = key
        .scopes
        .iter()
        .map(|name| catalogue.scope(name).map_err(|error| unreadable(&error)))
        .collect::<Result<_, _>>()?;
    let entries: Vec<&str> = key.allow_list.iter().map(String::as_str).collect();
    let allow_list = AllowList::parse(catalogue, &entries).map_err(|error| unreadable(&error))?;
    let scope = Scope::expand(catalogue, &scopes).map_err(|error| unreadable(&error))?.restricted_to(&allow_list);
    let roles = app.roles().of_user(&app.vault().0, &user).await?;
    let groups = app.vault().0.group_ids_of(user.id).await?;
    let groups: Vec<OwnedId> = groups.into_iter().map(|group| OwnedId::Uuid(group.0)).collect();
    let subject = Subject::compile(catalogue, Id::from(user.id.0), &roles, &groups, &scope);
    Ok(Caller {
        actor: Actor::Key(Arc::new(PresentedKey { key, user, scopes, allow_list, from_cookie })),
        subject,
        catalogue: Arc::clone(catalogue),
        context,
    })
}

fn answer(reason: Unauthenticated, app: &App) -> ApiError {
    let signed_out = |detail: String| ApiError::new(StatusCode::UNAUTHORIZED, SIGNED_OUT).detail(detail);
    let metadata = format!("{}/.well-known/oauth-protected-resource", app.access_url());
    let challenge = |code: &str, description: &str| {
        format!(
            "Bearer realm=\"coder\", error=\"{code}\", error_description=\"{description}\", resource_metadata=\"{metadata}\""
        )
    };
    let invalid = challenge("invalid_token", "The access token is invalid");
    let expired = challenge("invalid_token", "The access token has expired");
    match reason {
        // RFC 6750, section 3.1: no error code where no credential was sent.
        Unauthenticated::Nothing => {
            signed_out("Cookie \"coder_session_token\" or query parameter must be provided.".to_owned())
                .challenge(&format!("Bearer realm=\"coder\", resource_metadata=\"{metadata}\""))
        }
        Unauthenticated::Ambiguous => {
            csrf::mismatch().challenge(&challenge("invalid_request", "The request holds two different credentials"))
        }
        Unauthenticated::Malformed(detail) => {
            signed_out(format!("Invalid API key format: {detail}")).challenge(&invalid)
        }
        Unauthenticated::UnknownKey => signed_out("API key is invalid.".to_owned()).challenge(&invalid),
        Unauthenticated::WrongSecret => signed_out("API key secret is invalid.".to_owned()).challenge(&invalid),
        Unauthenticated::Expired(at) => {
            signed_out(format!("API key expired at \"{}\".", readable(at))).challenge(&expired)
        }
        Unauthenticated::NotActive(status) => ApiError::new(
            StatusCode::UNAUTHORIZED,
            format!(
                "User is not active (status = \"{}\"). Contact an admin to reactivate your account.",
                status.as_str()
            ),
        )
        .challenge(&invalid),
        Unauthenticated::Lapsed(lapsed) => answer_lapsed(lapsed, &invalid, &expired),
        reason @ Unauthenticated::Unreadable(_) => ApiError::internal(&reason),
        Unauthenticated::Store(error) => error.into(),
    }
}

fn answer_lapsed(lapsed: Lapsed, invalid: &str, expired: &str) -> ApiError {
    let unauthorized = |message: String| ApiError::new(StatusCode::UNAUTHORIZED, message);
    match lapsed {
        Lapsed::NoLink => unauthorized(SIGNED_OUT.to_owned())
            .detail("You must re-authenticate with the login provider.")
            .challenge(invalid),
        Lapsed::Ended { provider, at } => {
            let detail = format!("{provider} session expired at \"{}\". Try signing in again.", readable(at));
            unauthorized(SIGNED_OUT.to_owned()).detail(detail).challenge(expired)
        }
        Lapsed::NotRenewed { provider, cause } => unauthorized(format!(
            "Could not refresh expired {provider} token. Try re-authenticating to resolve this issue."
        ))
        .detail(cause)
        .challenge(expired),
        Lapsed::NotConfigured(login_type) => ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "An internal error occurred. Please try again or contact the system administrator.",
        )
        .detail(format!(
            "Unable to refresh OAuth token for login type \"{login_type}\". The provider is not set up any more."
        )),
        Lapsed::Store(error) => error.into(),
    }
}

/// As Go prints instants.
fn readable(at: Timestamp) -> impl std::fmt::Display {
    at.strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC")
}
