//! From a credential to a caller: by the cache of keys, and by the database where a key is not in it.
use std::sync::Arc;

use jiff::Timestamp;
use keyfob_store::{ApiKey, KeyId, Reader, RightsVersion, SecretHash, User, UserId, UserStatus};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{
    Actor,
    credential::{Credential, Unauthenticated},
    epochs::{Changes, Epoch},
    key_text::KeyText,
    key_use::noted_use,
    presented::{Origins, PresentedKey, compile},
};
use crate::{
    Authority, AuthorizedStore, Caller, KeyLife, RequestContext, System, response_timing::TimeSlot,
    sign_in::require_upstream, users::names,
};

/// A key that is verified and live, and its owner, active or not.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds the hash of a secret")]
pub struct Identified {
    found: Found,
    from_cookie: bool,
}

/// Where a key was found.
#[derive(Clone)]
enum Found {
    /// In memory, in this epoch.
    Known(Arc<PresentedKey>, Epoch),
    /// In the database.
    Read(Arc<ReadKey>),
}

/// A key that was read from the database.
struct ReadKey {
    key: ApiKey,
    user: User,
    /// The version of all rights that was read before.
    version: RightsVersion,
    /// The changes up to when reading began.
    began: Changes,
}

/// A credential, taken apart.
pub(super) struct ParsedCredential {
    /// None where no key can have that id.
    pub(super) id: Option<KeyId>,
    hash: SecretHash,
    pub(super) from_cookie: bool,
}

impl ParsedCredential {
    pub(super) fn parse(credential: &Credential) -> Result<Self, Unauthenticated> {
        let KeyText { id, secret } = KeyText::parse(credential.text.reveal()).map_err(Unauthenticated::Malformed)?;
        Ok(Self { id, hash: hash_secret(secret), from_cookie: credential.from_cookie })
    }

    /// Whether this is the secret of a key in memory, which can be used now.
    pub(super) fn is_of(&self, known: &PresentedKey, now: Timestamp) -> bool {
        is_same(&self.hash, &known.key.secret_hash) && known.is_usable(now)
    }
}

impl Identified {
    fn key(&self) -> &ApiKey {
        match &self.found {
            Found::Known(known, _) => &known.key,
            Found::Read(read) => &read.key,
        }
    }

    fn user(&self) -> &User {
        match &self.found {
            Found::Known(known, _) => &known.owner.user,
            Found::Read(read) => &read.user,
        }
    }

    /// The key's id.
    pub fn key_id(&self) -> &KeyId {
        &self.key().id
    }

    /// The owner's id.
    pub fn user_id(&self) -> UserId {
        self.user().id
    }

    /// Whether the owner may act: they are not suspended.
    pub fn is_acting(&self) -> bool {
        self.user().status != UserStatus::Suspended
    }

    /// Whether the owner is active: neither suspended nor dormant.
    pub fn is_active(&self) -> bool {
        self.user().status == UserStatus::Active
    }

    /// Whether the owner has the role `owner`.
    pub fn is_owner(&self) -> bool {
        self.user().is_owner()
    }

    /// Whether a path segment names the owner: `me`, their id, or their username.
    pub fn is_named_by(&self, segment: &str) -> bool {
        names(self.user(), segment)
    }

    /// Whether the key may do all that its owner may.
    pub fn is_full(&self) -> bool {
        super::is_full(self.key())
    }
}

impl Authority {
    /// Finds out whose key a request presents. An unknown id takes as long as a wrong secret.
    ///
    /// # Errors
    /// Why the key is not accepted.
    pub async fn identify(&self, credential: &Credential) -> Result<Identified, Unauthenticated> {
        let slot = TimeSlot::of_key();
        let parsed = ParsedCredential::parse(credential)?;
        match self.known(&parsed) {
            Some(known) => Ok(known),
            // Apart, because all of a request is as large in memory as the longest way that it may go.
            None => Box::pin(self.read_key(parsed, slot)).await,
        }
    }

    /// The identity behind a key that is known without the database.
    fn known(&self, parsed: &ParsedCredential) -> Option<Identified> {
        let (known, epoch) = self.keys().find(parsed.id.as_ref()?)?;
        let from_cookie = parsed.from_cookie;
        parsed.is_of(&known, self.now()).then_some(Identified { found: Found::Known(known, epoch), from_cookie })
    }

    /// The identity behind a key that is read from the database.
    async fn read_key(&self, parsed: ParsedCredential, slot: TimeSlot) -> Result<Identified, Unauthenticated> {
        let began = self.keys().begin();
        // The version comes first, so that rights which are read after it are never older.
        let version = self.store().read().rights_version().await?;
        let key = match &parsed.id {
            Some(id) => self.store().read().find_key(id).await?,
            None => None,
        };
        let is_right = is_same(&parsed.hash, key.as_ref().map_or(self.dummy_hash(), |key| &key.secret_hash));
        let refusal = match key {
            Some(key) if is_right => return self.identified(key, parsed.from_cookie, version, began).await,
            Some(_) => Unauthenticated::WrongSecret,
            None => Unauthenticated::UnknownKey,
        };
        slot.end().await;
        Err(refusal)
    }

