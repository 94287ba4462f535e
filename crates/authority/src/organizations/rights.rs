//! What a caller may do to an organization and to its members, for pages that offer no more than that.
use std::collections::BTreeSet;

use keyfob_rbac::{Action, Object, ResourceType, RoleName, built_in_role_names, is_assignable};
use keyfob_store::Organization;

use super::{MemberView, may_add_member, members::member_object, organization_object};
use crate::{
    AuthorizedStore, Refused,
    roles::{Assigner, may_assign_all_of, roles_object},
    users::RoleRight,
};

/// The role that every member has.
const EVERYONE: &str = "organization-member";

/// What the caller may do to an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each says whether one operation is allowed")]
pub struct OrganizationRights {
    /// Whether [`AuthorizedStore::update_organization`] is allowed, but for the roles of new members.
    pub may_update: bool,
    /// Whether [`AuthorizedStore::delete_organization`] is allowed once the organization is empty.
    pub may_delete: bool,
    /// Whether [`AuthorizedStore::add_member`] is allowed for users whom the caller may read.
    pub may_add_members: bool,
    /// Whether [`AuthorizedStore::create_group`] is allowed.
    pub may_create_groups: bool,
    /// Whether [`AuthorizedStore::list_organization_roles`] is allowed.
    pub may_read_roles: bool,
}

/// What the caller may do to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRights {
    /// Whether [`AuthorizedStore::remove_member`] is allowed.
    pub may_remove: bool,
    /// The roles of the organization, each with whether the member holds it and the caller may change that.
    pub roles: Vec<RoleRight>,
}

impl AuthorizedStore {
    /// Whether the caller may create organizations. It requires nothing.
    pub fn may_create_organizations(&self) -> bool {
        self.caller.is_permitted(Action::CREATE, &Object::of(ResourceType::ORGANIZATION))
    }

    /// What the caller may do to an organization that they have read. It requires nothing.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn organization_rights(&self, organization: &Organization) -> Result<OrganizationRights, Refused> {
        let quiet = self.incidental();
        let caller = &quiet.caller;
        let object = organization_object(organization.id);
        let groups = Object::of(ResourceType::GROUP).in_organization(organization.id.0);
        let assigner = Assigner::of(caller, &mut self.read()).await?;
        Ok(OrganizationRights {
            may_update: caller.is_permitted(Action::UPDATE, &object),
            may_delete: caller.is_permitted(Action::DELETE, &object) && !organization.is_default,
            may_add_members: may_add_member(caller, &assigner, organization).is_ok(),
            may_create_groups: caller.is_permitted(Action::CREATE, &groups),
            may_read_roles: caller.is_permitted(Action::READ, &roles_object(organization.id)),
        })
    }

    /// What the caller may do to a member whom they have read. It requires nothing.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn member_rights(
        &self,
        organization: &Organization,
        MemberView { user, member }: &MemberView,
    ) -> Result<MemberRights, Refused> {
        let quiet = self.incidental();
        let caller = &quiet.caller;
        let is_other = !caller.is_self(user.id);
        let id = organization.id;
        let may_delete = caller.is_permitted(Action::DELETE, &member_object(id, user.id));
        let has_say = may_assign_all_of(caller, &mut self.read(), user, Some(id)).await?;
        let assigner = Assigner::of(caller, &mut self.read()).await?;
        let permits = |action| caller.is_permitted(action, &roles_object(id));
        let mut implied = organization.default_org_member_roles.iter().map(String::as_str).chain([EVERYONE]);
        let in_organization = |name: &str| RoleName::in_organization(name, id.0);
        let may_assign =
            is_other && permits(Action::ASSIGN) && implied.all(|name| assigner.may_assign(&in_organization(name)));
        let may_unassign = permits(Action::UNASSIGN);
        let right = |name: String| {
            let is_held = member.roles.contains(&name);
            let may_change = may_assign && (!is_held || may_unassign) && assigner.may_assign(&in_organization(&name));
            RoleRight { name, is_held, may_change }
        };
        let built_in = built_in_role_names().filter(|(name, of_organization)| *of_organization && *name != EVERYONE);
        let built_in = built_in.map(|(name, _)| name).filter(|name| is_assignable(&in_organization(name)));
        let custom = self.read().custom_roles(&[id]).await?;
        let names: BTreeSet<String> = built_in
            .map(str::to_owned)
            .chain(custom.into_iter().map(|role| role.name))
            .chain(member.roles.iter().cloned())
            .collect();
        Ok(MemberRights {
            may_remove: is_other && may_delete && has_say,
            roles: names.into_iter().map(right).collect(),
        })
    }
}
