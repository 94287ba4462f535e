//! Changing a password, by its owner or by another user who may.
use keyfob_api::secret::SecretText;
use keyfob_store::{KeyLoginType, LoginType, PasswordHash, StoreError, User, UserId};

use super::permission::may_set_password;
use crate::{
    AuthorizedStore, Refused, System,
    audit::{EventKind, user_event},
    fields::{Fields, WrongFields},
    notices::{Changer, Notice},
    passwords::{CheckPasswordError, HashError, SetCredentialError, Verdict, Weakness, weakness},
    tokens::{MintError, MintRequest, MintedKey},
    work::Work,
};

/// A password to set.
#[expect(missing_debug_implementations, reason = "holds passwords")]
pub struct ChangePassword {
    /// The present password; empty where another user sets one without it.
    pub old: SecretText,
    /// The new password.
    pub new: SecretText,
}

/// Why a password was not changed.
#[derive(Debug)]
pub enum ChangePasswordError {
    /// The caller may not set that user's password.
    Denied(SetCredentialError),
    /// Fields break their rules.
    Invalid(WrongFields),
    /// The user signs in in this other way.
    OtherLoginType(LoginType),
    /// Users who change their own password must give the present one.
    OldPasswordRequired,
    /// The new password is not strong enough.
    WeakPassword(Weakness),
    /// The present password was not checked.
    NotChecked(CheckPasswordError),
    /// The present password is another one.
    WrongOldPassword,
    /// The new password is the present one.
    SamePassword,
    /// The password, or how the user signs in, was changed meanwhile.
    Overtaken,
    /// The new password could not be hashed.
    Hash(HashError),
    /// The session that was to go on could not be minted.
    Mint(MintError),
    /// The caller may not act, or it failed.
    Refused(Refused),
}

impl From<SetCredentialError> for ChangePasswordError {
    fn from(error: SetCredentialError) -> Self {
        Self::Denied(error)
    }
}

impl From<WrongFields> for ChangePasswordError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<CheckPasswordError> for ChangePasswordError {
    fn from(error: CheckPasswordError) -> Self {
        Self::NotChecked(error)
    }
}

impl From<HashError> for ChangePasswordError {
    fn from(error: HashError) -> Self {
        Self::Hash(error)
    }
}

impl From<MintError> for ChangePasswordError {
    fn from(error: MintError) -> Self {
        Self::Mint(error)
    }
}

