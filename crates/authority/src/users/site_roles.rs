//! A user's roles of the deployment, where the caller sets them.
use keyfob_store::{LoginType, StoreError, User, UserId};

use crate::{AuthorizedStore, Refused, roles::AssignError};

/// Why a user's roles were not set.
#[derive(Debug)]
pub enum UpdateUserRolesError {
    /// They would be the caller's own.
    Oneself,
    /// They follow the `OpenID` Connect provider.
    FollowProvider,
    /// They may not be given or taken so.
    Assign(AssignError),
    /// It failed.
    Refused(Refused),
}

impl From<AssignError> for UpdateUserRolesError {
    fn from(error: AssignError) -> Self {
        Self::Assign(error)
    }
}

impl From<StoreError> for UpdateUserRolesError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl AuthorizedStore {
    /// Gives a user exactly these roles of the deployment. Requires the same as [`Self::update_site_roles`], and that
    /// it is not the caller's own user, nor one whose roles follow a provider.
    ///
    /// # Errors
    /// Which of these is missing.
    #[tracing::instrument(skip_all)]
    pub async fn update_user_roles(&self, id: UserId, roles: Vec<String>) -> Result<User, UpdateUserRolesError> {
        if self.caller.is_self(id) {
            return Err(UpdateUserRolesError::Oneself);
        }
        if self.authority.rules().has_role_sync {
            let user = self.read().find_user(id).await?.ok_or(StoreError::Gone)?;
            if user.login_type == LoginType::Oidc {
                return Err(UpdateUserRolesError::FollowProvider);
            }
        }
        Ok(self.update_site_roles(id, roles).await?)
    }
}
