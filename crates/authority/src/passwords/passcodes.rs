//! Passcodes with which a forgotten password is replaced (contract, section 5.6).
use crate::Unrecorded;
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{LoginType, Passcode, PasswordHash, SecretHash, StoreError, User, UserStatus};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, user_event},
    notices::{Changer, Notice, PASSCODE_LIFE},
    passwords::SetPasswordError,
    users::user_object,
    work::Work,
};

/// What is kept of a passcode. It has 122 random bits, so nobody finds it by trying.
pub(crate) fn hash_passcode(passcode: &SecretText) -> SecretHash {
    SecretHash(Sha256::digest(passcode.reveal().as_bytes()).into())
}

impl AuthorizedStore {
    /// Lets a passcode be mailed to a user, in the place of an older one; does as much where there is nobody to mail
    /// it to. Requires `update` on all users.
    #[tracing::instrument(skip_all)]
    pub async fn request_passcode(&self, user: Option<&User>) -> Result<(), Refused> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))).await?;
        match user {
            Some(user) => {
                let ends_at = self.now().checked_add(PASSCODE_LIFE).map_err(|_| StoreError::Gone)?;
                let could = user.login_type == LoginType::Password && user.status != UserStatus::Suspended;
                if could {
                    work.tx.set_passcode(user.id, &Passcode { hash: None, ends_at }).await?;
                    work.notify(user, &Notice::PasswordReset).await?;
                }
                let event = user_event(EventKind::PasswordResetRequested, Some(user), user);
                let event = if could { event.with_value("one_time_passcode_expires_at", &ends_at) } else { event };
                work.record(event);
            }
            None => work.note_unknown_account().await?,
        }
        Ok(work.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }

    /// Whether this is the passcode that was mailed to the user, and still works. Requires `read` on all users.
    #[tracing::instrument(skip_all)]
    pub async fn is_passcode(&self, user: Option<&User>, passcode: &SecretText) -> Result<bool, Refused> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::READ, &Object::of(ResourceType::USER))).await?;
        match user {
            Some(user) => Ok(work.passcode_fits(user, passcode).await?),
            None => Ok(false),
        }
    }

    /// Gives a user another password for a passcode, which is used up by it, and ends all their keys. Requires
    /// `update` on the user, and that the passcode still works.
    #[tracing::instrument(skip_all)]
    pub async fn reset_password(
        &self,
        user: &User,
        passcode: &SecretText,
        hash: &PasswordHash,
    ) -> Result<(), SetPasswordError> {
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &user_object(user.id))).await?;
        let user = work.read().find_user(user.id).await?.ok_or(StoreError::Gone)?;
        if !work.passcode_fits(&user, passcode).await? || user.login_type != LoginType::Password {
            return Err(SetPasswordError::Overtaken);
        }
        work.replace_password(&user, hash, Changer::Passcode).await?;
        work.tx.delete_keys_of(user.id).await?;
        Ok(work.commit().await?)
    }
}

impl Work {
    async fn passcode_fits(&mut self, user: &User, passcode: &SecretText) -> Result<bool, StoreError> {
        let pending = self.read().find_passcode(user.id).await?.filter(|pending| pending.ends_at > self.now());
        let kept = pending.and_then(|pending| pending.hash);
        let kept = kept.as_ref().unwrap_or(self.authority.dummy_hash());
        Ok(kept.0.ct_eq(&hash_passcode(passcode).0).into())
    }
}
