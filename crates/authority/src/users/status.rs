//! Whether users may act: suspending, activating, and waking them.
use jiff::Timestamp;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{StoreError, User, UserId, UserStatus};

use super::user_object;
use crate::{
    AuthorizedStore, Caller, Refused, Unrecorded,
    audit::{EventKind, user_event},
    work::{NoOwnerLeft, Work},
};

/// Why a user was not suspended.
#[derive(Debug)]
pub enum SuspendUserError {
    /// It would be the caller's own user.
    Oneself,
    /// The user is an owner: that role must be taken first.
    IsOwner,
    /// The user is the last owner who may act.
    NoOwnerLeft,
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<Refused> for SuspendUserError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for SuspendUserError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl AuthorizedStore {
    /// Activates a user, who may act again. Requires `update` on the user, and that a role of the caller may assign each
    /// that the user holds.
    ///
    /// # Errors
    /// When the caller may not, or there is no such user.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn activate_user(&self, id: UserId) -> Result<User, Refused> {
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &user_object(id))).await?;
        let user = work.live_user(id).await?;
        work.require_assigning_all_of(&user, None, (Action::UPDATE, ResourceType::USER)).await?;
        let changed = work.set_status(&user, UserStatus::Active).await?;
        work.commit().await?;
        Ok(changed)
    }

    /// Suspends a user: all their keys are refused at once. Requires `update` on the user, that a role of the caller may
    /// assign each that the user holds, and that it is neither the caller's own user nor an owner.
    ///
    /// # Errors
    /// Which of these is missing.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn suspend_user(&self, id: UserId) -> Result<User, SuspendUserError> {
        let (mut work, user) = self.begin_suspension(id).await?;
        let changed = work.set_status(&user, UserStatus::Suspended).await?;
        work.commit().await?;
        Ok(changed)
    }

    /// Whether [`Self::suspend_user`] would suspend the user now, for a page that asks before.
    ///
    /// # Errors
    /// Why it would not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn check_suspend_user(&self, id: UserId) -> Result<(), SuspendUserError> {
        self.begin_suspension(id).await.map(drop)
    }

    async fn begin_suspension(&self, id: UserId) -> Result<(Work, User), SuspendUserError> {
        let check = |caller: &Caller| {
            if caller.is_self(id) {
                return Err(SuspendUserError::Oneself);
            }
            Ok(caller.require_permitted(Action::UPDATE, &user_object(id))?)
        };
        let mut work = self.begin_if(check).await?;
        let user = work.live_user(id).await?;
        if user.is_owner() {
            return Err(work.why_not_suspended(&user).await?);
        }
        work.require_assigning_all_of(&user, None, (Action::UPDATE, ResourceType::USER)).await?;
        Ok((work, user))
    }

    /// Activates a user who acts again, if they are dormant; answers them as they are then. Requires `update` on the
    /// user.
    ///
    /// # Errors
    /// When the caller may not, or there is no such user.
    #[tracing::instrument(level = "debug", skip_all)]
    pub(crate) async fn wake(&self, id: UserId) -> Result<User, Refused> {
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &user_object(id))).await?;
        let user = work.live_user(id).await?;
        if user.status != UserStatus::Dormant {
            return Ok(user);
        }
        let now = work.now();
        let awake = work.set_status(&user, UserStatus::Active).await?;
        work.tx.touch_user(id, now).await?;
        work.commit().await?;
        Ok(User { last_seen_at: Some(now), ..awake })
    }

    /// Makes active users dormant who have not acted since then; answers how many. Requires `update` on all users.
    ///
    /// # Errors
    /// When the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn make_dormant(&self, since: Timestamp, at_most: u64) -> Result<usize, Refused> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))).await?;
        let users = work.read().inactive_users(since, at_most).await?;
        for user in &users {
            work.set_status(user, UserStatus::Dormant).await?;
        }
        work.commit_unrecorded(Unrecorded::NothingToChange).await?;
        Ok(users.len())
    }
}

impl Work {
    /// Owners are not suspended: the role must be taken first. Only owners can take it, and not from the last one.
    async fn why_not_suspended(&mut self, owner: &User) -> Result<SuspendUserError, StoreError> {
        let could_demote = self.caller.user().is_none_or(User::is_owner);
        Ok(match self.require_owner_besides(owner).await? {
            Err(NoOwnerLeft) if could_demote => SuspendUserError::NoOwnerLeft,
            _ => SuspendUserError::IsOwner,
        })
    }

    async fn set_status(&mut self, user: &User, status: UserStatus) -> Result<User, StoreError> {
        let now = self.now();
        let changed = User { status, updated_at: now, ..user.clone() };
        self.tx.update_user_status(user.id, status, now).await?;
        if status == UserStatus::Suspended {
            self.withdraw_passcode_mail(user.id).await?;
        }
        self.record(user_event(EventKind::UserUpdated, Some(user), &changed));
        Ok(changed)
    }
}
