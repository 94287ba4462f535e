//! Giving and taking roles (`docs/compatibility.md`).
use std::{collections::HashSet, hash::Hash};

use keyfob_rbac::{Action, Object, ResourceType, RoleName, is_assignable};
use keyfob_store::{Organization, Reader, StoreError, User};

use super::{Assigner, roles_object};
use crate::{
    Caller, Denied, Refused,
    audit::{EventKind, user_event},
    work::{NoOwnerLeft, Work},
};

/// The roles that a change was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RolesBefore {
    /// Whichever they are: the change says all of the new ones.
    Any,
    /// These, in any order: a form shows them, and sets what it shows.
    These(Vec<String>),
}

impl RolesBefore {
    /// The roles that are held must be these.
    pub(crate) fn require(&self, held: &[String]) -> Result<(), AssignError> {
        match self {
            Self::These(shown) if !without(shown, held).is_empty() || !without(held, shown).is_empty() => {
                Err(AssignError::Changed)
            }
            Self::Any | Self::These(_) => Ok(()),
        }
    }
}

/// Why roles were not given or taken.
#[derive(Debug)]
pub enum AssignError {
    /// There is no such role there.
    Unsupported(RoleName),
    /// No role of the caller may assign that one.
    NotAssignable(RoleName),
    /// The caller may not assign roles there at all.
    Denied(Denied),
    /// The role is `owner`, and the caller's key is narrow: the new owner could do more than the key.
    OwnerNeedsFullKey,
    /// The user is the last owner who may act, and would be none.
    NoOwnerLeft,
    /// The roles are not those any more that the change was made from.
    Changed,
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

/// The values in their order, without repetitions.
pub(crate) fn each_once<T: Eq + Hash>(values: Vec<T>) -> Vec<T> {
    let mut seen = HashSet::with_capacity(values.len());
    let is_new: Vec<bool> = values.iter().map(|value| seen.insert(value)).collect();
    values.into_iter().zip(is_new).filter_map(|(value, is_new)| is_new.then_some(value)).collect()
}

/// The rules for replacing the old roles by the new, of the deployment or of an organization. The implied roles are
/// always among those that are given. Whether the caller may assign there at all comes first: it costs no look-up.
///
/// # Errors
/// Which rule is broken.
pub(crate) async fn require_assigning(
    caller: &Caller,
    read: &mut Reader<'_>,
    organization: Option<&Organization>,
    old: &[String],
    new: &[String],
) -> Result<(), AssignError> {
    let added = roles_named(organization, without(new, old));
    let removed = roles_named(organization, without(old, new));
    require_on_roles(caller, organization, Action::ASSIGN)?;
    if !removed.is_empty() {
        require_on_roles(caller, organization, Action::UNASSIGN)?;
    }
    if added.contains(&RoleName::site(User::OWNER)) && !caller.has_full_key() {
        return Err(AssignError::OwnerNeedsFullKey);
    }
    require_roles_to_exist(read, organization, &added).await?;
    let implied = match organization {
        None => vec!["member"],
        Some(of) => of.default_org_member_roles.iter().map(String::as_str).chain(["organization-member"]).collect(),
    };
    let assigner = Assigner::of(caller, read).await?;
    let mut all = added.into_iter().chain(removed).chain(roles_named(organization, implied));
    match all.find(|role| !assigner.may_assign(role)) {
        None => Ok(()),
        Some(role) => Err(AssignError::NotAssignable(role)),
    }
}

/// Those of these names that are not among the others.
fn without<'a>(names: &'a [String], others: &[String]) -> Vec<&'a str> {
    let others: HashSet<&str> = others.iter().map(String::as_str).collect();
    names.iter().map(String::as_str).filter(|name| !others.contains(name)).collect()
}

/// The roles of these names, of the deployment or of an organization.
fn roles_named(organization: Option<&Organization>, names: Vec<&str>) -> Vec<RoleName> {
    let role = |name| match organization {
        Some(organization) => RoleName::in_organization(name, organization.id.0),
        None => RoleName::site(name),
    };
    names.into_iter().map(role).collect()
}

fn require_on_roles(caller: &Caller, of: Option<&Organization>, action: Action) -> Result<(), AssignError> {
    let object = match of {
        None => Object::of(ResourceType::ASSIGN_ROLE),
        Some(organization) => roles_object(organization.id),
    };
    caller.require(action, &object).map_err(AssignError::Denied)
}

/// Each role is built in, or one that the organization made.
async fn require_roles_to_exist(
    read: &mut Reader<'_>,
    organization: Option<&Organization>,
    roles: &[RoleName],
) -> Result<(), AssignError> {
    let unknown: Vec<&RoleName> = roles.iter().filter(|role| !is_assignable(role)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let custom = match organization {
        None => Vec::new(),
        Some(organization) => {
            let names: Vec<_> = unknown.iter().map(|role| (organization.id, role.name.as_str())).collect();
            read.custom_roles_named(&names).await?
        }
    };
    let custom: HashSet<&str> = custom.iter().map(|role| role.name.as_str()).collect();
    match unknown.into_iter().find(|role| !custom.contains(role.name.as_str())) {
        None => Ok(()),
        Some(role) => Err(AssignError::Unsupported(role.clone())),
    }
}

impl Work {
    /// Gives a user exactly these roles of the deployment. Requires `assign` and, where one is taken, `unassign` on
    /// roles, that a role of the caller may assign each that is given or taken, a full key to give the role `owner`,
    /// and that an owner is left.
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

    /// The same rules with what stands in the transaction.
    pub(crate) async fn require_assigning(
        &mut self,
        organization: Option<&Organization>,
        old: &[String],
        new: &[String],
    ) -> Result<(), AssignError> {
        let caller = self.caller.clone();
        require_assigning(&caller, &mut self.read(), organization, old, new).await
    }
}

#[cfg(test)]
mod tests {
    use super::each_once;

    #[test]
    fn names_that_are_repeated_count_where_they_come_first() {
        let names = ["b", "a", "b", "c", "a"].map(str::to_owned).to_vec();
        assert_eq!(each_once(names), ["b", "a", "c"]);
    }
}
