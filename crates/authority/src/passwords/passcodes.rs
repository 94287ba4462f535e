//! Passcodes, with which users replace a forgotten password.
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{LoginType, PasswordHash, Reader, SecretHash, StoreError, User, UserStatus};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::change::is_same;
use crate::{
    Authority, AuthorizedStore, Refused, Unrecorded,
    audit::{EventKind, user_event},
    fields::{Fields, WrongFields},
    notices::{Changer, MAIL_BOUNDS, Notice, PASSCODE_LIFE},
    passwords::{HashError, Weakness, weakness},
    response_timing::in_time_slot,
    users::user_object,
    work::Work,
};

/// Users do not sign in with passwords here, so there are none to replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordsDisabled;

/// Why no passcode was mailed.
#[derive(Debug)]
pub enum RequestPasscodeError {
    /// Users do not sign in with passwords here.
    PasswordsDisabled,
    /// Fields break their rules.
    Invalid(WrongFields),
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<PasswordsDisabled> for RequestPasscodeError {
    fn from(PasswordsDisabled: PasswordsDisabled) -> Self {
        Self::PasswordsDisabled
    }
}

impl From<WrongFields> for RequestPasscodeError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<Refused> for RequestPasscodeError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// A forgotten password to replace.
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct ReplacePassword {
    /// The user's e-mail address.
    pub email: String,
    /// The new password.
    pub password: SecretText,
    /// The passcode from the mail.
    pub passcode: SecretText,
}

/// Why a forgotten password was not replaced.
#[derive(Debug)]
pub enum ReplacePasswordError {
    /// Users do not sign in with passwords here.
    PasswordsDisabled,
    /// Fields break their rules.
    Invalid(WrongFields),
    /// The new password is not strong enough.
    WeakPassword(Weakness),
    /// No user has that address, or the passcode is not theirs, or does not work any more.
    Incorrect,
    /// The new password is the present one.
    SamePassword,
    /// The new password could not be hashed.
    Hash(HashError),
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<PasswordsDisabled> for ReplacePasswordError {
    fn from(PasswordsDisabled: PasswordsDisabled) -> Self {
        Self::PasswordsDisabled
    }
}

impl From<WrongFields> for ReplacePasswordError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<HashError> for ReplacePasswordError {
    fn from(error: HashError) -> Self {
        Self::Hash(error)
    }
}

impl From<Refused> for ReplacePasswordError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for ReplacePasswordError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// What is kept of a passcode. It has 122 random bits, so a fast hash is enough.
pub(crate) fn hash_passcode(passcode: &SecretText) -> SecretHash {
    SecretHash(Sha256::digest(passcode.reveal().as_bytes()).into())
}

impl Authority {
    /// Whether users sign in with passwords, so that forgotten ones can be replaced.
    ///
    /// # Errors
    /// [`PasswordsDisabled`] when they do not.
    pub fn require_passwords(&self) -> Result<(), PasswordsDisabled> {
        if self.rules().is_password_auth_disabled() { Err(PasswordsDisabled) } else { Ok(()) }
    }
}

impl AuthorizedStore {
    /// Has a passcode mailed to the user with that address; the five newest work. After ten requests in an hour it mails
    /// no more. It does as much, and takes as long, where no user has the address, or the user has had as many as may be.
    /// Requires `read` and `update` on all users.
    ///
    /// # Errors
    /// When there are no passwords, it is no address, or the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn request_passcode(&self, email: &str) -> Result<(), RequestPasscodeError> {
        self.authority.require_passwords()?;
        Fields::default().email("email", email).check()?;
        let requested = in_time_slot(async {
            let found = self.find_login(email).await?;
            self.mail_passcode(found.as_ref().map(|(user, _)| user)).await
        });
        Ok(requested.await?)
    }

