//! API keys: minting, reading, ending.
//!
//! INVARIANT: no key is stronger than the one it was minted with. [`AuthorizedStore::forge`] makes every new key, within
//! the bounds of the caller's own.
use std::time::Duration;

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, AllowEntry, AllowList, Id, Object, ResourceType, ScopeName, scopes_exceeding};
use keyfob_store::{ApiKey, KeyId, KeyLoginType, ListKeys, Page, StoreError, Tx, User, UserId};

use super::{AuthorizedStore, audit::key_audit, notices::summary};
use crate::{
    gate::{
        Denied, Refused,
        authenticate::hash_secret,
        caller::{PresentedKey, is_full},
        credential::SECRET_LENGTH,
    },
    notices::Notice,
    state::App,
};

/// What a person asks for, or leaves out.
#[derive(Clone, Debug)]
pub(crate) enum Wish<T> {
    /// All that the caller's own key has.
    Own,
    /// Exactly this.
    Exactly(T),
}

/// How long a key is to live.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime(pub(crate) Duration);

/// A new key to mint.
#[derive(Clone, Debug)]
pub(crate) struct KeyOrder {
    pub(crate) owner: User,
    pub(crate) kind: NewKeyKind,
    pub(crate) scopes: Wish<Vec<ScopeName>>,
    pub(crate) allow_list: Wish<AllowList>,
    pub(crate) lifetime: Lifetime,
}

impl KeyOrder {
    /// A session with all that its order's caller has.
    pub(crate) fn session(app: &App, owner: User, begun: KeyLoginType) -> Self {
        let lifetime = Lifetime(app.settings().lifetimes.session);
        Self { owner, kind: NewKeyKind::Session(begun), scopes: Wish::Own, allow_list: Wish::Own, lifetime }
    }
}

impl KeyOrder {
    /// A session that is not begun by signing in: made with a key, it lives as long as a token (contract, section 2.2).
    pub(crate) fn session_from_key(app: &App, owner: User) -> Self {
        Self {
            lifetime: Lifetime(app.settings().lifetimes.token_default),
            ..Self::session(app, owner, KeyLoginType::Password)
        }
    }
}

/// What kind of key to mint.
#[derive(Clone, Debug)]
pub(crate) enum NewKeyKind {
    /// An API token of this name.
    Token(String),
    /// A session, begun in this way.
    Session(KeyLoginType),
}

/// A fresh key.
pub(crate) struct MintedKey {
    /// The whole key, for its owner's eyes only.
    pub(crate) text: SecretText,
}

/// Why a key was not minted.
#[derive(Debug)]
pub(crate) enum MintError {
    /// The caller may not mint for that user.
    Denied(Denied),
    /// It would be stronger than the caller's own key: these scopes and allow-list entries exceed it.
    Exceeds { scopes: Vec<ScopeName>, entries: Vec<AllowEntry> },
    /// The owner has a live token of that name.
    NameTaken(String),
    /// What it was to be minted on has changed meanwhile: the owner, their password, or the caller's key.
    Overtaken,
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for MintError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What to end together with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndKey {
    /// What the kind of key suggests: keys minted with a narrow one end too, those minted with a full one stay.
    ByKind,
    /// Every key minted with it, and those minted with them.
    WithDescendants,
    /// Nothing else.
    Alone,
}

/// What ending a key came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// How many keys minted with it ended, too.
    pub(crate) descendants: u64,
}

