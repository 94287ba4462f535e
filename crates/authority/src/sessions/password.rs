//! Signing in with a password.
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Id};
use keyfob_store::{KeyLoginType, LoginType, PasswordHash, StoreError, User, UserStatus};

use crate::{
    AuthorizedStore, Caller, Refused,
    fields::{Fields, WrongFields},
    passwords::{CheckPasswordError, HashError, Verdict, is_old},
    response_timing::in_time_slot,
    tokens::{MintError, MintRequest, MintedKey, issue, key_object},
};

/// How often a sign-in is tried whose password, or user, was changed while it was checked.
const TRIES: usize = 2;

/// By what a user is known who signs in.
#[derive(Clone, Debug)]
pub enum Login {
    /// The e-mail address.
    Email(String),
    /// The e-mail address, or, if there is no at sign in it, the username.
    EmailOrUsername(String),
}

impl Login {
    /// The username; none where it is an address.
    fn username(&self) -> Option<&str> {
        match self {
            Self::EmailOrUsername(text) if !text.contains('@') => Some(text),
            Self::Email(_) | Self::EmailOrUsername(_) => None,
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Email(text) | Self::EmailOrUsername(text) => text,
        }
    }

    /// Checks the field that it was typed into.
    fn check(&self, password: &SecretText) -> Result<(), WrongFields> {
        let fields = Fields::default();
        let fields = match self.username() {
            Some(username) => fields.required("email", username),
            None => fields.email("email", self.text()),
        };
        fields.required("password", password.reveal()).check()
    }
}

/// What a user signs in with.
#[expect(missing_debug_implementations, reason = "holds a password")]
pub struct SignIn {
    /// Who signs in.
    pub who: Login,
    /// The password.
    pub password: SecretText,
}

/// A password that was right.
#[expect(missing_debug_implementations, reason = "holds hashes of a password")]
pub struct RightPassword {
    /// As it was kept when it was checked.
    pub seen: PasswordHash,
    /// How to keep it, if it was kept in an older form.
    pub renewed: Option<PasswordHash>,
}

/// Why a user was not signed in.
#[derive(Debug)]
pub enum SignInError {
    /// Fields break their rules.
    Invalid(WrongFields),
    /// The password was not checked.
    NotChecked(CheckPasswordError),
    /// No user has that address, or the password is not theirs.
    Incorrect,
    /// Only owners sign in with a password here.
    PasswordsDisabled,
    /// The user signs in in this other way.
    OtherLoginType(LoginType),
    /// The user is suspended.
    Suspended,
    /// The password could not be hashed anew.
    Hash(HashError),
    /// The session could not be minted.
    Mint(MintError),
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<WrongFields> for SignInError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<CheckPasswordError> for SignInError {
    fn from(error: CheckPasswordError) -> Self {
        Self::NotChecked(error)
    }
}

impl From<HashError> for SignInError {
    fn from(error: HashError) -> Self {
        Self::Hash(error)
    }
}

impl From<MintError> for SignInError {
    fn from(error: MintError) -> Self {
        Self::Mint(error)
    }
}

impl From<Refused> for SignInError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for SignInError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl AuthorizedStore {
    /// Begins a session of the user whose address or username, and whose password, these are. An unknown user takes as
    /// long as a wrong password. Requires `read` and `update` on users, and `create` on API keys.
    ///
    /// # Errors
    /// Why the user is not signed in, or which right is missing.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn sign_in(&self, with: &SignIn) -> Result<MintedKey, SignInError> {
        with.who.check(&with.password)?;
        in_time_slot(async {
            // A right password may be wrong when the session begins. Then everything is checked once more: another
            // sign-in may have brought the password into its present form.
            for _ in 0..TRIES {
                let (user, password) = self.verify_password(&with.who, &with.password).await?;
                match self.begin_session(user, password).await {
                    // What it saw may not be committed yet, and would not be read.
                    Err(MintError::Overtaken) => self.authority.store().settle().await?,
                    begun => return Ok(begun?),
                }
            }
            Err(SignInError::Incorrect)
        })
        .await
    }

    /// The user whose address or username, and whose password, these are, who may act and signs in with a password.
    /// Requires `read` and `update` on users.
    ///
    /// # Errors
    /// Why the user would not be signed in, or which right is missing.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn verify_password(
        &self,
        who: &Login,
        password: &SecretText,
    ) -> Result<(User, RightPassword), SignInError> {
        let found = match who.username() {
            Some(username) => self.find_login_by_username(username).await?,
            None => self.find_login(who.text()).await?,
        };
        let account = found.as_ref().map(|(user, hash)| (user, hash));
        self.caller.context().decisions.sign_in_failed("login", account.map(|(user, _)| user.id));
        let verdict = self.check_password(account, who.text(), password).await?;
        let (user, seen) = found.filter(|_| verdict == Verdict::Right).ok_or(SignInError::Incorrect)?;
        // All of the user, or an error that tells them what is damaged.
        let user = self.read().find_user(user.id).await?.ok_or(SignInError::Incorrect)?;
        self.require_password_login(&user)?;
        let user = self.awake(user).await?;
        let renewed = if is_old(&seen) { Some(self.authority.passwords().hash(password).await?) } else { None };
        Ok((user, RightPassword { seen, renewed }))
    }

    /// Goes on if this user signs in with a password here.
    fn require_password_login(&self, user: &User) -> Result<(), SignInError> {
        if self.authority.rules().is_password_auth_disabled() && !user.is_owner() {
            return Err(SignInError::PasswordsDisabled);
        }
        if user.login_type != LoginType::Password {
            return Err(SignInError::OtherLoginType(user.login_type));
        }
        Ok(())
    }

    /// The user, active: signing in wakes the dormant, and is not for the suspended.
    async fn awake(&self, user: User) -> Result<User, SignInError> {
        let user = match user.status {
            UserStatus::Active | UserStatus::Suspended => user,
            UserStatus::Dormant => self.wake(user.id).await?,
        };
        if user.status == UserStatus::Active { Ok(user) } else { Err(SignInError::Suspended) }
    }

    /// Begins a session of the user who gave the right password, if it still is that and the user may still sign in
    /// with it. Requires `create` on an API key of the user.
    async fn begin_session(&self, user: User, password: RightPassword) -> Result<MintedKey, MintError> {
        let check = |caller: &Caller| Ok(caller.require(Action::CREATE, &key_object(Id::None, user.id))?);
        let mut work = self.begin_if::<MintError>(check).await?;
        let may_sign_in = |user: &User| {
            !user.deleted && user.status == UserStatus::Active && self.require_password_login(user).is_ok()
        };
        let present = work.read().find_user(user.id).await?.filter(may_sign_in);
        let user = present.ok_or(MintError::Overtaken)?;
        if work.read().find_password(user.id).await?.as_ref() != Some(&password.seen) {
            return Err(MintError::Overtaken);
        }
        if let Some(renewed) = &password.renewed {
            work.tx.rehash_password(user.id, renewed).await?;
        }
        let request = MintRequest::session(&work.authority, user, KeyLoginType::Password);
        let (key, minted) = issue(&work.authority, &work.caller, request)?;
        work.insert_key(key).await?;
        work.commit().await?;
        Ok(minted)
    }
}
