//! API keys: minting, reading, expiring and deleting.
mod issue;
mod names;

pub(crate) use issue::{bounds, issue};
pub use names::invent;

use crate::Caller;
use crate::Unrecorded;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, AllowEntry, AllowList, Id, Object, ResourceType, ScopeName};
use keyfob_store::{ApiKey, KeyId, KeyLoginType, ListKeys, Page, StoreError, User, UserId};

use crate::{
    Authority, AuthorizedStore, Denied, Refused,
    audit::{EventKind, key_event},
    caller::{PresentedKey, is_full},
    notices::{Notice, summary},
    work::Work,
};

/// What a person asks for, or leaves out.
#[derive(Clone, Debug)]
pub enum Requested<T> {
    /// All that the caller's own key has.
    Own,
    /// Exactly this.
    Exactly(T),
}

/// How long a key is to live.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime(pub Duration);

/// A new key to mint.
#[derive(Clone, Debug)]
pub struct MintRequest {
    pub owner: User,
    pub kind: NewKeyKind,
    pub scopes: Requested<Vec<ScopeName>>,
    pub allow_list: Requested<AllowList>,
    pub lifetime: Lifetime,
}

impl MintRequest {
    /// A session with all that its order's caller has.
    pub fn session(authority: &Authority, owner: User, begun: KeyLoginType) -> Self {
        let lifetime = Lifetime(authority.rules().lifetimes.session);
        Self { owner, kind: NewKeyKind::Session(begun), scopes: Requested::Own, allow_list: Requested::Own, lifetime }
    }
}

impl MintRequest {
    /// A session that is not begun by signing in: made with a key, it lives as long as a token (contract, section 2.2).
    pub fn session_from_key(authority: &Authority, owner: User) -> Self {
        Self {
            lifetime: Lifetime(authority.rules().lifetimes.token_default),
            ..Self::session(authority, owner, KeyLoginType::Password)
        }
    }
}

/// What kind of key to mint.
#[derive(Clone, Debug)]
pub enum NewKeyKind {
    /// An API token of this name.
    Token(String),
    /// A session, begun in this way.
    Session(KeyLoginType),
}

/// A fresh key.
pub struct MintedKey {
    /// The whole key, for its owner's eyes only.
    pub text: SecretText,
}

/// Why a key was not minted.
#[derive(Debug)]
pub enum MintError {
    /// The caller may not mint for that user, or may not act any more.
    Refused(Refused),
    /// It would be stronger than the caller's own key: these scopes and allow-list entries exceed it.
    Exceeds { scopes: Vec<ScopeName>, entries: Vec<AllowEntry> },
    /// The owner has a live token of that name.
    NameTaken(String),
    /// What it was to be minted on has changed meanwhile: the owner, their password, or the caller's key.
    Overtaken,
}

impl From<Refused> for MintError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Denied> for MintError {
    fn from(denied: Denied) -> Self {
        Self::Refused(Refused::Denied(denied))
    }
}

impl From<StoreError> for MintError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// What to end together with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descendants {
    /// What the kind of key suggests: keys minted with a narrow one end too, those minted with a full one stay.
    ByKind,
    /// Every key minted with it, and those minted with them.
    WithDescendants,
    /// Nothing else.
    Alone,
}

/// What ending a key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How many keys minted with it ended, too.
    pub descendants: u64,
}

