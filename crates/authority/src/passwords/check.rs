//! Checking passwords. Wrong ones in a row are bounded.
use jiff::Timestamp;
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{PasswordHash, StoreError, User};

use crate::{
    AuthorizedStore, Refused, Unrecorded,
    passwords::{BOUNDS, HashError, Verdict},
    users::user_object,
    work::Work,
};

/// Why a password was not checked.
#[derive(Debug)]
pub enum CheckPasswordError {
    /// There were too many wrong ones: no password of the account is checked for a while.
    Paused {
        /// When the pause ends.
        until: Timestamp,
        /// The time of the attempt.
        now: Timestamp,
    },
    /// It could not be compared.
    Hash(HashError),
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<HashError> for CheckPasswordError {
    fn from(error: HashError) -> Self {
        Self::Hash(error)
    }
}

impl From<Refused> for CheckPasswordError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// The setting that says when an address without an account was last used.
const UNKNOWN_ADDRESS_AT: &str = "stranger_at";

impl AuthorizedStore {
    /// The live user with that address, or what remains of them, and their password's hash: a client that knows no
    /// password must not learn from an error that there is an account. Requires `read` on all users.
    #[tracing::instrument(level = "debug", skip_all)]
    pub(crate) async fn find_login(&self, email: &str) -> Result<Option<(User, PasswordHash)>, Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
        Ok(self.read().salvaging().find_login(email).await?)
    }

    /// The same by the username.
    #[tracing::instrument(level = "debug", skip_all)]
    pub(crate) async fn find_login_by_username(&self, username: &str) -> Result<Option<(User, PasswordHash)>, Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
        let Some(user) = self.read().salvaging().find_user_by_username(username).await? else { return Ok(None) };
        let hash = self.read().find_password(user.id).await?;
        Ok(hash.map(|hash| (user, hash)))
    }

    /// The hash of a user's password. Requires `read` on all users.
    #[tracing::instrument(level = "debug", skip_all)]
    pub(crate) async fn password_of(&self, user: &User) -> Result<PasswordHash, Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
        Ok(self.read().find_password(user.id).await?.ok_or(StoreError::Gone)?)
    }

    /// Whether this is the password of the account that has the address; it takes as long where there is no account.
    /// Requires `update` on the user.
    #[tracing::instrument(level = "debug", skip_all)]
    pub(crate) async fn check_password(
        &self,
        account: Option<(&User, &PasswordHash)>,
        address: &str,
        password: &SecretText,
    ) -> Result<Verdict, CheckPasswordError> {
        let user = account.map(|(user, _)| user);
        if let Some(until) = self.begin_attempt(user, address).await? {
            return Err(CheckPasswordError::Paused { until, now: self.now() });
        }
        let kept = account.map(|(_, hash)| hash);
        let verdict = self.authority.passwords().verify(password, kept).await?;
        if let Some(user) = user.filter(|_| verdict == Verdict::Right) {
            self.forget_attempts(user).await?;
        }
        Ok(verdict)
    }

    /// Counts an attempt, for the address where no user has it. During a pause it answers when that ends.
    async fn begin_attempt(&self, user: Option<&User>, address: &str) -> Result<Option<Timestamp>, Refused> {
        let object = user.map_or_else(|| Object::of(ResourceType::USER), |user| user_object(user.id));
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &object)).await?;
        let now = work.now();
        let until = if let Some(user) = user {
            work.tx.begin_password_attempt(user.id, BOUNDS, now).await?
        } else {
            work.note_unknown_account().await?;
            self.authority.unknown_accounts().attempt(address, now)
        };
        work.commit_unrecorded(Unrecorded::Bookkeeping).await?;
        Ok(until)
    }

    /// Forgets a user's wrong passwords: the right one was given.
    async fn forget_attempts(&self, user: &User) -> Result<(), Refused> {
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::UPDATE, &user_object(user.id))).await?;
        let now = work.now();
        work.tx.forget_password_failures(user.id, now).await?;
        Ok(work.commit_unrecorded(Unrecorded::Bookkeeping).await?)
    }
}

impl Work {
    /// Writes where no user has the address, as for a user: otherwise the time of the answer would show the difference.
    pub(crate) async fn note_unknown_account(&mut self) -> Result<(), StoreError> {
        let now = self.now();
        self.tx.set_setting(UNKNOWN_ADDRESS_AT, &now.to_string()).await
    }
}
