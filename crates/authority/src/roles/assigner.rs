//! Who may assign which roles, and so who has a say over whom.
use std::collections::HashMap;

use keyfob_rbac::{Action, ResourceType, RoleName, may_assign, may_assign_any};
use keyfob_store::{Member, Organization, OrganizationId, Reader, StoreError, User};
use uuid::Uuid;

use crate::{Caller, Refused, caller::role_names, work::Work};

/// Those of a caller's roles that may assign others, by where they count.
pub(crate) struct Assigner {
    everywhere: Vec<RoleName>,
    in_organization: HashMap<Uuid, Vec<RoleName>>,
}

impl Assigner {
    /// The caller's roles as the reader finds them: within a change, those of its transaction.
    pub(crate) async fn of(caller: &Caller, read: &mut Reader<'_>) -> Result<Self, StoreError> {
        let names = match caller.user() {
            // Exactly those that the caller has: what remains of a membership may be more, and an organization that does
            // not decode gives none.
            Some(user) => {
                let organizations = read.readable_organizations_of(user.id).await?;
                role_names_within(&mut read.exact(), user, organizations).await?
            }
            None => vec![RoleName::site("system")],
        };
        let mut assigner = Self { everywhere: Vec::new(), in_organization: HashMap::new() };
        for name in names.into_iter().filter(may_assign_any) {
            match name.organization {
                None => assigner.everywhere.push(name),
                Some(id) => assigner.in_organization.entry(id).or_default().push(name),
            }
        }
        Ok(assigner)
    }

    /// Whether one of the roles may assign this one.
    pub(crate) fn may_assign(&self, role: &RoleName) -> bool {
        let there = role.organization.and_then(|id| self.in_organization.get(&id));
        may_assign(&self.everywhere, role) || there.is_some_and(|own| may_assign(own, role))
    }
}

/// The names of a user's roles, in one organization and everywhere or in all. In one organization, what remains of a
/// membership is that of an administrator.
async fn role_names_of(
    read: &mut Reader<'_>,
    user: &User,
    within: Option<OrganizationId>,
) -> Result<Vec<RoleName>, StoreError> {
    let mut read = read.exact();
    if let Some(id) = within {
        let organization = read.find_organization(id).await?;
        return role_names_within(&mut read.salvaging(), user, organization.into_iter().collect()).await;
    }
    let organizations = read.organizations_of(user.id).await?;
    role_names_within(&mut read, user, organizations).await
}

/// The names of a user's roles of the deployment and of these organizations.
async fn role_names_within(
    read: &mut Reader<'_>,
    user: &User,
    organizations: Vec<Organization>,
) -> Result<Vec<RoleName>, StoreError> {
    let members = read.memberships(user.id).await?;
    let mut members: HashMap<OrganizationId, Member> =
        members.into_iter().map(|member| (member.organization_id, member)).collect();
    let memberships: Vec<(Organization, Member)> = organizations
        .into_iter()
        .filter_map(|organization| members.remove(&organization.id).map(|member| (organization, member)))
        .collect();
    Ok(role_names(user, &memberships))
}

/// Whether the caller may assign every role that a user holds, in one organization or in all and everywhere. A caller
/// who may not has no say over the user: they would take a role that they cannot give. Roles that cannot be read count
/// as all that there can be.
///
/// # Errors
/// When the database cannot be read.
pub(crate) async fn may_assign_all_of(
    caller: &Caller,
    read: &mut Reader<'_>,
    user: &User,
    within: Option<OrganizationId>,
) -> Result<bool, StoreError> {
    let assigner = Assigner::of(caller, read).await?;
    let held = match role_names_of(read, user, within).await {
        Err(StoreError::Corrupt { table, id, reason }) => {
            tracing::warn!(table, id, reason, user = %user.id.0, "the roles of a user cannot be read: they count as all");
            return Ok(assigner.may_assign(&RoleName::site(User::OWNER)));
        }
        held => held?,
    };
    let counts = |role: &&RoleName| within.is_none_or(|id| role.organization == Some(id.0));
    Ok(held.iter().filter(counts).all(|role| assigner.may_assign(role)))
}

impl Work {
    /// The caller must be able to assign every role that the user holds, in one organization or in all and everywhere,
    /// before they do this to the user or to the membership.
    ///
    /// # Errors
    /// [`Refused::Denied`] when the user holds a role that the caller may not assign.
    pub(crate) async fn require_assigning_all_of(
        &mut self,
        user: &User,
        within: Option<OrganizationId>,
        (action, of): (Action, ResourceType),
    ) -> Result<(), Refused> {
        let caller = self.caller.clone();
        if may_assign_all_of(&caller, &mut self.read(), user, within).await? {
            return Ok(());
        }
        Err(Refused::Denied(caller.outranked(action, of)))
    }
}