    async fn mail_passcode(&self, user: Option<&User>) -> Result<(), Refused> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &Object::of(ResourceType::USER))).await?;
        let user = match user {
            Some(user) => work.read().salvaging().find_user(user.id).await?.filter(|user| !user.deleted),
            None => None,
        };
        let now = work.now();
        let counted = match &user {
            // Whoever knows the address can ask, and every mail goes to the user.
            Some(user) => work.tx.count_mail(user.id, Notice::PasswordReset.kind(), MAIL_BOUNDS, now).await?.is_some(),
            None => false,
        };
        match user.filter(|_| counted) {
            Some(user) => work.queue_passcode(&user).await?,
            None => work.note_unknown_account().await?,
        }
        Ok(work.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }

    /// Gives a user another password for a passcode that was mailed to them, which voids all their passcodes, and
    /// deletes all their keys. Requires `read` on all users, and `update` on the user.
    ///
    /// # Errors
    /// When the passcode does not work, the password breaks a rule, or the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn replace_password(&self, new: &ReplacePassword) -> Result<(), ReplacePasswordError> {
        self.authority.require_passwords()?;
        Fields::default()
            .email("email", &new.email)
            .required("password", new.password.reveal())
            .required("one_time_passcode", new.passcode.reveal())
            .check()?;
        weakness(&new.password).map_or(Ok(()), |weakness| Err(ReplacePasswordError::WeakPassword(weakness)))?;
        in_time_slot(self.replace_with_passcode(new)).await
    }

    async fn replace_with_passcode(&self, new: &ReplacePassword) -> Result<(), ReplacePasswordError> {
        let found = self.find_login(&new.email).await?;
        let replaced = match &found {
            Some((user, present)) => self.replace_password_of(user, present, new).await,
            None => Err(ReplacePasswordError::Incorrect),
        };
        if matches!(replaced, Err(ReplacePasswordError::Incorrect)) {
            let user = found.map(|(user, _)| user.id);
            self.caller.context().decisions.sign_in_failed("reset_password", user);
        }
        replaced
    }

    async fn replace_password_of(
        &self,
        user: &User,
        present: &PasswordHash,
        new: &ReplacePassword,
    ) -> Result<(), ReplacePasswordError> {
        if !passcode_fits(&self.authority, &mut self.read(), user, &new.passcode).await? {
            return Err(ReplacePasswordError::Incorrect);
        }
        if is_same(self, present, &new.password).await? {
            return Err(ReplacePasswordError::SamePassword);
        }
        let hash = self.authority.passwords().hash(&new.password).await?;
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &user_object(user.id))).await?;
        let user = work.read().find_user(user.id).await?.ok_or(ReplacePasswordError::Incorrect)?;
        // It may have been used, or the user converted, meanwhile.
        let authority = work.authority.clone();
        let fits = passcode_fits(&authority, &mut work.read(), &user, &new.passcode).await?;
        if !fits || user.login_type != LoginType::Password {
            return Err(ReplacePasswordError::Incorrect);
        }
        work.replace_password(&user, &hash, Changer::Passcode).await?;
        work.tx.delete_keys_of(user.id).await?;
        Ok(work.commit().await?)
    }
}

impl Work {
    /// Queues the mail with a passcode, if the user could use one, and records that it was asked for.
    async fn queue_passcode(&mut self, user: &User) -> Result<(), StoreError> {
        let ends_at = self.now().checked_add(PASSCODE_LIFE).map_err(|_| StoreError::Gone)?;
        let is_usable = user.login_type == LoginType::Password && user.status != UserStatus::Suspended;
        if is_usable {
            self.notify(user, &Notice::PasswordReset).await?;
        }
        let event = user_event(EventKind::PasswordResetRequested, Some(user), user);
        self.record(if is_usable { event.with_value("one_time_passcode_expires_at", &ends_at) } else { event });
        Ok(())
    }
}

/// Whether this is a passcode that was mailed to the user, and still works.
async fn passcode_fits(
    authority: &Authority,
    read: &mut Reader<'_>,
    user: &User,
    passcode: &SecretText,
) -> Result<bool, StoreError> {
    let presented = hash_passcode(passcode);
    let mut kept = read.passcodes(user.id, authority.now()).await?;
    // A user without passcodes takes as long as one with them.
    kept.resize_with(kept.len().max(1), || authority.dummy_hash().clone());
    let fits = kept.iter().map(|kept| kept.0.ct_eq(&presented.0));
    Ok(fits.fold(Choice::from(0), |any, one| any | one).into())
}
