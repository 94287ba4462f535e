//! Signing out.
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{ApiKey, KeyId, StoreError};

use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, key_event},
    tokens::{Cascade, takes_descendants},
    work::Work,
};

/// Applications' keys have this scope: they go when their user signs out.
const APPLICATION_SCOPE: &str = "coder:application_connect";

impl AuthorizedStore {
    /// Deletes the caller's own key, and with it every application's key of the user. A key may always delete itself.
    ///
    /// # Errors
    /// When the key is not live any more.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn sign_out(&self) -> Result<(), Refused> {
        let mut work = self.begin().await?;
        let Some(key) = work.caller.key().cloned() else { return Err(Refused::missing()) };
        work.sign_out_with(&key).await?;
        work.tx.delete_keys_with_scope(key.user_id, APPLICATION_SCOPE).await?;
        Ok(work.commit().await?)
    }

    /// Deletes this key alone: its user signs out and is not let in otherwise, because the session at their provider
    /// expired. Requires `delete` on all keys.
    ///
    /// # Errors
    /// When the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn end_lapsed(&self, key: &KeyId) -> Result<(), Refused> {
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY)))
            .await?;
        let Some(key) = work.read().find_key(key).await? else { return Ok(()) };
        work.sign_out_with(&key).await?;
        Ok(work.commit().await?)
    }
}

impl Work {
    async fn sign_out_with(&mut self, key: &ApiKey) -> Result<(), StoreError> {
        if takes_descendants(key, Cascade::ByKind) {
            let now = self.now();
            self.tx.delete_descendants(&key.id, now).await?;
        }
        self.tx.delete_key(&key.id).await?;
        self.record(key_event(EventKind::SignedOut, Some(key), None));
        Ok(())
    }
}
