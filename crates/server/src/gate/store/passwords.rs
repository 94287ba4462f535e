//! Passwords: who may set whose, and how often somebody may be wrong.
use axum::http::StatusCode;
use jiff::Timestamp;
use keyfob_rbac::{Action, Object, ResourceType, RoleName, may_assign};
use keyfob_store::{LoginType, PasswordHash, StoreError, Tx, User};

use super::{
    AuthorizedStore, KeyOrder, MintError, MintedKey,
    audit::{conversion_audit, user_audit},
    users::user_object,
};
use crate::{
    gate::{Denied, Refused},
    notices::{Changer, Notice},
    passwords::BOUNDS,
};

/// Why a password was not set.
#[derive(Debug)]
pub(crate) enum SetPasswordError {
    /// The user is an owner, and the caller is none.
    OwnersOnly,
    /// The caller's roles may not assign all that the user holds.
    Stronger(Denied),
    /// It would be somebody else's password, and the caller's key is narrow.
    NeedsFullKey,
    /// It was changed meanwhile.
    Overtaken,
    /// The session that was to go on could not be minted.
    Mint(MintError),
    /// Everything else.
    Refused(Refused),
}

impl From<Refused> for SetPasswordError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for SetPasswordError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<MintError> for SetPasswordError {
    fn from(error: MintError) -> Self {
        Self::Mint(error)
    }
}

impl AuthorizedStore {
    /// The live user with that address and their password's hash, for signing in. Requires `read` on all users.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn login(&self, email: &str) -> Result<Option<(User, PasswordHash)>, Refused> {
        self.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
        Ok(self.store().find_login(email).await?)
    }

    /// A user's password's hash, to compare passwords with. Requires `read` on all users.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn password_of(&self, user: &User) -> Result<Option<PasswordHash>, Refused> {
        self.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
        Ok(self.store().find_password(user.id).await?)
    }

    /// Counts an attempt with a password, of nobody's where there is no such user; says until when there is to be
    /// none, if that is so. Requires `update` on the user.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn begin_password_attempt(
        &self,
        user: Option<&User>,
        address: &str,
    ) -> Result<Option<Timestamp>, Refused> {
        let object = user.map_or_else(|| Object::of(ResourceType::USER), |user| user_object(user.id));
        self.require_permitted(Action::UPDATE, &object)?;
        let mut tx = self.store().begin().await?;
        let until = if let Some(user) = user {
            tx.begin_password_attempt(user.id, BOUNDS, self.now()).await?
        } else {
            self.note_stranger(&mut tx).await?;
            self.app.strangers().attempt(address, self.now())
        };
        tx.commit().await?;
        Ok(until)
    }

    /// A write where there is nobody, as there is one for a user: it would be missed by who looks at the time that
    /// answers take.
    pub(super) async fn note_stranger(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.set_setting(STRANGER, &self.now().to_string()).await
    }

    /// Forgets a user's wrong passwords: the right one was given. Requires `update` on the user.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn password_was_right(&self, user: &User) -> Result<(), Refused> {
        self.require_permitted(Action::UPDATE, &user_object(user.id))?;
        let mut tx = self.store().begin().await?;
        tx.forget_password_failures(user.id, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Whether the caller may set a user's password at all. Requires `update_personal` on the user; for somebody
    /// else's also a full key, `update` on the user, and a role that may assign every role that the user holds.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn require_setting_password(&self, user: &User) -> Result<(), SetPasswordError> {
        self.require_personal(Action::UPDATE_PERSONAL, user)?;
        if self.caller.is_self(user.id) {
            return Ok(());
        }
        if self.caller.user().is_none_or(User::is_owner) {
            return self.require_full_key();
        }
        if user.is_owner() {
            return Err(SetPasswordError::OwnersOnly);
        }
        self.require_permitted(Action::UPDATE, &user_object(user.id))?;
        let own = self.own_role_names().await?;
        let held = self.role_names_of(user).await?;
        if held.iter().any(|role: &RoleName| !may_assign(&own, role)) {
            return Err(SetPasswordError::Stronger(self.caller.refuse(Action::UPDATE, ResourceType::USER)));
        }
        self.require_full_key()
    }

    /// Whether the caller may have a user sign in by a provider in place of a password. Requires `update_personal` on
    /// the user, and a full key if it is somebody else.
    pub(crate) fn require_converting(&self, user: &User) -> Result<(), SetPasswordError> {
        self.require_personal(Action::UPDATE_PERSONAL, user)?;
        if self.caller.is_self(user.id) { Ok(()) } else { self.require_full_key() }
    }

    /// Records that such a conversion was begun. Requires the same.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn record_conversion(
        &self,
        user: &User,
        to: LoginType,
        expires_at: Timestamp,
    ) -> Result<(), SetPasswordError> {
        self.require_converting(user)?;
        let mut tx = self.store().begin().await?;
        self.record(&mut tx, conversion_audit(user, to, self.now(), expires_at)).await?;
        Ok(tx.commit().await?)
    }

    fn require_full_key(&self) -> Result<(), SetPasswordError> {
        if self.caller.may_set_credentials_of_others() { Ok(()) } else { Err(SetPasswordError::NeedsFullKey) }
    }

    /// Gives a user another password, and ends all their keys; that belongs to it and takes no further permission.
    /// The session that is ordered goes on with a new key. Requires the same as [`Self::require_setting_password`],
    /// and that the password is still the one that was seen, if one was.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn set_password(
        &self,
        user: &User,
        seen: Option<&PasswordHash>,
        hash: &PasswordHash,
        renewed: Option<KeyOrder>,
    ) -> Result<Option<MintedKey>, SetPasswordError> {
        let mut tx = self.store().begin().await?;
        let user = &tx.find_user(user.id).await?.ok_or(StoreError::Gone)?;
        self.require_setting_password(user).await?;
        let old = tx.find_password(user.id).await?.ok_or(StoreError::Gone)?;
        // They may have been converted meanwhile.
        if seen.is_some_and(|seen| *seen != old) || user.login_type != LoginType::Password {
            return Err(SetPasswordError::Overtaken);
        }
        let by = match self.caller.user() {
            Some(own) if own.id == user.id => Changer::Owner,
            Some(other) => Changer::User(other.username.clone()),
            None => Changer::Operator,
        };
        self.replace_password(&mut tx, user, hash, by).await?;
        let successor = match renewed {
            Some(order) => Some(self.successor(&mut tx, order).await?),
            None => None,
        };
        tx.delete_keys_of(user.id).await?;
        let minted = match successor {
            Some((key, minted)) => {
                self.insert_key(&mut tx, key).await?;
                Some(minted)
            }
            None => None,
        };
        tx.commit().await?;
        Ok(minted)
    }

    /// Writes the new password, with a record and a notice of it.
    pub(super) async fn replace_password(
        &self,
        tx: &mut Tx,
        user: &User,
        hash: &PasswordHash,
        by: Changer,
    ) -> Result<(), StoreError> {
        let at = self.now();
        tx.update_password(user.id, hash, at).await?;
        let deed = user_audit("write", StatusCode::NO_CONTENT, Some(user), user).with_secret("hashed_password");
        self.record(tx, deed).await?;
        self.notify(tx, user, &Notice::PasswordChanged { by, at }).await
    }
}

/// The setting that says when somebody last signed in with an address that nobody has.
const STRANGER: &str = "stranger_at";
