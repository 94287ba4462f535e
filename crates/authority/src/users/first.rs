//! Setting a deployment up: its first user, once per database.
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{LoginType, NewUser, OrganizationId, StoreError, User, UserId};

use super::person;
use crate::{
    AuthorizedStore, Caller, Refused,
    audit::{EventKind, user_event},
    fields::{Fields, WrongFields},
    passwords::{HashError, Weakness, weakness},
};

/// The setting that says when set-up was done.
pub(crate) const SET_UP: &str = "set_up_at";

/// The first user of a deployment.
#[expect(missing_debug_implementations, reason = "holds a password")]
pub struct FirstUser {
    /// The username.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// The display name.
    pub name: String,
    /// The password.
    pub password: SecretText,
}

/// A deployment that was set up.
#[derive(Clone, Copy, Debug)]
pub struct SetUp {
    /// The first user, an owner.
    pub user: UserId,
    /// The organization that new users become members of.
    pub organization: OrganizationId,
}

/// Why a deployment was not set up.
#[derive(Debug)]
pub enum SetUpError {
    /// Fields break their rules.
    Invalid(WrongFields),
    /// It was set up before.
    AlreadyDone,
    /// The password is not strong enough.
    WeakPassword(Weakness),
    /// The password could not be hashed.
    Hash(HashError),
    /// The caller may not, or it failed.
    Refused(Refused),
}

impl From<WrongFields> for SetUpError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<HashError> for SetUpError {
    fn from(error: HashError) -> Self {
        Self::Hash(error)
    }
}

impl From<Refused> for SetUpError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for SetUpError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl AuthorizedStore {
    /// Whether set-up was ever done. Requires `read` on all users.
    ///
    /// # Errors
    /// When the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn is_set_up(&self) -> Result<bool, Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::USER))?;
        Ok(self.read().find_setting(SET_UP).await?.is_some())
    }

    /// Creates the first user, an owner, and the organization that new users become members of: once per database.
    /// Requires `read` and `create` on users, and `create` on organizations and members.
    ///
    /// # Errors
    /// When it was done before, the user breaks a rule, or the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn set_up(&self, first: FirstUser) -> Result<SetUp, SetUpError> {
        Fields::default()
            .email("email", &first.email)
            .username("username", &first.username)
            .real_name("name", &first.name)
            .required("password", first.password.reveal())
            .check()?;
        if self.is_set_up().await? {
            return Err(SetUpError::AlreadyDone);
        }
        weakness(&first.password).map_or(Ok(()), |weakness| Err(SetUpError::WeakPassword(weakness)))?;
        require_setting_up(&self.caller)?;
        let password_hash = self.authority.passwords().hash(&first.password).await?;
        let user = person(&self.authority, first.username, first.email, LoginType::Password);
        let user = User { name: first.name, roles: vec![User::OWNER.to_owned()], ..user };
        self.insert_first(&NewUser { user, password_hash }).await
    }

    async fn insert_first(&self, first: &NewUser) -> Result<SetUp, SetUpError> {
        let mut work = self.begin_if(require_setting_up).await?;
        if work.read().find_setting(SET_UP).await?.is_some() {
            return Err(SetUpError::AlreadyDone);
        }
        let organization = work.open_deployment().await?;
        work.tx.insert_user(first).await?;
        work.insert_member(&first.user, organization.id).await?;
        work.record(user_event(EventKind::UserCreated, None, &first.user));
        work.commit().await?;
        Ok(SetUp { user: first.user.id, organization: organization.id })
    }
}

fn require_setting_up(caller: &Caller) -> Result<(), SetUpError> {
    for resource_type in [ResourceType::USER, ResourceType::ORGANIZATION, ResourceType::ORGANIZATION_MEMBER] {
        caller.require_permitted(Action::CREATE, &Object::of(resource_type))?;
    }
    Ok(())
}
