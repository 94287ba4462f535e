//! Creating an owner where no owner can sign in any more: an operator does that on the host.
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Filter, Object, ResourceType};
use keyfob_store::{LoginType, Member, NewUser, Organization, StoreError, User};

use super::person;
use crate::{
    AuthorizedStore, Caller, Denied, Refused,
    audit::{EventKind, member_event, user_event},
    fields::{Fields, WrongFields},
    passwords::{HashError, Weakness, weakness},
    roles::AssignError,
    work::Work,
};

/// The role that the owner gets in every organization.
const ORGANIZATION_ADMIN: &str = "organization-admin";

/// An owner to create.
#[expect(missing_debug_implementations, reason = "holds a password")]
pub struct CreateAdmin {
    /// The username.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: SecretText,
}

/// Why an owner was not created.
#[derive(Debug)]
pub enum CreateAdminError {
    /// Fields break their rules.
    Invalid(WrongFields),
    /// The password is not strong enough.
    WeakPassword(Weakness),
    /// The deployment is not set up: that creates the first owner.
    NotSetUp,
    /// A live user has that name or address.
    Taken,
    /// The caller may not create users, or not members of every organization.
    Denied(Denied),
    /// The caller may not give such roles.
    Assign(AssignError),
    /// The password could not be hashed.
    Hash(HashError),
    /// The caller may not act, or it failed.
    Refused(Refused),
}

impl From<WrongFields> for CreateAdminError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<HashError> for CreateAdminError {
    fn from(error: HashError) -> Self {
        Self::Hash(error)
    }
}

impl From<AssignError> for CreateAdminError {
    fn from(error: AssignError) -> Self {
        Self::Assign(error)
    }
}

impl From<Refused> for CreateAdminError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(denied) => Self::Denied(denied),
            other => Self::Refused(other),
        }
    }
}

impl From<StoreError> for CreateAdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::Taken,
            other => Self::Refused(other.into()),
        }
    }
}

impl AuthorizedStore {
    /// Creates an owner who is an administrator of every organization. Requires `read` and `create` on users, `read`
    /// on all organizations, `create` on their members, the right to assign these roles, and a full key.
    ///
    /// # Errors
    /// Which rule the owner would break, or which right is missing.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn create_admin(&self, new: CreateAdmin) -> Result<(), CreateAdminError> {
        Fields::default().username("username", &new.username).email("email", &new.email).check()?;
        weakness(&new.password).map_or(Ok(()), |weakness| Err(CreateAdminError::WeakPassword(weakness)))?;
        if !self.is_set_up().await? {
            return Err(CreateAdminError::NotSetUp);
        }
        require_creating_admin(&self.caller)?;
        let password_hash = self.authority.passwords().hash(&new.password).await?;
        let user = person(&self.authority, new.username, new.email, LoginType::Password);
        let user = User { roles: vec![User::OWNER.to_owned()], ..user };
        let new = NewUser { user, password_hash };

        let mut work = self.begin_if(require_creating_admin).await?;
        work.require_assigning(None, &[], &new.user.roles).await?;
        let organizations = work.read().organizations(&Filter::All).await?;
        work.tx.insert_user(&new).await?;
        work.record(user_event(EventKind::UserCreated, None, &new.user));
        for organization in &organizations {
            work.insert_organization_admin(&new.user, organization).await?;
        }
        Ok(work.commit().await?)
    }
}

fn require_creating_admin(caller: &Caller) -> Result<(), CreateAdminError> {
    caller.require_permitted(Action::CREATE, &Object::of(ResourceType::USER))?;
    caller.require_permitted(Action::READ, &Object::of(ResourceType::ORGANIZATION))?;
    if !caller.may_set_credentials_of_others() {
        return Err(CreateAdminError::Denied(caller.refuse(Action::CREATE, ResourceType::USER)));
    }
    Ok(())
}

impl Work {
    async fn insert_organization_admin(
        &mut self,
        user: &User,
        organization: &Organization,
    ) -> Result<(), CreateAdminError> {
        self.require_adding_member(organization).await?;
        let roles = vec![ORGANIZATION_ADMIN.to_owned()];
        self.require_assigning(Some(organization), &[], &roles).await?;
        let member = self.insert_member(user, organization.id).await?;
        let admin = Member { roles, updated_at: self.now(), ..member.clone() };
        self.tx.update_member_roles(&admin).await?;
        self.record(member_event(EventKind::MemberUpdated, user, Some(&member), Some(&admin)));
        Ok(())
    }
}
