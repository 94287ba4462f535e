//! From a credential to a caller.
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use keyfob_api::secret::SecretText;
use keyfob_rbac::{AllowList, Id, OwnedId, Scope, ScopeName, Subject};
use keyfob_store::{
    ApiKey, KeyId, KeyLoginType, KeyUse, Reader, RightsVersion, SecretHash, StoreError, Tx, User, UserId, UserStatus,
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::Actor;
use crate::{
    Authority, AuthorizedStore, Caller, KeyLife, Lapsed, Refused, RequestContext, System,
    caller::{PresentedKey, key_text::KeyText},
    response_timing::TimeSlot,
    sign_in::require_upstream,
    users::names,
    work::note_key_use,
};

/// A key's use is noted, and a session slides, at most this often.
const USE_RESOLUTION: SignedDuration = SignedDuration::from_hours(1);

/// A key as a request presents it.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct Credential {
    /// The whole key.
    pub text: SecretText,
    /// It came in a cookie, which browsers send by themselves.
    pub from_cookie: bool,
}

/// Why a request is not authenticated.
#[derive(Debug, thiserror::Error)]
pub enum Unauthenticated {
    /// The credential does not have the form of a key; the text says how.
    #[error("the credential is no key: {0}")]
    Malformed(String),
    /// There is no such key, or its owner was deleted.
    #[error("no such key")]
    UnknownKey,
    /// There is such a key, with another secret.
    #[error("the secret is not the key's")]
    WrongSecret,
    /// The key expired at that instant.
    #[error("the key expired at {0}")]
    Expired(Timestamp),
    /// The owner may not act.
    #[error("the user is {}", .0.as_str())]
    NotActive(UserStatus),
    /// What the key may do cannot be read.
    #[error("the key's rights cannot be read: {0}")]
    Unreadable(String),
    /// The session at the identity provider has ended.
    #[error(transparent)]
    Lapsed(#[from] Lapsed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refused> for Unauthenticated {
    fn from(refused: Refused) -> Self {
        match refused {
            // The user was deleted while the request was authenticated.
            Refused::Hidden(_) => Self::UnknownKey,
            Refused::Denied(denied) => Self::Unreadable(denied.permission()),
            Refused::Unauthenticated(reason) => *reason,
            Refused::Store(error) => Self::Store(error),
        }
    }
}

/// A key that is verified and live, and its owner, active or not.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds the hash of a secret")]
pub struct Identified {
    key: ApiKey,
    user: User,
    from_cookie: bool,
    version: Option<RightsVersion>,
}

impl Identified {
    /// The key's id.
    pub fn key_id(&self) -> &KeyId {
        &self.key.id
    }

    /// The owner's id.
    pub fn user_id(&self) -> UserId {
        self.user.id
    }

    /// Whether the owner may act: they are not suspended.
    pub fn is_acting(&self) -> bool {
        self.user.status != UserStatus::Suspended
    }

    /// Whether the owner has the role `owner`.
    pub fn is_owner(&self) -> bool {
        self.user.is_owner()
    }

    /// Whether a path segment names the owner: `me`, their id, or their username.
    pub fn is_named_by(&self, segment: &str) -> bool {
        names(&self.user, segment)
    }

    /// Whether the key may do all that its owner may.
    pub fn is_full(&self) -> bool {
        super::is_full(&self.key)
    }
}

impl Authority {
    /// Finds out whose key a request presents that changes nothing. An unknown id takes as long as a wrong secret.
    ///
    /// # Errors
    /// Why the key is not accepted.
    pub async fn identify(&self, credential: &Credential) -> Result<Identified, Unauthenticated> {
        let key = verified_key(credential, self).await?;
        self.identified(key, credential.from_cookie, None).await
    }

    /// The same for a request that may change something: it is looked at again, which then costs little if no rights
    /// have changed since.
    ///
    /// # Errors
    /// As [`Self::identify`].
    pub async fn identify_for_change(&self, credential: &Credential) -> Result<Identified, Unauthenticated> {
        // The version comes first, so that rights which are read after it are never older.
        let version = self.store().read().rights_version().await?;
        let key = verified_key(credential, self).await?;
        self.identified(key, credential.from_cookie, Some(version)).await
    }

    /// Looks at an identity again if rights have changed since: a request that has arrived only now decides by what
    /// holds now.
    ///
    /// # Errors
    /// As [`Self::identify`].
    pub async fn identify_again(&self, identified: &Identified) -> Result<Identified, Unauthenticated> {
        let version = self.store().read().rights_version().await?;
        if identified.version == Some(version) && identified.key.is_live(self.now()) {
            return Ok(identified.clone());
        }
        let key = self.store().read().find_key(&identified.key.id).await?.ok_or(Unauthenticated::UnknownKey)?;
        self.identified(key, identified.from_cookie, Some(version)).await
    }

    async fn identified(
        &self,
        key: ApiKey,
        from_cookie: bool,
        version: Option<RightsVersion>,
    ) -> Result<Identified, Unauthenticated> {
        let mut read = self.store().read();
        let (key, user) = live(key, &mut read, self.now()).await?;
        Ok(Identified { key, user, from_cookie, version })
    }

