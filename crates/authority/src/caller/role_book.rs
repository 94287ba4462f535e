//! Which roles a user holds at the time of a request (contract of decisions, section 3.3).
use std::{collections::HashMap, sync::Arc};

use keyfob_rbac::{
    Catalogue, OrganizationPermissions, OwnedId, Permission, Role, RoleName, RoleSettings, built_in_role,
    organization_member_role, organization_service_account_role,
};
use keyfob_store::{CustomRole, Member, Organization, OrganizationId, Reader, StoreError, User};

/// Custom roles by organization and name.
type CustomRoles<'a> = HashMap<(OrganizationId, &'a str), &'a CustomRole>;

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
    pub(crate) async fn of_user(
        &self,
        read: &mut Reader<'_>,
        user: &User,
        members: &[Member],
    ) -> Result<Vec<Role>, StoreError> {
        let organizations = read.readable_organizations_of(user.id).await?;
        let custom = self.custom(read, members, &organizations).await?;
        let custom: CustomRoles<'_> =
            custom.iter().map(|role| ((role.organization_id, role.name.as_str()), role)).collect();
        let members: HashMap<OrganizationId, &Member> =
            members.iter().map(|member| (member.organization_id, member)).collect();
        let mut roles = self.site(user);
        for organization in &organizations {
            let member = members.get(&organization.id);
            let theirs = member.map(|member| self.in_organization(user, organization, member, &custom));
            roles.extend(theirs.into_iter().flatten());
        }
        Ok(roles)
    }

    /// The custom roles that a member holds, or all members of their organization: mostly none, and then the database is
    /// not asked.
    async fn custom(
        &self,
        read: &mut Reader<'_>,
        members: &[Member],
        organizations: &[Organization],
    ) -> Result<Vec<CustomRole>, StoreError> {
        let of_members = members.iter().map(|member| (member.organization_id, &member.roles));
        let defaults = organizations.iter().map(|of| (of.id, &of.default_org_member_roles));
        let held: Vec<(OrganizationId, &str)> = of_members
            .chain(defaults)
            .flat_map(|(id, names)| names.iter().map(move |name| (id, name.as_str())))
            .filter(|(id, name)| self.built_in(&RoleName::in_organization(name, id.0)).is_none())
            .collect();
        if held.is_empty() { Ok(Vec::new()) } else { read.custom_roles_named(&held).await }
    }

    fn site(&self, user: &User) -> Vec<Role> {
        let names = user.roles.iter().map(String::as_str).chain(["member"]);
        names.filter_map(|name| self.built_in(&RoleName::site(name))).collect()
    }

    fn in_organization(
        &self,
        user: &User,
        organization: &Organization,
        member: &Member,
        custom: &CustomRoles<'_>,
    ) -> Vec<Role> {
        let id = organization.id.0;
        let implied =
            if user.is_service_account { organization_service_account_role } else { organization_member_role };
        let implied = implied(&self.catalogue, id, organization.shareable_workspace_owners, &self.settings);
        let names = organization.default_org_member_roles.iter().chain(&member.roles);
        let given = names.filter_map(|name| {
            self.built_in(&RoleName::in_organization(name, id))
                .or_else(|| Some(self.expand(custom.get(&(organization.id, name.as_str()))?)))
        });
        std::iter::once(implied).chain(given).collect()
    }

    /// The built-in role of this name.
    pub(crate) fn built_in(&self, name: &RoleName) -> Option<Role> {
        built_in_role(&self.catalogue, name, &self.settings).ok()
    }

    /// What an organization's own role permits, as far as the catalogue still knows it.
    pub(crate) fn expand(&self, role: &CustomRole) -> Role {
        let named = |permission: &keyfob_store::NamedPermission| {
            Permission::named(&self.catalogue, &permission.resource_type, &permission.action, false)
        };
        let org = role.permissions.iter().filter_map(named).collect();
        let permissions = OrganizationPermissions { org, member: Vec::new() };
        let id = role.organization_id.0;
        Role {
            organizations: vec![(OwnedId::Uuid(id), permissions)],
            ..Role::empty(RoleName::in_organization(&role.name, id))
        }
    }
}

/// The names of all roles of a user, for the assignment rules.
pub(crate) fn role_names(user: &User, memberships: &[(Organization, Member)]) -> Vec<RoleName> {
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
