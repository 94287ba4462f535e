//! Creating users.
use std::collections::{HashMap, HashSet};

use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{
    LoginType, NewUser, Organization, OrganizationId, PasswordHash, Reader, StoreError, User, UserStatus,
};
use uuid::Uuid;

use super::{UserView, person, user_object};
use crate::{
    AuthorizedStore, Caller, Denied, Refused, Rules,
    audit::{EventKind, user_event},
    fields::{Fields, MAX_LIST, WrongFields},
    organizations::{may_add_member, organization_object},
    passwords::{HashError, Weakness, weakness},
    roles::{AssignError, Assigner, each_once, require_assigning},
};

/// A user to create.
#[expect(missing_debug_implementations, reason = "holds a password")]
pub struct CreateUser {
    /// The username.
    pub username: String,
    /// The e-mail address; empty for service accounts.
    pub email: String,
    /// The display name.
    pub name: String,
    /// The password; empty unless the user signs in with one.
    pub password: SecretText,
    /// How the user signs in, as requests name it; empty for the usual way.
    pub login_type: String,
    /// The status, as requests name it; none for dormant.
    pub status: Option<String>,
    /// The organizations that the user becomes a member of; the nil UUID is the default one.
    pub organizations: Vec<Uuid>,
    /// The roles of the deployment.
    pub roles: Vec<String>,
    /// Whether it is a program's account.
    pub is_service_account: bool,
}

/// Why a user was not created.
#[derive(Debug)]
pub enum CreateUserError {
    /// Fields break their rules.
    Invalid(WrongFields),
    /// A service account was to sign in.
    ServiceAccountLoginType,
    /// A service account was given a password.
    ServiceAccountPassword,
    /// A service account was given an e-mail address.
    ServiceAccountEmail,
    /// A password was given, but the user was to sign in in this other way.
    PasswordNotUsed(String),
    /// The user was to sign in with a password, which only owners may still do.
    PasswordsDisabled,
    /// No organization was named.
    NoOrganization,
    /// There is no such organization for the caller; with the permission that would show it, if that is known.
    UnknownOrganization(Uuid, Option<Denied>),
    /// A live user has that name or address: which, where the caller may see that user.
    Taken(Taken),
    /// There is no `OpenID` Connect provider by which the user could sign in.
    OidcNotConfigured,
    /// There is no such way to sign in.
    UnknownLoginType(String),
    /// The password is not strong enough.
    WeakPassword(Weakness),
    /// The caller may not create users, or not members of these organizations.
    Denied(Denied),
    /// The user could sign in, and the caller's key is narrow: its holder could sign in as that user.
    NeedsFullKey,
    /// The caller may not give the user such roles.
    Assign(AssignError),
    /// The password could not be hashed.
    Hash(HashError),
    /// The caller may not act, or it failed.
    Refused(Refused),
}

/// What of a new user another one has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The username.
    pub username: bool,
    /// The e-mail address.
    pub email: bool,
}

impl From<WrongFields> for CreateUserError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<HashError> for CreateUserError {
    fn from(error: HashError) -> Self {
        Self::Hash(error)
    }
}

impl From<Refused> for CreateUserError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Denied(denied) => Self::Denied(denied),
            other => Self::Refused(other),
        }
    }
}

impl From<StoreError> for CreateUserError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::Taken(Taken::default()),
            other => Self::Refused(other.into()),
        }
    }
}

impl CreateUser {
    /// A program's account, as an administrator makes it by hand: its tokens act at once.
    pub fn service_account(username: String, name: String, organizations: Vec<Uuid>, roles: Vec<String>) -> Self {
        let status = Some(UserStatus::Active.as_str().to_owned());
        let (email, password, login_type) = (String::new(), SecretText::default(), String::new());
        Self { username, email, name, password, login_type, status, organizations, roles, is_service_account: true }
    }

