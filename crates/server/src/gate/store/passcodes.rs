//! Passcodes with which a forgotten password is replaced (contract, section 5.6).
use axum::http::StatusCode;
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{LoginType, Passcode, PasswordHash, SecretHash, StoreError, Tx, User, UserStatus};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{AuthorizedStore, SetPasswordError, audit::user_audit, users::user_object};
use crate::{
    gate::Refused,
    notices::{Changer, Notice, PASSCODE_LIFE},
};

/// What is kept of a passcode. It has 122 random bits, so nobody finds it by trying.
pub(super) fn hash_passcode(passcode: &SecretText) -> SecretHash {
    SecretHash(Sha256::digest(passcode.reveal().as_bytes()).into())
}

impl AuthorizedStore {
    /// Lets a passcode be mailed to a user, in the place of an older one; does as much where there is nobody to mail
    /// it to. Requires `update` on all users.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn request_passcode(&self, user: Option<&User>) -> Result<(), Refused> {
        self.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))?;
        let mut tx = self.store().begin().await?;
        match user {
            Some(user) => {
                let ends_at = self.now().checked_add(PASSCODE_LIFE).map_err(|_| StoreError::Gone)?;
                let could = user.login_type == LoginType::Password && user.status != UserStatus::Suspended;
                if could {
                    tx.set_passcode(user.id, &Passcode { hash: None, ends_at }).await?;
                    self.notify(&mut tx, user, &Notice::PasswordReset).await?;
                }
                let deed = user_audit("request_password_reset", StatusCode::NO_CONTENT, Some(user), user);
                let deed = if could { deed.with_value("one_time_passcode_expires_at", &ends_at) } else { deed };
                self.record(&mut tx, deed).await?;
            }
            None => self.note_stranger(&mut tx).await?,
        }
        Ok(tx.commit().await?)
    }

    /// Whether this is the passcode that was mailed to the user, and still works. Requires `read` on all users.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn is_passcode(&self, user: Option<&User>, passcode: &SecretText) -> Result<bool, Refused> {
        self.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
        let mut tx = self.store().begin().await?;
        match user {
            Some(user) => Ok(self.passcode_fits(&mut tx, user, passcode).await?),
            None => Ok(false),
        }
    }

    async fn passcode_fits(&self, tx: &mut Tx, user: &User, passcode: &SecretText) -> Result<bool, StoreError> {
        let pending = tx.find_passcode(user.id).await?.filter(|pending| pending.ends_at > self.now());
        let kept = pending.and_then(|pending| pending.hash);
        let kept = kept.as_ref().unwrap_or(&self.app.settings().dummy_hash);
        Ok(kept.0.ct_eq(&hash_passcode(passcode).0).into())
    }

    /// Gives a user another password for a passcode, which is used up by it, and ends all their keys. Requires
    /// `update` on the user, and that the passcode still works.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn reset_password(
        &self,
        user: &User,
        passcode: &SecretText,
        hash: &PasswordHash,
    ) -> Result<(), SetPasswordError> {
        self.require_permitted(Action::UPDATE, &user_object(user.id))?;
        let mut tx = self.store().begin().await?;
        let user = tx.find_user(user.id).await?.ok_or(StoreError::Gone)?;
        if !self.passcode_fits(&mut tx, &user, passcode).await? || user.login_type != LoginType::Password {
            return Err(SetPasswordError::Overtaken);
        }
        self.replace_password(&mut tx, &user, hash, Changer::Passcode).await?;
        tx.delete_keys_of(user.id).await?;
        Ok(tx.commit().await?)
    }
}