pub(super) fn key_object(id: Id<'_>, owner: UserId) -> Object<'_> {
    Object::of(ResourceType::API_KEY).with_id(id).owned_by(owner.0)
}

/// A lifetime as it is kept: in whole seconds, and less than one as a day (contract, section 2.3).
fn lifetime_seconds(lifetime: SignedDuration) -> i64 {
    match lifetime.as_secs() {
        seconds if seconds > 0 => seconds,
        _ => 86_400,
    }
}

/// What a new key may do, to what, and until when at the most.
pub(super) struct Bounds {
    pub(super) scopes: Vec<ScopeName>,
    pub(super) allow_list: AllowList,
    pub(super) end: Option<Timestamp>,
}

impl AuthorizedStore {
    /// Mints a key. Requires `create` on an API key of its owner, and nothing that the caller's own key lacks.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn mint_key(&self, order: KeyOrder) -> Result<MintedKey, MintError> {
        self.caller.require(Action::CREATE, &key_object(Id::None, order.owner.id)).map_err(MintError::Denied)?;
        let (key, minted) = self.forge(order)?;
        let mut tx = self.store().begin().await?;
        self.require_parent(&mut tx, &key).await?;
        self.insert_key(&mut tx, key).await?;
        tx.commit().await?;
        Ok(minted)
    }

    /// The key that takes the place of the caller's own, which must still be there: it has the same parent, and no more
    /// than the caller's own key.
    pub(super) async fn successor(&self, tx: &mut Tx, order: KeyOrder) -> Result<(ApiKey, MintedKey), MintError> {
        let (key, minted) = self.forge(order)?;
        self.require_parent(tx, &key).await?;
        let parent_id = self.caller.key().and_then(|key| key.parent_id.clone());
        Ok((ApiKey { parent_id, ..key }, minted))
    }

    /// A key as ordered, within the bounds of the caller's own.
    pub(super) fn forge(&self, order: KeyOrder) -> Result<(ApiKey, MintedKey), MintError> {
        let bounds = self.bounds(&order)?;
        let now = self.now();
        let asked_end = SignedDuration::try_from(order.lifetime.0).ok().and_then(|length| now.checked_add(length).ok());
        let asked_end = asked_end.unwrap_or(Timestamp::MAX);
        let end = bounds.end.into_iter().chain(self.absolute_end(&order.kind, now)).min();
        let expires_at = end.map_or(asked_end, |end| end.min(asked_end));
        let secret = SecretText::new(self.app.random().alphanumeric(SECRET_LENGTH));
        let id = KeyId::parse(&self.app.random().alphanumeric(KeyId::LENGTH)).ok_or(MintError::Overtaken)?;
        let (login_type, token_name) = match order.kind {
            NewKeyKind::Token(name) => (KeyLoginType::Token, name),
            NewKeyKind::Session(begun) => (begun, String::new()),
        };
        let key = ApiKey {
            secret_hash: hash_secret(secret.reveal()),
            user_id: order.owner.id,
            parent_id: self.caller.key().map(|key| key.id.clone()),
            login_type,
            token_name,
            scopes: bounds.scopes.iter().map(ToString::to_string).collect(),
            allow_list: bounds.allow_list.entries().iter().map(ToString::to_string).collect(),
            lifetime_seconds: lifetime_seconds(expires_at.duration_since(now)),
            created_at: now,
            last_used: Timestamp::UNIX_EPOCH,
            expires_at,
            absolute_end: end,
            is_revoked: false,
            live_descendants: 0,
            origin: self.caller.context.origin(),
            id,
        };
        let text = SecretText::new(format!("{}-{}", key.id, secret.reveal()));
        Ok((key, MintedKey { text }))
    }

    /// What a session never lives beyond, where that is set: so long after signing in. One that is made with another
    /// ends with that.
    fn absolute_end(&self, kind: &NewKeyKind, now: Timestamp) -> Option<Timestamp> {
        let limit = self.app.settings().lifetimes.session_absolute;
        if limit.is_zero() || matches!(kind, NewKeyKind::Token(_)) {
            return None;
        }
        let own = self.caller.key().and_then(|key| key.absolute_end);
        own.or_else(|| now.checked_add(SignedDuration::try_from(limit).ok()?).ok())
    }

    /// What was asked for, if it lies within the caller's own key.
    pub(super) fn bounds(&self, order: &KeyOrder) -> Result<Bounds, MintError> {
        let full = |scope| vec![scope];
        let Some(own) = self.caller.presented() else {
            let everything = self.catalogue().scope("coder:all").map(full).unwrap_or_default();
            return Ok(Bounds { scopes: everything, allow_list: AllowList::everything(), end: None });
        };
        let scopes = match &order.scopes {
            Wish::Own => own.scopes.clone(),
            Wish::Exactly(scopes) => scopes.clone(),
        };
        let allow_list = match &order.allow_list {
            Wish::Own => own.allow_list.clone(),
            Wish::Exactly(list) => list.clone(),
        };
        let exceeding_scopes = scopes_exceeding(self.catalogue(), &own.scopes, &scopes);
        let exceeding_entries = own.allow_list.exceeding(&allow_list);
        if exceeding_scopes.is_empty() && exceeding_entries.is_empty() {
            return Ok(Bounds { scopes, allow_list, end: own.end_of_children() });
        }
        Err(MintError::Exceeds { scopes: exceeding_scopes, entries: exceeding_entries })
    }

    /// The caller's key must still be there: it may have gone since the gate looked.
    async fn require_parent(&self, tx: &mut Tx, key: &ApiKey) -> Result<(), MintError> {
        match &key.parent_id {
            Some(parent) => self.require_live(tx, parent).await,
            None => Ok(()),
        }
    }

    /// A key must not have ended.
    pub(super) async fn require_live(&self, tx: &mut Tx, key: &KeyId) -> Result<(), MintError> {
        let key = tx.find_key(key).await?;
        if key.is_some_and(|key| key.is_live(self.now())) { Ok(()) } else { Err(MintError::Overtaken) }
    }

    /// Stores a key, if its owner is still there.
    pub(super) async fn insert_key(&self, tx: &mut Tx, key: ApiKey) -> Result<(), MintError> {
        let action = if self.caller.user().is_none() { "login" } else { "create" };
        self.insert_key_as(tx, key, action).await
    }

    /// The same, with the word for it in records.
    pub(super) async fn insert_key_as(&self, tx: &mut Tx, key: ApiKey, action: &'static str) -> Result<(), MintError> {
        let owner = tx.find_user(key.user_id).await?;
        let owner = owner.filter(|owner| !owner.deleted).ok_or(MintError::Overtaken)?;
        match tx.insert_key(&key).await {
            Err(StoreError::Conflict(_)) => return Err(MintError::NameTaken(key.token_name)),
            inserted => inserted?,
        }
        if let Some(minter) = self.caller.user().filter(|minter| minter.id != owner.id) {
            let notice = Notice::TokenMinted { by: minter.username.clone(), token: summary(&key) };
            self.notify(tx, &owner, &notice).await?;
        }
        self.record(tx, key_audit(action, StatusCode::CREATED, None, Some(&key))).await?;
        Ok(())
    }

    /// How long the longest-lived token may live that the caller could mint under this limit.
    pub(crate) fn longest_lifetime(&self, limit: Duration) -> Duration {
        let end = self.caller.presented().and_then(PresentedKey::end_of_children);
        let remaining = end.map(|end| Duration::try_from(end.duration_since(self.now())).unwrap_or(Duration::ZERO));
        remaining.map_or(limit, |remaining| remaining.min(limit))
    }

    /// The tokens that the caller may see: of one user, or of all. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn tokens(
        &self,
        of: Option<UserId>,
        include_expired: bool,
        page: Page<KeyId>,
    ) -> Result<Vec<ApiKey>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::API_KEY);
        let list = ListKeys { user_id: of, include_expired, now: self.now(), page };
        Ok(self.store().tokens(&list, &filter).await?)
    }

    /// A user's token by its name. Requires `read` on it.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn token_by_name(&self, owner: UserId, name: &str) -> Result<ApiKey, Refused> {
        let found = self.store().find_key_by_name(owner, name, self.now()).await?;
        self.visible_key(found)
    }

    /// A key by its id. Requires `read` on it, unless it is the caller's own key.
    ///
    /// With an owner given, a key of anybody else is not there.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn key(&self, id: Option<&KeyId>, owner: Option<UserId>) -> Result<ApiKey, Refused> {
        let found = match id {
            Some(id) => self.store().find_key_for_view(id, self.now()).await?,
            None => None,
        };
        self.visible_key(found.filter(|key| owner.is_none_or(|owner| key.user_id == owner)))
    }

    fn visible_key(&self, found: Option<ApiKey>) -> Result<ApiKey, Refused> {
        let Some(key) = found else {
            self.caller.context.trail.required(ResourceType::API_KEY, Action::READ);
            return Err(self.missing(ResourceType::API_KEY));
        };
        if !self.caller.is_own_identity(&key.id) {
            self.require_visible(&key_object(Id::from(key.id.as_str()), key.user_id))?;
        }
        Ok(key)
    }

    /// Ends a key; its row stays. Requires `read` and `update` on it, unless it is the caller's own key.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn expire_key(&self, key: &ApiKey, how: EndKey) -> Result<Ended, Refused> {
        self.require_ending(Action::UPDATE, key)?;
        let now = self.now();
        let mut tx = self.store().begin().await?;
        let was_live = tx.expire_key(&key.id, now).await?;
        let descendants = if takes_descendants(key, how) { tx.expire_descendants(&key.id, now).await? } else { 0 };
        if was_live || descendants > 0 {
            let ended = ApiKey { expires_at: now, is_revoked: true, ..key.clone() };
            self.record(&mut tx, key_audit("write", StatusCode::NO_CONTENT, Some(key), Some(&ended))).await?;
        }
        tx.commit().await?;
        Ok(Ended { descendants })
    }

    /// Removes a key. Requires `read` and `delete` on it, unless it is the caller's own key.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn delete_key(&self, key: &ApiKey, how: EndKey) -> Result<Ended, Refused> {
        self.require_ending(Action::DELETE, key)?;
        let mut tx = self.store().begin().await?;
        let takes = takes_descendants(key, how);
        let descendants = if takes { tx.delete_descendants(&key.id, self.now()).await? } else { 0 };
        tx.delete_key(&key.id).await?;
        self.record(&mut tx, key_audit("delete", StatusCode::NO_CONTENT, Some(key), None)).await?;
        tx.commit().await?;
        Ok(Ended { descendants })
    }

    /// Removes keys that ended before that instant. Requires `delete` on all keys.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn purge_keys(&self, ended_before: Timestamp, at_most: u64) -> Result<u64, Refused> {
        self.require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY))?;
        let mut tx = self.store().begin().await?;
        let purged = tx.purge_keys(ended_before, at_most).await?;
        tx.commit().await?;
        Ok(purged)
    }

    /// The key is visible; a refusal to end it looks all the same as if it were not there.
    fn require_ending(&self, action: Action, key: &ApiKey) -> Result<(), Refused> {
        if self.caller.is_own_identity(&key.id) {
            return Ok(());
        }
        let object = key_object(Id::from(key.id.as_str()), key.user_id);
        self.caller.require(action, &object).map_err(|denied| Refused::Hidden(Some(denied)))
    }
}

pub(super) fn takes_descendants(key: &ApiKey, how: EndKey) -> bool {
    match how {
        EndKey::WithDescendants => true,
        EndKey::Alone => false,
        EndKey::ByKind => !is_full(key),
    }
}