    fn check(&self, rules: &Rules) -> Result<(), CreateUserError> {
        let status = self.status.as_deref().unwrap_or_default();
        let fields = Fields::default().username("username", &self.username).real_name("name", &self.name).one_of(
            "user_status",
            status,
            &["active", "dormant", "suspended"],
        );
        // Requests name one more in a field of its own.
        let fields = fields.at_most_entries("organization_ids", self.organizations.len(), MAX_LIST + 1);
        let fields = fields.at_most_entries("roles", self.roles.len(), MAX_LIST);
        let fields = if self.is_service_account {
            fields
        } else {
            fields.email_required_by("email", "required_unless", &self.email)
        };
        fields.check()?;
        if self.is_service_account { self.check_service_account() } else { self.check_password_is_used() }?;
        if rules.is_password_auth_disabled() && self.login_type() == LoginType::Password.as_str() {
            return Err(CreateUserError::PasswordsDisabled);
        }
        if self.organizations.is_empty() { Err(CreateUserError::NoOrganization) } else { Ok(()) }
    }

    fn check_service_account(&self) -> Result<(), CreateUserError> {
        if !matches!(self.login_type.as_str(), "" | "none") {
            Err(CreateUserError::ServiceAccountLoginType)
        } else if !self.password.is_empty() {
            Err(CreateUserError::ServiceAccountPassword)
        } else if !self.email.is_empty() {
            Err(CreateUserError::ServiceAccountEmail)
        } else {
            Ok(())
        }
    }

    fn check_password_is_used(&self) -> Result<(), CreateUserError> {
        let asked = self.login_type();
        if self.password.is_empty() || asked == LoginType::Password.as_str() {
            return Ok(());
        }
        Err(CreateUserError::PasswordNotUsed(asked.to_owned()))
    }

    fn login_type(&self) -> &str {
        match self.login_type.as_str() {
            "" if self.is_service_account => "none",
            "" => "password",
            other => other,
        }
    }

    fn into_user(self, store: &AuthorizedStore, login_type: LoginType) -> User {
        User {
            name: self.name,
            status: self.status.as_deref().and_then(UserStatus::parse).unwrap_or(UserStatus::Dormant),
            roles: each_once(self.roles),
            is_service_account: self.is_service_account,
            ..person(&store.authority, self.username, self.email, login_type)
        }
    }
}

