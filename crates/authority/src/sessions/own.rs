//! Where users are signed in, and signing them out there.
use keyfob_rbac::{Action, Filter, Id, ResourceType};
use keyfob_store::{ApiKey, KeyId, KeyLoginType, ListKeys, StoreError, UserId};

use crate::{
    AuthorizedStore, Caller, Refused, Unrecorded,
    audit::{EventKind, key_event},
    tokens::{Cascade, key_object, takes_descendants},
};

/// Whether deleting all sessions of a user includes the one in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurrentSession {
    /// It is deleted, too.
    Deleted,
    /// It stays.
    Kept,
}

impl AuthorizedStore {
    /// A user's live sessions that the caller may see. Requires `read` on each.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_sessions(&self, of: UserId) -> Result<Vec<ApiKey>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::API_KEY);
        Ok(self.read().sessions(&self.live_sessions(of), &filter).await?)
    }

    /// Deletes one of a user's sessions. Requires `read` and `delete` on it, unless it is the caller's own key.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when it is not there, is no session, or the caller may not delete it.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn delete_session(&self, of: UserId, id: Option<&KeyId>) -> Result<(), Refused> {
        let key = self.get_key(id, Some(of)).await?;
        if key.login_type == KeyLoginType::Token {
            return Err(Refused::missing());
        }
        self.delete_key(&key, Cascade::ByKind).await.map(drop)
    }

    /// Deletes all of a user's live sessions. Requires `delete` on all keys of that user: a refusal is hidden from
    /// others than that user.
    ///
    /// # Errors
    /// When the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn delete_sessions(&self, of: UserId, current: CurrentSession) -> Result<(), Refused> {
        let check = |caller: &Caller| {
            caller.require(Action::DELETE, &key_object(Id::None, of)).map_err(|denied| {
                if caller.is_self(of) { Refused::Denied(denied) } else { Refused::Hidden(Some(denied)) }
            })
        };
        let mut work = self.begin_if(check).await?;
        let now = work.now();
        let sessions = work.read().sessions(&self.live_sessions(of), &Filter::All).await?;
        for key in &sessions {
            if current == CurrentSession::Kept && work.caller.is_own_identity(&key.id) {
                continue;
            }
            if takes_descendants(key, Cascade::ByKind) {
                work.tx.delete_descendants(&key.id, now).await?;
            }
            match work.tx.delete_key(&key.id).await {
                // Deleted already, as a descendant of another session.
                Err(StoreError::Gone) => continue,
                deleted => deleted?,
            }
            work.record(key_event(EventKind::KeyDeleted, Some(key), None));
        }
        Ok(work.commit_unrecorded(Unrecorded::NothingToChange).await?)
    }

    fn live_sessions(&self, of: UserId) -> ListKeys {
        ListKeys { user_id: Some(of), include_expired: false, now: self.now(), ..ListKeys::default() }
    }
}
