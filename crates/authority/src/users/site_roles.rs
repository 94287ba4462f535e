//! A user's roles of the deployment, where the caller sets them.
use keyfob_store::{StoreError, User, UserId};

use crate::{
    AuthorizedStore, Refused,
    fields::{Fields, MAX_LIST, WrongFields},
    roles::{AssignError, RolesBefore},
};

/// Why a user's roles were not set.
#[derive(Debug)]
pub enum UpdateUserRolesError {
    /// There are too many.
    Invalid(WrongFields),
    /// They would be the caller's own.
    Oneself,
    /// They follow the `OpenID` Connect provider.
    FollowProvider,
    /// They may not be given or taken so.
    Assign(AssignError),
    /// It failed.
    Refused(Refused),
}

impl From<WrongFields> for UpdateUserRolesError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<AssignError> for UpdateUserRolesError {
    fn from(error: AssignError) -> Self {
        Self::Assign(error)
    }
}

impl From<Refused> for UpdateUserRolesError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for UpdateUserRolesError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl AuthorizedStore {
    /// Gives a user exactly these roles of the deployment. Requires `assign` and, where one is taken, `unassign` on
    /// roles, that a role of the caller may assign each that is given or taken, a full key to give the role `owner`,
    /// that an owner is left, that the user is neither the caller nor one whose roles follow an identity provider, and
    /// that the roles are still those that the change was made from.
    ///
    /// # Errors
    /// Which of these is missing.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn update_user_roles(
        &self,
        id: UserId,
        roles: Vec<String>,
        before: RolesBefore,
    ) -> Result<User, UpdateUserRolesError> {
        Fields::default().at_most_entries("roles", roles.len(), MAX_LIST).check()?;
        if self.caller.is_self(id) {
            return Err(UpdateUserRolesError::Oneself);
        }
        let mut work = self.begin().await?;
        let user = work.live_user(id).await?;
        if work.authority.rules().syncs_roles_of(&user) {
            return Err(UpdateUserRolesError::FollowProvider);
        }
        let changed = work.assign_site_roles(&user, roles).await?;
        // Only those who may change the roles are told that others did; the change is given up with its unit of work.
        before.require(&user.roles)?;
        work.commit().await?;
        Ok(changed)
    }
}
