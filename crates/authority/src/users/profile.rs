//! What users are called.
use keyfob_rbac::{Action, ResourceType};
use keyfob_store::{StoreError, User, UserId};

use super::user_object;
use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, user_event},
    fields::{Fields, WrongFields},
};

/// What a user is to be called.
#[derive(Clone, Debug)]
pub struct UpdateProfile {
    /// The username.
    pub username: String,
    /// The display name.
    pub name: String,
}

/// Why a user was not renamed.
#[derive(Debug)]
pub enum UpdateProfileError {
    /// Fields break their rules.
    Invalid(WrongFields),
    /// Another user has that username.
    UsernameTaken,
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<WrongFields> for UpdateProfileError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<Refused> for UpdateProfileError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for UpdateProfileError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::UsernameTaken,
            other => Self::Refused(other.into()),
        }
    }
}

/// What the caller may change of how a user is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileRights {
    /// The display name.
    pub may_change_name: bool,
    /// The username.
    pub may_change_username: bool,
}

impl AuthorizedStore {
    /// What the caller may change of how they are called themselves, for a page that offers no more. It requires nothing.
    pub fn own_profile_rights(&self) -> ProfileRights {
        let permits =
            |action| self.caller.user().is_some_and(|own| self.caller.is_permitted(action, &user_object(own.id)));
        let may_change_name = permits(Action::UPDATE_PERSONAL);
        ProfileRights { may_change_name, may_change_username: may_change_name && permits(Action::UPDATE) }
    }

    /// Gives a user this username and display name. Requires `update_personal` on the user; for another username
    /// `update`, too, and that a role of the caller may assign each that the user holds, unless it is the caller.
    ///
    /// # Errors
    /// When a name breaks its rules or is taken, or the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn update_profile(&self, id: UserId, names: UpdateProfile) -> Result<User, UpdateProfileError> {
        let UpdateProfile { username, name } = names;
        Fields::default().username("username", &username).real_name("name", &name).check()?;
        let object = user_object(id);
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::UPDATE_PERSONAL, &object)).await?;
        let old = work.live_user(id).await?;
        if username != old.username {
            work.caller.require_permitted(Action::UPDATE, &object)?;
            // Who renames another takes the name from them, and could then take it themselves.
            if !work.caller.is_self(id) {
                work.require_assigning_all_of(&old, None, (Action::UPDATE, ResourceType::USER)).await?;
            }
        }
        let now = work.now();
        work.tx.update_user_profile(id, &username, &name, now).await?;
        let changed = User { username, name, updated_at: now, ..old.clone() };
        work.record(user_event(EventKind::UserUpdated, Some(&old), &changed));
        work.commit().await?;
        Ok(changed)
    }
}