impl From<Refused> for ChangePasswordError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for ChangePasswordError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl AuthorizedStore {
    /// Gives a user another password, and deletes all their keys; that belongs to it and takes no further permission.
    /// A browser in which a user changes their own goes on with a new session, which is answered. Requires the same as
    /// [`Self::require_setting_password`], and that the password stays the same until then.
    ///
    /// # Errors
    /// Which of these is missing, or which rule the password breaks.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn change_password(
        &self,
        id: UserId,
        change: ChangePassword,
    ) -> Result<Option<MintedKey>, ChangePasswordError> {
        let user = self.read().salvaging().find_user(id).await?.filter(|user| !user.deleted).ok_or(StoreError::Gone)?;
        self.require_setting_password(&user).await?;
        self.check_rules(&user, &change)?;
        let seen = self.check_against_present(&user, &change).await?;
        let hash = self.authority.passwords().hash(&change.new).await?;
        self.set_password(id, &seen, &hash).await
    }

    /// Whether [`Self::change_password`] would give the user a password now, for a page that asks for one.
    ///
    /// # Errors
    /// Why it would not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn check_change_password(&self, user: &User) -> Result<(), ChangePasswordError> {
        if user.deleted {
            return Err(StoreError::Gone.into());
        }
        self.require_setting_password(user).await?;
        require_password_login(user)
    }

    fn check_rules(&self, user: &User, change: &ChangePassword) -> Result<(), ChangePasswordError> {
        Fields::default().required("password", change.new.reveal()).check()?;
        require_password_login(user)?;
        if self.caller.is_self(user.id) && change.old.is_empty() {
            return Err(ChangePasswordError::OldPasswordRequired);
        }
        weakness(&change.new).map_or(Ok(()), |weakness| Err(ChangePasswordError::WeakPassword(weakness)))
    }

    /// Checks the old password, if one is given, and that the new one is another; answers the hash of the present one.
    async fn check_against_present(
        &self,
        user: &User,
        change: &ChangePassword,
    ) -> Result<PasswordHash, ChangePasswordError> {
        let verifier = System::SignIn.store(&self.authority, self.caller.context().clone());
        let seen = verifier.password_of(user).await?;
        if !change.old.is_empty() {
            let verdict = verifier.check_password(Some((user, &seen)), &user.email, &change.old).await?;
            if verdict == Verdict::Wrong {
                return Err(ChangePasswordError::WrongOldPassword);
            }
        }
        if is_same(self, &seen, &change.new).await? { Err(ChangePasswordError::SamePassword) } else { Ok(seen) }
    }

    async fn set_password(
        &self,
        id: UserId,
        seen: &PasswordHash,
        hash: &PasswordHash,
    ) -> Result<Option<MintedKey>, ChangePasswordError> {
        let mut work = self.begin().await?;
        let user = work.live_user(id).await?;
        let caller = work.caller.clone();
        may_set_password(&caller, &mut work.read(), &user).await?;
        let present = work.read().find_password(id).await?.ok_or(StoreError::Gone)?;
        if present != *seen || user.login_type != LoginType::Password {
            return Err(ChangePasswordError::Overtaken);
        }
        let by = match caller.user() {
            Some(own) if own.id == id => Changer::Owner,
            Some(other) => Changer::User(other.username.clone()),
            None => Changer::Operator,
        };
        work.replace_password(&user, hash, by).await?;
        let goes_on = caller.is_self(id) && caller.has_cookie();
        let request = goes_on.then(|| MintRequest::session(&self.authority, user, KeyLoginType::Password));
        let successor = request.map(|request| work.successor(request)).transpose()?;
        work.tx.delete_keys_of(id).await?;
        let minted = match successor {
            Some((key, minted)) => {
                work.insert_key(key).await?;
                Some(minted)
            }
            None => None,
        };
        work.commit().await?;
        Ok(minted)
    }
}

/// Only a user who signs in with a password can be given another one.
fn require_password_login(user: &User) -> Result<(), ChangePasswordError> {
    match user.login_type {
        LoginType::Password => Ok(()),
        other => Err(ChangePasswordError::OtherLoginType(other)),
    }
}

/// Whether this is the present password. Only callers who may set another are told, so attempts are not counted.
pub(super) async fn is_same(
    store: &AuthorizedStore,
    present: &PasswordHash,
    password: &SecretText,
) -> Result<bool, HashError> {
    Ok(store.authority.passwords().verify(password, Some(present)).await? == Verdict::Right)
}

impl Work {
    /// Writes the new password, with a record and a notice of it.
    pub(super) async fn replace_password(
        &mut self,
        user: &User,
        hash: &PasswordHash,
        by: Changer,
    ) -> Result<(), StoreError> {
        let at = self.now();
        self.tx.update_password(user.id, hash, at).await?;
        self.withdraw_passcode_mail(user.id).await?;
        let event = user_event(EventKind::PasswordSet, Some(user), user).with_secret("hashed_password");
        self.record(event);
        self.notify(user, &Notice::PasswordChanged { by, at }).await
    }

    /// A passcode that a user asked for is not mailed any more: what is still queued would make it valid again.
    pub(crate) async fn withdraw_passcode_mail(&mut self, user: UserId) -> Result<(), StoreError> {
        self.tx.delete_notice_about(user, &Notice::PasswordReset.about()).await
    }
}
