//! Expiring and deleting keys.
use jiff::Timestamp;
use keyfob_rbac::{Action, Id, Object, ResourceType};
use keyfob_store::{ApiKey, KeyId};

use super::key_object;
use crate::{
    AuthorizedStore, Caller, Refused, Unrecorded,
    audit::{EventKind, key_event},
    caller::is_full,
    work::Work,
};

/// What is expired or deleted together with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cascade {
    /// What the kind of key suggests: the descendants of a narrow key go with it, those of a full key stay.
    ByKind,
    /// Its descendants: every key minted with it, and those minted with them.
    Descendants,
    /// Nothing else.
    KeyAlone,
}

/// What expiring or deleting a key affected besides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Affected {
    /// How many live keys minted with it were expired or deleted, too.
    pub descendants: u64,
}

/// What the caller may do to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRights {
    /// Whether [`AuthorizedStore::expire_key`] is allowed.
    pub may_expire: bool,
    /// Whether [`AuthorizedStore::delete_key`] is allowed.
    pub may_delete: bool,
}

impl Cascade {
    /// How many live descendants of a key go with it. The key was read with their number.
    pub fn takes(self, key: &ApiKey) -> u64 {
        if takes_descendants(key, self) { key.live_descendants } else { 0 }
    }
}

impl AuthorizedStore {
    /// What the caller may do to a key, for a page that offers no more. It requires nothing.
    pub fn key_rights(&self, key: &ApiKey) -> KeyRights {
        let caller = self.incidental().caller;
        KeyRights {
            may_expire: require_change(&caller, Action::UPDATE, key).is_ok(),
            may_delete: require_change(&caller, Action::DELETE, key).is_ok(),
        }
    }

    /// Whether [`Self::expire_key`] is allowed, for a page that asks before.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check_expire_key(&self, key: &ApiKey) -> Result<(), Refused> {
        require_change(&self.caller, Action::UPDATE, key)
    }

    /// Whether [`Self::delete_key`] is allowed, for a page that asks before.
    ///
    /// # Errors
    /// Why it is not.
    pub fn check_delete_key(&self, key: &ApiKey) -> Result<(), Refused> {
        require_change(&self.caller, Action::DELETE, key)
    }

    /// Expires a key; its row stays. Requires `read` and `update` on it, unless it is the caller's own key.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is no such key, or the caller may not do that.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn expire_key(&self, key: &ApiKey, cascade: Cascade) -> Result<Affected, Refused> {
        let mut work = self.begin_if(|caller| require_change(caller, Action::UPDATE, key)).await?;
        let key = work.existing_key(&key.id).await?;
        let descendants = work.expire(&key, cascade).await?;
        work.commit_unrecorded(Unrecorded::NothingToChange).await?;
        Ok(Affected { descendants })
    }

    /// Expires several keys, all of them or none. Requires the same as [`Self::expire_key`] for each.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when one of them is not there, or the caller may not expire it: then all stay as they are.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn expire_keys(&self, ids: &[KeyId], cascade: Cascade) -> Result<(), Refused> {
        let mut work = self.begin().await?;
        for id in ids {
            let key = work.existing_key(id).await?;
            require_change(&work.caller, Action::UPDATE, &key)?;
            work.expire(&key, cascade).await?;
        }
        work.commit_unrecorded(Unrecorded::NothingToChange).await?;
        Ok(())
    }

    /// Deletes a key. Requires `read` and `delete` on it, unless it is the caller's own key.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is no such key, or the caller may not do that.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn delete_key(&self, key: &ApiKey, cascade: Cascade) -> Result<Affected, Refused> {
        let mut work = self.begin_if(|caller| require_change(caller, Action::DELETE, key)).await?;
        let key = work.existing_key(&key.id).await?;
        let now = work.now();
        let takes = takes_descendants(&key, cascade);
        let descendants = if takes { work.tx.delete_descendants(&key.id, now).await? } else { 0 };
        work.tx.delete_key(&key.id).await?;
        work.record(key_event(EventKind::KeyDeleted, Some(&key), None));
        work.commit().await?;
        Ok(Affected { descendants })
    }

    /// Deletes keys that expired before that instant, and answers how many. Requires `delete` on all keys.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn purge_keys(&self, expired_before: Timestamp, at_most: u64) -> Result<u64, Refused> {
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY)))
            .await?;
        let purged = work.tx.purge_keys(expired_before, at_most).await?;
        work.commit_unrecorded(Unrecorded::Retention).await?;
        Ok(purged)
    }
}

/// The key is visible; a refusal to expire or delete it looks all the same as if it did not exist.
fn require_change(caller: &Caller, action: Action, key: &ApiKey) -> Result<(), Refused> {
    if caller.is_own_identity(&key.id) {
        return Ok(());
    }
    let object = key_object(Id::from(key.id.as_str()), key.user_id);
    caller.require_visible(&object)?;
    caller.require(action, &object).map_err(|denied| Refused::Hidden(Some(denied)))
}

pub(crate) fn takes_descendants(key: &ApiKey, cascade: Cascade) -> bool {
    match cascade {
        Cascade::Descendants => true,
        Cascade::KeyAlone => false,
        Cascade::ByKind => !is_full(key),
    }
}

impl Work {
    /// The key as it is now.
    async fn existing_key(&mut self, id: &KeyId) -> Result<ApiKey, Refused> {
        let found = self.read().find_key(id).await?;
        found.ok_or_else(|| self.caller.missing(ResourceType::API_KEY))
    }

    /// Expires a key, with a record unless all was expired already. Says how many of its descendants it took.
    async fn expire(&mut self, key: &ApiKey, cascade: Cascade) -> Result<u64, Refused> {
        let now = self.now();
        let was_live = self.tx.expire_key(&key.id, now).await?;
        let takes = takes_descendants(key, cascade);
        let descendants = if takes { self.tx.expire_descendants(&key.id, now).await? } else { 0 };
        if was_live || descendants > 0 {
            let expired = ApiKey { expires_at: now, is_revoked: true, ..key.clone() };
            self.record(key_event(EventKind::KeyExpired, Some(key), Some(&expired)));
        }
        Ok(descendants)
    }
}