    /// The store as the bearer of this key may use it. That notes the use of the key, and wakes a dormant user.
    ///
    /// # Errors
    /// When the user may not act, or the session at their provider has ended.
    pub async fn store_for(
        &self,
        identified: &Identified,
        context: RequestContext,
    ) -> Result<AuthorizedStore, Unauthenticated> {
        let Identified { key, user, from_cookie, version } = identified.clone();
        require_upstream(self, &key).await?;
        let user = awake(user, self, &context).await?;
        let (key, user) = note_use(key, user, self, &context).await;
        let life = KeyLife { lifetime_seconds: key.lifetime_seconds, expires_at: key.expires_at };
        context.decisions.authenticated(life, (user.id, key.id.clone()));
        let mut read = self.store().read();
        let caller = compile(key, user, self, &mut read, Extra { context, from_cookie, version }).await?;
        Ok(AuthorizedStore::new(caller, self.clone()))
    }
}

/// The store as the bearer of this key reads it, for what the server asks itself before it answers them: no use of the
/// key is noted, and no session is renewed.
pub(super) async fn reading(
    identified: &Identified,
    authority: &Authority,
) -> Result<AuthorizedStore, Unauthenticated> {
    let Identified { key, user, from_cookie, version } = identified.clone();
    let extra = Extra { context: RequestContext::default(), from_cookie, version };
    let caller = compile(key, user, authority, &mut authority.store().read(), extra).await?;
    Ok(AuthorizedStore::new(caller, authority.clone()))
}

/// The key if it is live, and its owner if there still is one.
async fn live(key: ApiKey, read: &mut Reader<'_>, now: Timestamp) -> Result<(ApiKey, User), Unauthenticated> {
    if !key.is_live(now) {
        return Err(Unauthenticated::Expired(key.expires_at));
    }
    let user = read.find_user(key.user_id).await?.filter(|user| !user.deleted);
    Ok((key, user.ok_or(Unauthenticated::UnknownKey)?))
}

/// The caller with the rights that they have in a transaction; refused when they may not act any more.
pub(crate) async fn refreshed(authority: &Authority, caller: &Caller, tx: &mut Tx) -> Result<Caller, Refused> {
    let Some(presented) = caller.presented() else { return Ok(caller.clone()) };
    let mut read = tx.read();
    let version = read.rights_version().await?;
    if caller.version == Some(version) && presented.key.is_live(authority.now()) {
        return Ok(caller.clone());
    }
    let extra = Extra { context: caller.context.clone(), from_cookie: presented.from_cookie, version: Some(version) };
    let refreshed = async {
        let key = read.find_key(&presented.key.id).await?.ok_or(Unauthenticated::UnknownKey)?;
        let (key, user) = live(key, &mut read, authority.now()).await?;
        if user.status == UserStatus::Suspended {
            return Err(Unauthenticated::NotActive(user.status));
        }
        compile(key, user, authority, &mut read, extra).await
    };
    refreshed.await.map_err(|reason| match reason {
        Unauthenticated::Store(error) => Refused::Store(error),
        reason => Refused::Unauthenticated(Box::new(reason)),
    })
}

/// Why the server does not act for the absent bearer of a key.
#[derive(Debug)]
pub(crate) enum NotOnBehalf {
    /// The key has expired, or its owner may not act.
    Expired,
    /// The provider could not be asked whether the session stands; the text says why.
    ForNow(String),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for NotOnBehalf {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The store as the absent bearer of this key may use it: for what they approved beforehand.
///
/// # Errors
/// Why the server does not act for them.
pub(crate) async fn on_behalf_of(
    authority: &Authority,
    id: &KeyId,
    context: RequestContext,
) -> Result<AuthorizedStore, NotOnBehalf> {
    let mut read = authority.store().read();
    let key = read.find_key(id).await?.filter(|key| key.is_live(authority.now())).ok_or(NotOnBehalf::Expired)?;
    let user = read.find_user(key.user_id).await?;
    let user = user.filter(|user| !user.deleted && user.status == UserStatus::Active).ok_or(NotOnBehalf::Expired)?;
    require_upstream(authority, &key).await.map_err(|lapsed| match lapsed {
        Lapsed::Store(error) => NotOnBehalf::Store(error),
        Lapsed::NotRenewed { cause, .. } => NotOnBehalf::ForNow(cause),
        Lapsed::NoLink | Lapsed::Ended { .. } | Lapsed::NotConfigured(_) => NotOnBehalf::Expired,
    })?;
    match compile(key, user, authority, &mut read, Extra { context, from_cookie: false, version: None }).await {
        Ok(caller) => Ok(AuthorizedStore::new(caller, authority.clone())),
        Err(Unauthenticated::Store(error)) => Err(NotOnBehalf::Store(error)),
        Err(reason) => {
            tracing::error!(%reason, "a key that approved a sign-in cannot be used");
            Err(NotOnBehalf::Expired)
        }
    }
}

/// The key whose secret was presented. An unknown id takes as long as a wrong secret.
async fn verified_key(credential: &Credential, authority: &Authority) -> Result<ApiKey, Unauthenticated> {
    let parts = KeyText::parse(credential.text.reveal()).map_err(Unauthenticated::Malformed)?;
    let slot = TimeSlot::of_key();
    let key = match &parts.id {
        Some(id) => authority.store().read().find_key(id).await?,
        None => None,
    };
    let presented = hash_secret(parts.secret.reveal());
    let expected = key.as_ref().map_or(authority.dummy_hash(), |key| &key.secret_hash);
    let matches = bool::from(presented.0.ct_eq(&expected.0));
    let refusal = match key {
        Some(key) if matches => return Ok(key),
        Some(_) => Unauthenticated::WrongSecret,
        None => Unauthenticated::UnknownKey,
    };
    slot.end().await;
    Err(refusal)
}

/// What is kept of a key's secret.
pub(crate) fn hash_secret(secret: &str) -> SecretHash {
    SecretHash(Sha256::digest(secret.as_bytes()).into())
}

/// The user, active: acting ends dormancy.
async fn awake(user: User, authority: &Authority, context: &RequestContext) -> Result<User, Unauthenticated> {
    match user.status {
        UserStatus::Active => Ok(user),
        UserStatus::Suspended => Err(Unauthenticated::NotActive(user.status)),
        UserStatus::Dormant => match System::Dormancy.store(authority, context.clone()).wake(user.id).await? {
            // Suspended meanwhile.
            user if user.status != UserStatus::Active => Err(Unauthenticated::NotActive(user.status)),
            user => Ok(user),
        },
    }
}

/// Notes the use of a key, and lets a session slide; gives both as they are then. A failure to write is not the
/// caller's: the key is as good as it was.
async fn note_use(mut key: ApiKey, mut user: User, authority: &Authority, context: &RequestContext) -> (ApiKey, User) {
    let now = authority.now();
    let stale = now.duration_since(key.last_used) > USE_RESOLUTION;
    let slid = slide(&key, authority, now);
    if !stale && slid == key.expires_at {
        return (key, user);
    }
    let this_use = KeyUse {
        id: key.id.clone(),
        last_used: if stale { now } else { key.last_used },
        origin: context.origin(),
        seen_expires_at: key.expires_at,
        expires_at: slid,
    };
    match note_key_use(authority, &this_use, user.id, now).await {
        Ok(()) => {
            key.last_used = this_use.last_used;
            key.expires_at = this_use.expires_at;
            user.last_seen_at = Some(now);
            user.updated_at = now;
        }
        Err(error) => tracing::warn!(%error, key.id = %key.id, "the use of a key could not be noted"),
    }
    (key, user)
}

/// The end that a session has after this use.
fn slide(key: &ApiKey, authority: &Authority, now: Timestamp) -> Timestamp {
    let lifetime = SignedDuration::from_secs(key.lifetime_seconds);
    let slides = authority.rules().lifetimes.sessions_slide && key.login_type != KeyLoginType::Token;
    if !slides || key.expires_at.duration_since(now) > lifetime - USE_RESOLUTION {
        return key.expires_at;
    }
    let end = now.checked_add(lifetime).unwrap_or(key.expires_at);
    key.absolute_end.map_or(end, |bound| end.min(bound))
}

/// What a caller is compiled with besides their key and user.
struct Extra {
    context: RequestContext,
    from_cookie: bool,
    version: Option<RightsVersion>,
}

async fn compile(
    key: ApiKey,
    user: User,
    authority: &Authority,
    read: &mut Reader<'_>,
    extra: Extra,
) -> Result<Caller, Unauthenticated> {
    let catalogue = authority.catalogue();
    let unreadable = |error: &dyn std::fmt::Display| Unauthenticated::Unreadable(error.to_string());
    let scopes: Vec<ScopeName> = key
        .scopes
        .iter()
        .map(|name| catalogue.scope(name).map_err(|error| unreadable(&error)))
        .collect::<Result<_, _>>()?;
    let entries: Vec<&str> = key.allow_list.iter().map(String::as_str).collect();
    let allow_list = AllowList::parse(catalogue, &entries).map_err(|error| unreadable(&error))?;
    let scope = Scope::expand(catalogue, &scopes).map_err(|error| unreadable(&error))?.restricted_to(&allow_list);
    let roles = authority.role_book().of_user(read, &user).await?;
    let groups = read.group_ids_of(user.id).await?;
    let groups: Vec<OwnedId> = groups.into_iter().map(|group| OwnedId::Uuid(group.0)).collect();
    let subject = Subject::compile(catalogue, Id::from(user.id.0), &roles, &groups, &scope);
    let Extra { context, from_cookie, version } = extra;
    Ok(Caller {
        actor: Actor::Key(Arc::new(PresentedKey { key, user, scopes, allow_list, from_cookie })),
        subject: Arc::new(subject),
        catalogue: Arc::clone(catalogue),
        context,
        version,
    })
}
