//! Sessions: beginning, listing and ending them.
use axum::http::StatusCode;
use keyfob_rbac::{Action, Filter, Id, Object, ResourceType};
use keyfob_store::{ApiKey, KeyId, KeyLoginType, ListKeys, Page, PasswordHash, StoreError, User, UserId, UserStatus};

use super::{
    AuthorizedStore, EndKey, KeyOrder, MintError, MintedKey,
    audit::key_audit,
    keys::{key_object, takes_descendants},
};
use crate::gate::Refused;

/// A password that was right.
pub(crate) struct RightPassword {
    /// As it was kept when it was checked.
    pub(crate) seen: PasswordHash,
    /// How it is to be kept, if it was kept in an older form.
    pub(crate) renewed: Option<PasswordHash>,
}

impl AuthorizedStore {
    /// Begins a session of who gave the right password, if it still is that and the user still active. Requires
    /// `create` on an API key of the user.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn sign_in(&self, user: User, password: RightPassword) -> Result<MintedKey, MintError> {
        self.caller.require(Action::CREATE, &key_object(Id::None, user.id)).map_err(MintError::Denied)?;
        let mut tx = self.store().begin().await?;
        let now = tx.find_user(user.id).await?;
        let is_active = now.is_some_and(|now| !now.deleted && now.status == UserStatus::Active);
        if !is_active || tx.find_password(user.id).await?.as_ref() != Some(&password.seen) {
            return Err(MintError::Overtaken);
        }
        if let Some(renewed) = &password.renewed {
            tx.rehash_password(user.id, renewed).await?;
        }
        let (key, minted) = self.forge(KeyOrder::session(&self.app, user, KeyLoginType::Password))?;
        self.insert_key(&mut tx, key).await?;
        tx.commit().await?;
        Ok(minted)
    }

    /// A user's live sessions that the caller may see. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn sessions(&self, of: UserId) -> Result<Vec<ApiKey>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::API_KEY);
        let list = ListKeys { user_id: Some(of), include_expired: false, now: self.now(), page: Page::default() };
        Ok(self.store().sessions(&list, &filter).await?)
    }

    /// Ends all of a user's live sessions, but not the caller's own key if that is to go on. Requires `delete` on keys
    /// of that user, whichever they are: what is refused is hidden from others than that user.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn delete_sessions(&self, of: UserId, keeps_own: bool) -> Result<(), Refused> {
        self.caller.require(Action::DELETE, &key_object(Id::None, of)).map_err(|denied| {
            if self.caller.is_self(of) { Refused::Denied(denied) } else { Refused::Hidden(Some(denied)) }
        })?;
        let mut tx = self.store().begin().await?;
        let list = ListKeys { user_id: Some(of), include_expired: false, now: self.now(), page: Page::default() };
        let sessions = self.store().sessions(&list, &Filter::All).await?;
        for key in sessions.iter().filter(|key| !(keeps_own && self.caller.is_own_identity(&key.id))) {
            if takes_descendants(key, EndKey::ByKind) {
                tx.delete_descendants(&key.id, self.now()).await?;
            }
            match tx.delete_key(&key.id).await {
                // It descended from another of them.
                Err(StoreError::Gone) => continue,
                deleted => deleted?,
            }
            self.record(&mut tx, key_audit("delete", StatusCode::NO_CONTENT, Some(key), None)).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Ends a key by itself alone, for who signs out and is not let in otherwise, because the session at their provider has
    /// ended. Requires `delete` on all keys.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn end_lapsed(&self, key: &KeyId) -> Result<(), Refused> {
        self.require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY))?;
        let mut tx = self.store().begin().await?;
        let Some(key) = tx.find_key(key).await? else { return Ok(()) };
        if takes_descendants(&key, EndKey::ByKind) {
            tx.delete_descendants(&key.id, self.now()).await?;
        }
        tx.delete_key(&key.id).await?;
        self.record(&mut tx, key_audit("logout", StatusCode::OK, Some(&key), None)).await?;
        Ok(tx.commit().await?)
    }

    /// Ends the caller's own key, and with it every application's key of the user. A key may always end itself.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn sign_out(&self) -> Result<(), Refused> {
        let Some(own) = self.caller.presented() else { return Err(Refused::missing()) };
        let mut tx = self.store().begin().await?;
        if takes_descendants(&own.key, EndKey::ByKind) {
            tx.delete_descendants(&own.key.id, self.now()).await?;
        }
        tx.delete_key(&own.key.id).await?;
        tx.delete_keys_with_scope(own.user.id, "coder:application_connect").await?;
        self.record(&mut tx, key_audit("logout", StatusCode::OK, Some(&own.key), None)).await?;
        Ok(tx.commit().await?)
    }
}
