//! The roles that can be assigned.
use keyfob_rbac::{Action, Object, ResourceType, Role, RoleName, authorize, built_in_role_names};
use keyfob_store::{CustomRole, OrganizationId};

use super::{Assigner, roles_object};
use crate::{AuthorizedStore, Refused};

/// A role that can be assigned, and whether the caller may assign it.
#[derive(Clone, Debug)]
pub struct AssignableRole {
    /// The role.
    pub role: Role,
    /// The row of a custom role; none for built-in roles.
    pub custom: Option<CustomRole>,
    /// Whether the caller may assign it.
    pub is_assignable: bool,
}

impl AuthorizedStore {
    /// The deployment-wide roles that can be assigned; `member`, which every user has, is not among them. Requires
    /// `read` on their assignment.
    ///
    /// # Errors
    /// [`Refused::Denied`] when the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_site_roles(&self) -> Result<Vec<AssignableRole>, Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::ASSIGN_ROLE))?;
        let names = built_in_role_names().filter(|(name, of_organization)| !of_organization && *name != "member");
        self.built_in_roles(names.map(|(name, _)| RoleName::site(name)), Object::of(ResourceType::ASSIGN_ROLE)).await
    }

    /// The roles that can be assigned in an organization: built-in ones and custom ones. Requires `read` on their
    /// assignment.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_organization_roles(&self, organization: OrganizationId) -> Result<Vec<AssignableRole>, Refused> {
        let object = roles_object(organization);
        self.caller.require_visible(&object)?;
        let names = built_in_role_names().filter(|(_, of_organization)| *of_organization);
        let names = names.map(|(name, _)| RoleName::in_organization(name, organization.0));
        let mut roles = self.built_in_roles(names, object).await?;
        let assigner = Assigner::of(&self.caller, &mut self.read()).await?;
        let may = authorize(self.caller.subject(), Action::ASSIGN, &object).is_allowed();
        for custom in self.read().custom_roles(&[organization]).await? {
            let role = self.authority.role_book().expand(&custom);
            let is_assignable = may && assigner.may_assign(&role.name);
            roles.push(AssignableRole { role, custom: Some(custom), is_assignable });
        }
        Ok(roles)
    }

    async fn built_in_roles(
        &self,
        names: impl Iterator<Item = RoleName>,
        assignment: Object<'_>,
    ) -> Result<Vec<AssignableRole>, Refused> {
        let assigner = Assigner::of(&self.caller, &mut self.read()).await?;
        let may = authorize(self.caller.subject(), Action::ASSIGN, &assignment).is_allowed();
        let roles = names.filter_map(|name| self.authority.role_book().built_in(&name));
        let assignable = |role: Role| {
            let is_assignable = may && assigner.may_assign(&role.name);
            AssignableRole { role, custom: None, is_assignable }
        };
        Ok(roles.map(assignable).collect())
    }
}
