//! Which roles a user holds at the time of a request (contract of decisions, section 3.3).
use std::sync::Arc;

use keyfob_rbac::{
    Catalogue, Role, RoleName, RoleSettings, built_in_role, organization_member_role, organization_service_account_role,
};
use keyfob_store::{Member, Organization, Store, StoreError, User};

/// Expands the names of roles. Names that stand for nothing are dropped: the user lacks them.
#[derive(Clone, Debug)]
pub(crate) struct RoleBook {
    catalogue: Arc<Catalogue>,
    settings: RoleSettings,
}

impl RoleBook {
    /// A book for this catalogue.
    pub(crate) fn new(catalogue: Arc<Catalogue>, settings: RoleSettings) -> Self {
        Self { catalogue, settings }
    }

    /// All roles of a user: their own, `member`, and per organization the implied ones, its defaults, and their own.
    pub(super) async fn of_user(&self, store: &Store, user: &User) -> Result<Vec<Role>, StoreError> {
        let members = store.memberships(user.id).await?;
        let organizations = store.organizations_of(user.id).await?;
        let mut roles = self.site(user);
        for organization in &organizations {
            let member = members.iter().find(|member| member.organization_id == organization.id);
            roles.extend(member.map(|member| self.in_organization(user, organization, member)).into_iter().flatten());
        }
        Ok(roles)
    }

    fn site(&self, user: &User) -> Vec<Role> {
        let names = user.roles.iter().map(String::as_str).chain(["member"]);
        names.filter_map(|name| self.built_in(&RoleName::site(name))).collect()
    }

    fn in_organization(&self, user: &User, organization: &Organization, member: &Member) -> Vec<Role> {
        let id = organization.id.0;
        let implied =
            if user.is_service_account { organization_service_account_role } else { organization_member_role };
        let implied = implied(&self.catalogue, id, organization.shareable_workspace_owners, &self.settings);
        let names = organization.default_org_member_roles.iter().chain(&member.roles);
        let given = names.filter_map(|name| self.built_in(&RoleName::in_organization(name, id)));
        std::iter::once(implied).chain(given).collect()
    }

    fn built_in(&self, name: &RoleName) -> Option<Role> {
        built_in_role(&self.catalogue, name, &self.settings).ok()
    }
}

/// The names of all roles of a user, for the assignment rules.
pub(super) fn role_names(user: &User, memberships: &[(Organization, Member)]) -> Vec<RoleName> {
    let site = user.roles.iter().map(String::as_str).chain(["member"]).map(RoleName::site);
    let organizations = memberships.iter().flat_map(|(organization, member)| {
        organization
            .default_org_member_roles
            .iter()
            .chain(&member.roles)
            .map(|name| RoleName::in_organization(name, organization.id.0))
    });
    site.chain(organizations).collect()
}