    /// Looks at an identity again if rights have changed since: a request that has arrived only now decides by what
    /// holds now.
    ///
    /// # Errors
    /// As [`Self::identify`].
    pub async fn identify_again(&self, identified: &Identified) -> Result<Identified, Unauthenticated> {
        match &identified.found {
            Found::Known(known, epoch) if known.is_usable(self.now()) && self.keys().is_current(*epoch, known) => {
                Ok(identified.clone())
            }
            _ => Box::pin(self.read_again(identified)).await,
        }
    }

    async fn read_again(&self, identified: &Identified) -> Result<Identified, Unauthenticated> {
        let began = self.keys().begin();
        let version = self.store().read().rights_version().await?;
        if let Found::Read(read) = &identified.found
            && read.version == version
            && read.key.is_live(self.now())
        {
            return Ok(identified.clone());
        }
        let key = self.store().read().find_key(identified.key_id()).await?.ok_or(Unauthenticated::UnknownKey)?;
        self.identified(key, identified.from_cookie, version, began).await
    }

    async fn identified(
        &self,
        key: ApiKey,
        from_cookie: bool,
        version: RightsVersion,
        began: Changes,
    ) -> Result<Identified, Unauthenticated> {
        let (key, user) = live(key, &mut self.store().read(), self.now()).await?;
        let found = Found::Read(Arc::new(ReadKey { key, user, version, began }));
        Ok(Identified { found, from_cookie })
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
        let known = match &identified.found {
            Found::Known(known, epoch) => match noted_use(known, self, &context) {
                None => Arc::clone(known),
                Some(noted) => match Box::pin(noted.keep(self)).await {
                    None => Arc::clone(known),
                    Some(used) => {
                        self.keys().replace(*epoch, &used);
                        used
                    }
                },
            },
            Found::Read(read) => Box::pin(self.acting(read, &context)).await?,
        };
        Ok(self.store_of_bearer(known, context, identified.from_cookie))
    }

    /// The store in the hands of a key's bearer, who is authenticated.
    pub(super) fn store_of_bearer(
        &self,
        known: Arc<PresentedKey>,
        context: RequestContext,
        from_cookie: bool,
    ) -> AuthorizedStore {
        let life = KeyLife::of(&known.key);
        context.decisions.authenticated(life, (known.owner.user.id, known.key.id.clone()));
        store_of(known, self, context, from_cookie)
    }

    /// A key that was read, compiled for an owner who may act; kept for later requests.
    async fn acting(&self, read: &ReadKey, context: &RequestContext) -> Result<Arc<PresentedKey>, Unauthenticated> {
        let ReadKey { key, user, version, began } = read;
        let life = KeyLife::of(key);
        let upstream_end = require_upstream(self, key).await?;
        let user = awake(user.clone(), self, context).await?;
        context.decisions.authenticated(life, (user.id, key.id.clone()));
        let origins = Origins { version: Some(*version), upstream_end };
        let known = Arc::new(compile(key.clone(), user, self, &mut self.store().read(), origins).await?);
        let known = match noted_use(&known, self, context) {
            Some(noted) => noted.keep(self).await.unwrap_or(known),
            None => known,
        };
        self.keys().keep(*began, &known);
        Ok(known)
    }

    /// The store as the bearer of this key reads it, for what the server asks itself before it answers them: no use of
    /// the key is noted, and no session is renewed.
    pub(super) async fn reading(&self, identified: &Identified) -> Result<AuthorizedStore, Unauthenticated> {
        let known = match &identified.found {
            Found::Known(known, _) => Arc::clone(known),
            Found::Read(read) => {
                let origins = Origins { version: Some(read.version), upstream_end: None };
                let (key, user) = (read.key.clone(), read.user.clone());
                Arc::new(compile(key, user, self, &mut self.store().read(), origins).await?)
            }
        };
        Ok(store_of(known, self, RequestContext::default(), identified.from_cookie))
    }
}

/// The store in the hands of the bearer of this key.
pub(super) fn store_of(
    known: Arc<PresentedKey>,
    authority: &Authority,
    context: RequestContext,
    from_cookie: bool,
) -> AuthorizedStore {
    let subject = Arc::clone(&known.rights.subject);
    let actor = Actor::Key { presented: known, from_cookie };
    let caller = Caller { actor, subject, catalogue: Arc::clone(authority.catalogue()), context };
    AuthorizedStore::new(caller, authority.clone())
}

/// What is kept of a key's secret.
pub(crate) fn hash_secret(secret: &str) -> SecretHash {
    SecretHash(Sha256::digest(secret.as_bytes()).into())
}

/// Whether two secrets are the same, in a time that tells nothing of how they differ.
pub(crate) fn is_same(presented: &SecretHash, expected: &SecretHash) -> bool {
    presented.0.ct_eq(&expected.0).into()
}

/// The key if it is live, and its owner if there still is one.
pub(super) async fn live(
    key: ApiKey,
    read: &mut Reader<'_>,
    now: Timestamp,
) -> Result<(ApiKey, User), Unauthenticated> {
    if !key.is_live(now) {
        return Err(Unauthenticated::Expired(key.expires_at));
    }
    let user = read.find_user(key.user_id).await?.filter(|user| !user.deleted);
    Ok((key, user.ok_or(Unauthenticated::UnknownKey)?))
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
