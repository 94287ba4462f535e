//! Deleting users.
use keyfob_rbac::{Action, ResourceType};
use keyfob_store::{ResourcesOf, StoreError, User, UserId};

use super::user_object;
use crate::{
    AuthorizedStore, Caller, Refused,
    audit::{EventKind, user_event},
    work::{NoOwnerLeft, Work},
};

/// Why a user was not deleted.
#[derive(Debug)]
pub enum DeleteUserError {
    /// It would be the caller's own user.
    Oneself,
    /// The user owns workspaces.
    HasWorkspaces,
    /// The user is the last owner who may act.
    NoOwnerLeft,
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<Refused> for DeleteUserError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for DeleteUserError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl AuthorizedStore {
    /// Deletes a user, with their keys and memberships. Requires `delete` on the user, that a role of the caller may
    /// assign each that the user holds, and that it is not the caller's own user, that it owns no workspaces, and that
    /// an owner is left.
    ///
    /// # Errors
    /// Which of these is missing.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn delete_user(&self, id: UserId) -> Result<(), DeleteUserError> {
        let (mut work, user) = self.begin_user_deletion(id).await?;
        let now = work.now();
        work.tx.delete_user(id, now).await?;
        let deleted = User { deleted: true, updated_at: now, ..user.clone() };
        work.record(user_event(EventKind::UserDeleted, Some(&user), &deleted));
        Ok(work.commit().await?)
    }

    /// Whether [`Self::delete_user`] would delete the user now, for a page that asks before.
    ///
    /// # Errors
    /// Why it would not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn check_delete_user(&self, id: UserId) -> Result<(), DeleteUserError> {
        self.begin_user_deletion(id).await.map(drop)
    }

    async fn begin_user_deletion(&self, id: UserId) -> Result<(Work, User), DeleteUserError> {
        let check = |caller: &Caller| {
            if caller.is_self(id) {
                return Err(DeleteUserError::Oneself);
            }
            Ok(caller.require_permitted(Action::DELETE, &user_object(id))?)
        };
        let mut work = self.begin_if(check).await?;
        let user = work.live_user(id).await?;
        work.require_assigning_all_of(&user, None, (Action::DELETE, ResourceType::USER)).await?;
        if work.read().count_resources(Some("workspace"), ResourcesOf::Owner(id)).await? > 0 {
            return Err(DeleteUserError::HasWorkspaces);
        }
        work.require_owner_besides(&user).await?.map_err(|NoOwnerLeft| DeleteUserError::NoOwnerLeft)?;
        Ok((work, user))
    }
}
