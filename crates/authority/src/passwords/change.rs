//! Passwords: who may set whose, and how often somebody may be wrong.
use crate::Caller;
use crate::Unrecorded;
use jiff::Timestamp;
use keyfob_rbac::{Action, Object, ResourceType, RoleName, may_assign};
use keyfob_store::{LoginType, PasswordHash, Reader, StoreError, User};

use crate::{
    AuthorizedStore, Denied, Refused,
    audit::{EventKind, conversion_event, user_event},
    notices::{Changer, Notice},
    passwords::BOUNDS,
    roles::{own_role_names, role_names_of},
    tokens::{MintError, MintRequest, MintedKey},
    users::user_object,
    work::Work,
};

/// Why a password was not set.
#[derive(Debug)]
pub enum SetPasswordError {
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
    pub async fn login(&self, email: &str) -> Result<Option<(User, PasswordHash)>, Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
        Ok(self.read().find_login(email).await?)
    }

    /// A user's password's hash, to compare passwords with. Requires `read` on all users.
    #[tracing::instrument(skip_all)]
    pub async fn password_of(&self, user: &User) -> Result<Option<PasswordHash>, Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
        Ok(self.read().find_password(user.id).await?)
    }

    /// Counts an attempt with a password, of nobody's where there is no such user; says until when there is to be
    /// none, if that is so. Requires `update` on the user.
    #[tracing::instrument(skip_all)]
    pub async fn begin_password_attempt(
        &self,
        user: Option<&User>,
        address: &str,
    ) -> Result<Option<Timestamp>, Refused> {
        let object = user.map_or_else(|| Object::of(ResourceType::USER), |user| user_object(user.id));
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &object)).await?;
        let until = if let Some(user) = user {
            work.tx.begin_password_attempt(user.id, BOUNDS, self.now()).await?
        } else {
            work.note_unknown_account().await?;
            self.authority.unknown_accounts().attempt(address, self.now())
        };
        work.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        Ok(until)
    }

    /// Forgets a user's wrong passwords: the right one was given. Requires `update` on the user.
    #[tracing::instrument(skip_all)]
    pub async fn password_was_right(&self, user: &User) -> Result<(), Refused> {
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &user_object(user.id))).await?;
        work.tx.forget_password_failures(user.id, self.now()).await?;
        Ok(work.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }

    /// Whether the caller may set a user's password at all. Requires `update_personal` on the user; for another user's
    /// also a full key, `update` on the user, and a role that may assign every role that the user holds.
    #[tracing::instrument(skip_all)]
    pub async fn require_setting_password(&self, user: &User) -> Result<(), SetPasswordError> {
        may_set_password(&self.caller, &mut self.read(), user).await
    }

    /// Whether the caller may have a user sign in by a provider in place of a password. Requires `update_personal` on
    /// the user, and a full key if it is another user.
    pub fn require_converting(&self, user: &User) -> Result<(), SetPasswordError> {
        may_convert(&self.caller, user)
    }

    /// Records that such a conversion was begun. Requires the same.
    #[tracing::instrument(skip_all)]
    pub async fn record_conversion(
        &self,
        user: &User,
        to: LoginType,
        expires_at: Timestamp,
    ) -> Result<(), SetPasswordError> {
        let mut work = self.begin_if(|caller| may_convert(caller, user)).await?;
        work.record(conversion_event(user, to, self.now(), expires_at));
        Ok(work.commit().await?)
    }

    /// Gives a user another password, and ends all their keys; that belongs to it and takes no further permission.
    /// The session that is ordered goes on with a new key. Requires the same as [`Self::require_setting_password`],
    /// and that the password is still the one that was seen, if one was.
    #[tracing::instrument(skip_all)]
    pub async fn set_password(
        &self,
        user: &User,
        seen: Option<&PasswordHash>,
        hash: &PasswordHash,
        renewed: Option<MintRequest>,
    ) -> Result<Option<MintedKey>, SetPasswordError> {
        let mut work = self.begin().await?;
        let user = &work.read().find_user(user.id).await?.ok_or(StoreError::Gone)?;
        let caller = work.caller.clone();
        may_set_password(&caller, &mut work.read(), user).await?;
        let old = work.read().find_password(user.id).await?.ok_or(StoreError::Gone)?;
        // They may have been converted meanwhile.
        if seen.is_some_and(|seen| *seen != old) || user.login_type != LoginType::Password {
            return Err(SetPasswordError::Overtaken);
        }
        let by = match work.caller.user() {
            Some(own) if own.id == user.id => Changer::Owner,
            Some(other) => Changer::User(other.username.clone()),
            None => Changer::Operator,
        };
        work.replace_password(user, hash, by).await?;
        let successor = match renewed {
            Some(order) => Some(work.successor(order)?),
            None => None,
        };
        work.tx.delete_keys_of(user.id).await?;
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

async fn may_set_password(caller: &Caller, read: &mut Reader<'_>, user: &User) -> Result<(), SetPasswordError> {
    caller.require_personal(Action::UPDATE_PERSONAL, user.id)?;
    if caller.is_self(user.id) {
        return Ok(());
    }
    if caller.user().is_none_or(User::is_owner) {
        return require_full_key(caller);
    }
    if user.is_owner() {
        return Err(SetPasswordError::OwnersOnly);
    }
    caller.require_permitted(Action::UPDATE, &user_object(user.id))?;
    let own = own_role_names(caller, read).await?;
    let held = role_names_of(read, user).await?;
    if held.iter().any(|role: &RoleName| !may_assign(&own, role)) {
        return Err(SetPasswordError::Stronger(caller.refuse(Action::UPDATE, ResourceType::USER)));
    }
    require_full_key(caller)
}

fn may_convert(caller: &Caller, user: &User) -> Result<(), SetPasswordError> {
    caller.require_personal(Action::UPDATE_PERSONAL, user.id)?;
    if caller.is_self(user.id) { Ok(()) } else { require_full_key(caller) }
}

fn require_full_key(caller: &Caller) -> Result<(), SetPasswordError> {
    if caller.may_set_credentials_of_others() { Ok(()) } else { Err(SetPasswordError::NeedsFullKey) }
}

/// The setting that says when somebody last signed in with an address that nobody has.
const STRANGER: &str = "stranger_at";

impl Work {
    /// A write where there is nobody, as there is one for a user: it would be missed by who looks at the time that
    /// answers take.
    pub(crate) async fn note_unknown_account(&mut self) -> Result<(), StoreError> {
        self.tx.set_setting(STRANGER, &self.now().to_string()).await
    }

    /// Writes the new password, with a record and a notice of it.
    pub(crate) async fn replace_password(
        &mut self,
        user: &User,
        hash: &PasswordHash,
        by: Changer,
    ) -> Result<(), StoreError> {
        let at = self.now();
        self.tx.update_password(user.id, hash, at).await?;
        let event = user_event(EventKind::PasswordSet, Some(user), user).with_secret("hashed_password");
        self.record(event);
        self.notify(user, &Notice::PasswordChanged { by, at }).await
    }
}
