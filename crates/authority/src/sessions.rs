//! Sessions: beginning, listing and ending them.
use crate::Caller;
use crate::Unrecorded;
use crate::tokens::issue;
use keyfob_rbac::{Action, Filter, Id, Object, ResourceType};
use keyfob_store::{ApiKey, KeyId, KeyLoginType, ListKeys, Page, PasswordHash, StoreError, User, UserId, UserStatus};

use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, key_event},
    tokens::{Descendants, MintError, MintRequest, MintedKey, key_object, takes_descendants},
};

/// A password that was right.
pub struct RightPassword {
    /// As it was kept when it was checked.
    pub seen: PasswordHash,
    /// How it is to be kept, if it was kept in an older form.
    pub renewed: Option<PasswordHash>,
}

impl AuthorizedStore {
    /// Begins a session of who gave the right password, if it still is that and the user still active. Requires
    /// `create` on an API key of the user.
    #[tracing::instrument(skip_all)]
    pub async fn sign_in(&self, user: User, password: RightPassword) -> Result<MintedKey, MintError> {
        let check = |caller: &Caller| Ok(caller.require(Action::CREATE, &key_object(Id::None, user.id))?);
        let mut work = self.begin_if::<MintError>(check).await?;
        let now = work.read().find_user(user.id).await?;
        let is_active = now.is_some_and(|now| !now.deleted && now.status == UserStatus::Active);
        if !is_active || work.read().find_password(user.id).await?.as_ref() != Some(&password.seen) {
            return Err(MintError::Overtaken);
        }
        if let Some(renewed) = &password.renewed {
            work.tx.rehash_password(user.id, renewed).await?;
        }
        let request = MintRequest::session(&work.authority, user, KeyLoginType::Password);
        let (key, minted) = issue(&work.authority, &work.caller, request)?;
        work.insert_key(key).await?;
        work.commit().await?;
        Ok(minted)
    }

    /// A user's live sessions that the caller may see. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub async fn sessions(&self, of: UserId) -> Result<Vec<ApiKey>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::API_KEY);
        let list = ListKeys { user_id: Some(of), include_expired: false, now: self.now(), page: Page::default() };
        Ok(self.read().sessions(&list, &filter).await?)
    }

    /// Ends all of a user's live sessions, but not the caller's own key if that is to go on. Requires `delete` on keys
    /// of that user, whichever they are: what is refused is hidden from others than that user.
    #[tracing::instrument(skip_all)]
    pub async fn delete_sessions(&self, of: UserId, keeps_own: bool) -> Result<(), Refused> {
        let check = |caller: &Caller| {
            caller.require(Action::DELETE, &key_object(Id::None, of)).map_err(|denied| {
                if caller.is_self(of) { Refused::Denied(denied) } else { Refused::Hidden(Some(denied)) }
            })
        };
        let mut work = self.begin_if(check).await?;
        let list = ListKeys { user_id: Some(of), include_expired: false, now: self.now(), page: Page::default() };
        let sessions = work.read().sessions(&list, &Filter::All).await?;
        for key in &sessions {
            if keeps_own && work.caller.is_own_identity(&key.id) {
                continue;
            }
            if takes_descendants(key, Descendants::ByKind) {
                work.tx.delete_descendants(&key.id, self.now()).await?;
            }
            match work.tx.delete_key(&key.id).await {
                // It descended from another of them.
                Err(StoreError::Gone) => continue,
                deleted => deleted?,
            }
            work.record(key_event(EventKind::KeyDeleted, Some(key), None));
        }
        Ok(work.commit_unrecorded(Unrecorded::NothingToChange).await?)
    }

    /// Ends a key by itself alone, for who signs out and is not let in otherwise, because the session at their provider has
    /// ended. Requires `delete` on all keys.
    #[tracing::instrument(skip_all)]
    pub async fn end_lapsed(&self, key: &KeyId) -> Result<(), Refused> {
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY)))
            .await?;
        let Some(key) = work.read().find_key(key).await? else { return Ok(()) };
        if takes_descendants(&key, Descendants::ByKind) {
            work.tx.delete_descendants(&key.id, self.now()).await?;
        }
        work.tx.delete_key(&key.id).await?;
        work.record(key_event(EventKind::SignedOut, Some(&key), None));
        Ok(work.commit().await?)
    }

    /// Ends the caller's own key, and with it every application's key of the user. A key may always end itself.
    #[tracing::instrument(skip_all)]
    pub async fn sign_out(&self) -> Result<(), Refused> {
        let mut work = self.begin().await?;
        let Some(key) = work.caller.key().cloned() else { return Err(Refused::missing()) };
        if takes_descendants(&key, Descendants::ByKind) {
            work.tx.delete_descendants(&key.id, self.now()).await?;
        }
        work.tx.delete_key(&key.id).await?;
        work.tx.delete_keys_with_scope(key.user_id, "coder:application_connect").await?;
        work.record(key_event(EventKind::SignedOut, Some(&key), None));
        Ok(work.commit().await?)
    }
}
