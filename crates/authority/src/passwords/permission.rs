//! Who may set what another user signs in with.
use keyfob_rbac::{Action, ResourceType};
use keyfob_store::{Reader, StoreError, User};

use crate::{AuthorizedStore, Caller, Denied, Refused, roles::may_assign_all_of, users::user_object};

/// Why a caller may not set what a user signs in with.
#[derive(Debug)]
pub enum SetCredentialError {
    /// The user is an owner, and the caller is none.
    OwnersOnly,
    /// The caller's roles may not assign all that the user holds.
    Stronger(Denied),
    /// It is another user's, and the caller's key is narrow.
    NeedsFullKey,
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<Refused> for SetCredentialError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for SetCredentialError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl AuthorizedStore {
    /// Whether the caller may set a user's password at all. Requires `update_personal` on the user; for another user's
    /// also a full key, `update` on the user, and a role that may assign every role that the user holds.
    ///
    /// # Errors
    /// Which of these is missing.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn require_setting_password(&self, user: &User) -> Result<(), SetCredentialError> {
        may_set_password(&self.caller, &mut self.read(), user).await
    }
}

/// Decides with the roles that the reader finds: within a change, those of its transaction.
pub(super) async fn may_set_password(
    caller: &Caller,
    read: &mut Reader<'_>,
    user: &User,
) -> Result<(), SetCredentialError> {
    caller.require_personal(Action::UPDATE_PERSONAL, user.id)?;
    if caller.is_self(user.id) {
        return Ok(());
    }
    if caller.user().is_none_or(User::is_owner) {
        return require_full_key(caller);
    }
    if user.is_owner() {
        return Err(SetCredentialError::OwnersOnly);
    }
    caller.require_permitted(Action::UPDATE, &user_object(user.id))?;
    require_no_stronger(caller, read, user).await?;
    require_full_key(caller)
}

/// Whether the caller may have a user sign in by a provider in place of a password. Requires `update_personal` on the
/// user; for another user than the caller's own also a full key, and a role that may assign every role that the user
/// holds. It decides with the roles that the reader finds.
pub(crate) async fn may_convert(caller: &Caller, read: &mut Reader<'_>, user: &User) -> Result<(), SetCredentialError> {
    caller.require_personal(Action::UPDATE_PERSONAL, user.id)?;
    if caller.is_self(user.id) {
        return Ok(());
    }
    require_no_stronger(caller, read, user).await?;
    require_full_key(caller)
}

/// The caller must be able to assign every role that the user holds.
async fn require_no_stronger(caller: &Caller, read: &mut Reader<'_>, user: &User) -> Result<(), SetCredentialError> {
    if may_assign_all_of(caller, read, user, None).await? {
        return Ok(());
    }
    Err(SetCredentialError::Stronger(caller.outranked(Action::UPDATE, ResourceType::USER)))
}

fn require_full_key(caller: &Caller) -> Result<(), SetCredentialError> {
    if caller.may_set_credentials_of_others() { Ok(()) } else { Err(SetCredentialError::NeedsFullKey) }
}