impl AuthorizedStore {
    /// Creates a user who is a member of these organizations, with these roles of the deployment. Requires `create` on
    /// users, `read` on each organization and `create` on its members, and the right to assign every role that comes
    /// with it; for a user who can sign in, and for an owner, also a full key.
    ///
    /// # Errors
    /// Which rule the user would break, or which right is missing.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn create_user(&self, new: CreateUser) -> Result<UserView, CreateUserError> {
        new.check(self.authority.rules())?;
        // Whoever may create no users at all causes no look-up.
        let could_sign_in = !new.email.is_empty();
        require_creating(&self.caller, could_sign_in)?;
        let taken = self.taken(&new.username, &new.email).await?;
        if taken != Taken::default() {
            return Err(CreateUserError::Taken(taken));
        }
        let organizations = self.organizations_of_new_user(&new.organizations).await?;
        let login_type = self.login_type_of(&new)?;
        let has_password = login_type == LoginType::Password;
        if has_password {
            weakness(&new.password).map_or(Ok(()), |weakness| Err(CreateUserError::WeakPassword(weakness)))?;
        }
        // A hash costs much more than the decision, so that comes first; it is made again in the transaction.
        require_giving(&self.caller, &mut self.read(), &new.roles, &organizations).await?;
        let password_hash =
            if has_password { self.authority.passwords().hash(&new.password).await? } else { PasswordHash::default() };
        let organizations = organizations.into_iter().map(|organization| organization.id).collect();
        self.insert_user(NewUser { user: new.into_user(self, login_type), password_hash }, organizations).await
    }

    async fn insert_user(
        &self,
        new: NewUser,
        organization_ids: Vec<OrganizationId>,
    ) -> Result<UserView, CreateUserError> {
        let could_sign_in = !new.user.email.is_empty();
        let mut work = self.begin_if(|caller| require_creating(caller, could_sign_in)).await?;
        let organizations = work.read().organizations_by_id(&organization_ids).await?;
        let known: HashSet<OrganizationId> = organizations.iter().map(|organization| organization.id).collect();
        if let Some(gone) = organization_ids.iter().find(|id| !known.contains(id)) {
            return Err(CreateUserError::UnknownOrganization(gone.0, None));
        }
        let caller = work.caller.clone();
        require_giving(&caller, &mut work.read(), &new.user.roles, &organizations).await?;
        work.tx.insert_user(&new).await?;
        for id in &organization_ids {
            work.insert_member(&new.user, *id).await?;
        }
        work.record(user_event(EventKind::UserCreated, None, &new.user));
        work.commit().await?;
        Ok(UserView { user: new.user, organization_ids })
    }

    /// What of the two a live user has already whom the caller may see. The database decides in the end.
    async fn taken(&self, username: &str, email: &str) -> Result<Taken, Refused> {
        let by_name = self.read().find_user_by_username(username).await?;
        let by_address = if email.is_empty() { None } else { self.read().find_login(email).await? };
        let is_shown = self.incidental().caller.shows(Action::READ, ResourceType::USER);
        let is_seen = |user: &User| is_shown(&user_object(user.id)) || self.caller.is_self(user.id);
        Ok(Taken {
            username: by_name.is_some_and(|user| is_seen(&user)),
            email: by_address.is_some_and(|(user, _)| is_seen(&user)),
        })
    }

    /// The organizations with these ids, each once; the nil UUID is the default one. Requires `read` on each.
    async fn organizations_of_new_user(&self, ids: &[Uuid]) -> Result<Vec<Organization>, CreateUserError> {
        let mut read = self.read();
        let default = if ids.contains(&Uuid::nil()) { read.find_default_organization().await? } else { None };
        let named: Vec<OrganizationId> =
            ids.iter().copied().collect::<HashSet<_>>().into_iter().map(OrganizationId).collect();
        let known = read.organizations_by_id(&named).await?.into_iter().map(|known| (known.id.0, known));
        let mut known: HashMap<Uuid, Organization> = known.collect();
        known.extend(default.map(|default| (Uuid::nil(), default)));
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        for id in ids {
            let Some(organization) = known.get(id) else {
                return Err(unknown(*id, self.caller.missing(ResourceType::ORGANIZATION)));
            };
            if seen.insert(organization.id) {
                let visible = self.caller.require_visible(&organization_object(organization.id));
                visible.map_err(|refused| unknown(*id, refused))?;
                found.push(organization.clone());
            }
        }
        Ok(found)
    }

    fn login_type_of(&self, new: &CreateUser) -> Result<LoginType, CreateUserError> {
        let asked = new.login_type();
        match LoginType::parse(asked) {
            Some(LoginType::Oidc) if self.authority.rules().oidc.is_none() => Err(CreateUserError::OidcNotConfigured),
            Some(login_type) => Ok(login_type),
            None => Err(CreateUserError::UnknownLoginType(asked.to_owned())),
        }
    }
}

fn unknown(id: Uuid, refused: Refused) -> CreateUserError {
    match refused {
        Refused::Hidden(denied) => CreateUserError::UnknownOrganization(id, denied),
        other => CreateUserError::Refused(other),
    }
}

fn require_creating(caller: &Caller, could_sign_in: bool) -> Result<(), CreateUserError> {
    caller.require(Action::CREATE, &Object::of(ResourceType::USER)).map_err(CreateUserError::Denied)?;
    if could_sign_in && !caller.may_set_credentials_of_others() {
        return Err(CreateUserError::NeedsFullKey);
    }
    Ok(())
}

/// Whether the caller may give a new user these roles and memberships, as the reader finds both.
async fn require_giving(
    caller: &Caller,
    read: &mut Reader<'_>,
    roles: &[String],
    organizations: &[Organization],
) -> Result<(), CreateUserError> {
    if !roles.is_empty() {
        require_assigning(caller, read, None, &[], roles).await.map_err(CreateUserError::Assign)?;
    }
    let assigner = Assigner::of(caller, read).await?;
    let mut memberships = organizations.iter().map(|organization| may_add_member(caller, &assigner, organization));
    memberships.try_for_each(|may| may).map_err(CreateUserError::Denied)
}
