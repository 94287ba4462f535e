//! Giving and taking roles (`docs/compatibility.md`).
use keyfob_rbac::{Action, Object, ResourceType, RoleName, is_assignable, may_assign};
use keyfob_store::{Member, Organization, Reader, StoreError, User};

use crate::{
    Caller, Denied, Refused,
    audit::{EventKind, user_event},
    caller::role_names,
    work::{NoOwnerLeft, Work},
};

/// Why roles were not given or taken.
#[derive(Debug)]
pub enum AssignError {
    /// There is no such role there.
    Unsupported(RoleName),
    /// No role of the caller may assign that one.
    NotAssignable(RoleName),
    /// The caller may not assign roles there at all.
    Denied(Denied),
    /// The user is the last owner who may act, and would be none.
    NoOwnerLeft,
    /// Everything else.
    Refused(Refused),
}

impl From<Refused> for AssignError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for AssignError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// The names of a caller's roles.
pub(crate) async fn own_role_names(caller: &Caller, read: &mut Reader<'_>) -> Result<Vec<RoleName>, StoreError> {
    match caller.user() {
        // Exactly those that the caller has: what remains of a membership may be more.
        Some(user) => role_names_of(&mut read.exact(), user).await,
        None => Ok(vec![RoleName::site("system")]),
    }
}

/// The names of a user's roles.
pub(crate) async fn role_names_of(read: &mut Reader<'_>, user: &User) -> Result<Vec<RoleName>, StoreError> {
    let members = read.memberships(user.id).await?;
    let organizations = read.organizations_of(user.id).await?;
    let memberships: Vec<(Organization, Member)> = organizations
        .into_iter()
        .filter_map(|organization| {
            let member = members.iter().find(|member| member.organization_id == organization.id)?.clone();
            Some((organization, member))
        })
        .collect();
    Ok(role_names(user, &memberships))
}

/// The names in their order, without repetitions.
pub(crate) fn each_once(names: Vec<String>) -> Vec<String> {
    names.into_iter().fold(Vec::new(), |mut once, name| {
        if !once.contains(&name) {
            once.push(name);
        }
        once
    })
}

impl Work {
    /// Gives a user exactly these roles of the deployment. Requires `assign` and, where one is taken, `unassign` on
    /// roles, that a role of the caller may assign each that is given or taken, and that an owner is left.
    pub(crate) async fn assign_site_roles(&mut self, old: &User, roles: Vec<String>) -> Result<User, AssignError> {
        let roles = each_once(roles);
        self.require_assigning(None, &old.roles, &roles).await?;
        if !roles.iter().any(|role| role == User::OWNER) {
            self.require_owner_besides(old).await?.map_err(|NoOwnerLeft| AssignError::NoOwnerLeft)?;
        }
        let now = self.now();
        let changed = User { roles, updated_at: now, ..old.clone() };
        self.tx.update_user_roles(old.id, &changed.roles, now).await?;
        self.record(user_event(EventKind::UserUpdated, Some(old), &changed));
        Ok(changed)
    }

    /// The rules for replacing the old roles by the new, of the deployment or of an organization. The implied roles are
    /// always among those that are given.
    pub(crate) async fn require_assigning(
        &mut self,
        organization: Option<&Organization>,
        old: &[String],
        new: &[String],
    ) -> Result<(), AssignError> {
        let named = |name: &str| match organization {
            Some(organization) => RoleName::in_organization(name, organization.id.0),
            None => RoleName::site(name),
        };
        let added: Vec<RoleName> = new.iter().filter(|name| !old.contains(name)).map(|name| named(name)).collect();
        let removed: Vec<RoleName> = old.iter().filter(|name| !new.contains(name)).map(|name| named(name)).collect();
        self.require_roles_to_exist(organization, &added).await?;
        self.require_on_roles(organization, Action::ASSIGN)?;
        if !removed.is_empty() {
            self.require_on_roles(organization, Action::UNASSIGN)?;
        }
        let implied = match organization {
            None => vec!["member"],
            Some(of) => of.default_org_member_roles.iter().map(String::as_str).chain(["organization-member"]).collect(),
        };
        let own = own_role_names(&self.caller.clone(), &mut self.read()).await?;
        let mut all = added.into_iter().chain(removed).chain(implied.into_iter().map(named));
        match all.find(|role| !may_assign(&own, role)) {
            None => Ok(()),
            Some(role) => Err(AssignError::NotAssignable(role)),
        }
    }

    fn require_on_roles(&mut self, organization: Option<&Organization>, action: Action) -> Result<(), AssignError> {
        let object = match organization {
            None => Object::of(ResourceType::ASSIGN_ROLE),
            Some(organization) => Object::of(ResourceType::ASSIGN_ORG_ROLE).in_organization(organization.id.0),
        };
        self.caller.require(action, &object).map_err(AssignError::Denied)
    }

    /// Each role is built in, or one that the organization made.
    async fn require_roles_to_exist(
        &mut self,
        organization: Option<&Organization>,
        roles: &[RoleName],
    ) -> Result<(), AssignError> {
        let unknown: Vec<&RoleName> = roles.iter().filter(|role| !is_assignable(role)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let custom = match organization {
            None => Vec::new(),
            Some(organization) => self.read().custom_roles(&[organization.id]).await?,
        };
        match unknown.into_iter().find(|role| !custom.iter().any(|own| own.name == role.name)) {
            None => Ok(()),
            Some(role) => Err(AssignError::Unsupported(role.clone())),
        }
    }
}