pub(crate) fn key_object(id: Id<'_>, owner: UserId) -> Object<'_> {
    Object::of(ResourceType::API_KEY).with_id(id).owned_by(owner.0)
}

/// A lifetime as it is kept: in whole seconds, and less than one as a day (contract, section 2.3).
fn lifetime_seconds(lifetime: SignedDuration) -> i64 {
    match lifetime.as_secs() {
        seconds if seconds > 0 => seconds,
        _ => 86_400,
    }
}

impl AuthorizedStore {
    /// Mints a key. Requires `create` on an API key of its owner, and nothing that the caller's own key lacks.
    #[tracing::instrument(skip_all)]
    pub async fn mint_key(&self, order: MintRequest) -> Result<MintedKey, MintError> {
        let check = |caller: &Caller| {
            caller.require(Action::CREATE, &key_object(Id::None, order.owner.id))?;
            bounds(&self.authority, caller, &order).map(drop)
        };
        let mut work = self.begin_if::<MintError>(check).await?;
        let (key, minted) = issue(&self.authority, &work.caller, order)?;
        work.insert_key(key).await?;
        work.commit().await?;
        Ok(minted)
    }

    /// How long the longest-lived token may live that the caller could mint under this limit.
    pub fn longest_lifetime(&self, limit: Duration) -> Duration {
        let end = self.caller.presented().and_then(PresentedKey::end_of_children);
        let remaining = end.map(|end| Duration::try_from(end.duration_since(self.now())).unwrap_or(Duration::ZERO));
        remaining.map_or(limit, |remaining| remaining.min(limit))
    }

    /// The tokens that the caller may see: of one user, or of all. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub async fn tokens(
        &self,
        of: Option<UserId>,
        include_expired: bool,
        page: Page<KeyId>,
    ) -> Result<Vec<ApiKey>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::API_KEY);
        let list = ListKeys { user_id: of, include_expired, now: self.now(), page };
        Ok(self.read().tokens(&list, &filter).await?)
    }

    /// A user's token by its name. Requires `read` on it.
    #[tracing::instrument(skip_all)]
    pub async fn token_by_name(&self, owner: UserId, name: &str) -> Result<ApiKey, Refused> {
        let found = self.read().find_key_by_name(owner, name, self.now()).await?;
        self.visible_key(found)
    }

    /// A key by its id. Requires `read` on it, unless it is the caller's own key.
    ///
    /// With an owner given, a key of anybody else is not there.
    #[tracing::instrument(skip_all)]
    pub async fn key(&self, id: Option<&KeyId>, owner: Option<UserId>) -> Result<ApiKey, Refused> {
        let found = match id {
            Some(id) => self.read().find_key_for_view(id, self.now()).await?,
            None => None,
        };
        self.visible_key(found.filter(|key| owner.is_none_or(|owner| key.user_id == owner)))
    }

    fn visible_key(&self, found: Option<ApiKey>) -> Result<ApiKey, Refused> {
        let Some(key) = found else {
            self.caller.context().decisions.required(ResourceType::API_KEY, Action::READ);
            return Err(self.caller.missing(ResourceType::API_KEY));
        };
        if !self.caller.is_own_identity(&key.id) {
            self.caller.require_visible(&key_object(Id::from(key.id.as_str()), key.user_id))?;
        }
        Ok(key)
    }

    /// Ends a key; its row stays. Requires `read` and `update` on it, unless it is the caller's own key.
    #[tracing::instrument(skip_all)]
    pub async fn expire_key(&self, key: &ApiKey, how: Descendants) -> Result<Ended, Refused> {
        let mut work = self.begin_if(|caller| require_ending(caller, Action::UPDATE, key)).await?;
        let now = work.now();
        let was_live = work.tx.expire_key(&key.id, now).await?;
        let descendants = if takes_descendants(key, how) { work.tx.expire_descendants(&key.id, now).await? } else { 0 };
        if was_live || descendants > 0 {
            let ended = ApiKey { expires_at: now, is_revoked: true, ..key.clone() };
            work.record(key_event(EventKind::KeyExpired, Some(key), Some(&ended)));
        }
        work.commit_unrecorded(Unrecorded::NothingToChange).await?;
        Ok(Ended { descendants })
    }

    /// Removes a key. Requires `read` and `delete` on it, unless it is the caller's own key.
    #[tracing::instrument(skip_all)]
    pub async fn delete_key(&self, key: &ApiKey, how: Descendants) -> Result<Ended, Refused> {
        let mut work = self.begin_if(|caller| require_ending(caller, Action::DELETE, key)).await?;
        let takes = takes_descendants(key, how);
        let descendants = if takes { work.tx.delete_descendants(&key.id, self.now()).await? } else { 0 };
        work.tx.delete_key(&key.id).await?;
        work.record(key_event(EventKind::KeyDeleted, Some(key), None));
        work.commit().await?;
        Ok(Ended { descendants })
    }

    /// Removes keys that ended before that instant. Requires `delete` on all keys.
    #[tracing::instrument(skip_all)]
    pub async fn purge_keys(&self, ended_before: Timestamp, at_most: u64) -> Result<u64, Refused> {
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY)))
            .await?;
        let purged = work.tx.purge_keys(ended_before, at_most).await?;
        work.commit_unrecorded(Unrecorded::Retention).await?;
        Ok(purged)
    }
}

/// The key is visible; a refusal to expire or delete it looks all the same as if it were not there.
fn require_ending(caller: &Caller, action: Action, key: &ApiKey) -> Result<(), Refused> {
    if caller.is_own_identity(&key.id) {
        return Ok(());
    }
    let object = key_object(Id::from(key.id.as_str()), key.user_id);
    caller.require(action, &object).map_err(|denied| Refused::Hidden(Some(denied)))
}

pub(crate) fn takes_descendants(key: &ApiKey, how: Descendants) -> bool {
    match how {
        Descendants::WithDescendants => true,
        Descendants::Alone => false,
        Descendants::ByKind => !is_full(key),
    }
}

impl Work {
    /// The key that takes the place of the caller's own: it has the same parent, and no more than the caller's own key.
    pub(crate) fn successor(&self, request: MintRequest) -> Result<(ApiKey, MintedKey), MintError> {
        let (key, minted) = issue(&self.authority, &self.caller, request)?;
        let parent_id = self.caller.key().and_then(|key| key.parent_id.clone());
        Ok((ApiKey { parent_id, ..key }, minted))
    }

    /// Stores a key, if its owner is still there.
    pub(crate) async fn insert_key(&mut self, key: ApiKey) -> Result<(), MintError> {
        let kind = if self.caller.user().is_none() { EventKind::SignedIn } else { EventKind::KeyMinted };
        self.insert_key_as(key, kind).await
    }

    /// The same, with the kind of event for its record.
    pub(crate) async fn insert_key_as(&mut self, key: ApiKey, kind: EventKind) -> Result<(), MintError> {
        let owner = self.read().find_user(key.user_id).await?;
        let owner = owner.filter(|owner| !owner.deleted).ok_or(MintError::Overtaken)?;
        match self.tx.insert_key(&key).await {
            Err(StoreError::Conflict(_)) => return Err(MintError::NameTaken(key.token_name)),
            inserted => inserted?,
        }
        if let Some(minter) = self.caller.user().filter(|minter| minter.id != owner.id) {
            let notice = Notice::TokenMinted { by: minter.username.clone(), token: summary(&key) };
            self.notify(&owner, &notice).await?;
        }
        self.record(key_event(kind, None, Some(&key)));
        Ok(())
    }
}
