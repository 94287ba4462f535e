//! Roles that organizations make for themselves, and which roles there are to give (contract of decisions, section 3.5).
use crate::Caller;
use keyfob_rbac::{
    Action, Catalogue, InvalidPermission, Object, Permission, ResourceType, Role, RoleName, authorize,
    built_in_role_names, is_stored_system_role, may_assign,
};
use keyfob_store::{CustomRole, NamedPermission, Organization, OrganizationId, StoreError};

use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, custom_role_event},
    roles::own_role_names,
};

/// A role that there is to give, and whether the caller may.
#[derive(Clone, Debug)]
pub struct AssignableRole {
    pub role: Role,
    /// None for built-in roles.
    pub custom: Option<CustomRole>,
    pub is_assignable: bool,
}

/// What to change about a custom role.
#[derive(Clone, Debug)]
pub struct CustomRoleChange {
    pub display_name: String,
    pub permissions: Vec<NamedPermission>,
}

/// Why a custom role was not stored.
#[derive(Debug)]
pub enum CustomRoleError {
    /// A permission makes no sense.
    Invalid(InvalidPermission),
    /// A permission names every type or every action.
    Wildcard(NamedPermission),
    /// The caller does not hold this permission in the organization.
    NotHeld(NamedPermission),
    /// The organization has one of that name.
    NameTaken,
    /// Everything else.
    Refused(Refused),
}

impl From<Refused> for CustomRoleError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for CustomRoleError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::NameTaken,
            other => Self::Refused(other.into()),
        }
    }
}

fn roles_object<'a>(organization: OrganizationId) -> Object<'a> {
    Object::of(ResourceType::ASSIGN_ORG_ROLE).in_organization(organization.0)
}

impl AuthorizedStore {
    /// The deployment-wide roles that there are to give; `member`, which everybody has, is not among them. Requires
    /// `read` on their assignment.
    #[tracing::instrument(skip_all)]
    pub async fn site_roles(&self) -> Result<Vec<AssignableRole>, Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::ASSIGN_ROLE))?;
        let names = built_in_role_names().filter(|(name, of_organization)| !of_organization && *name != "member");
        self.built_in_roles(names.map(|(name, _)| RoleName::site(name)), Object::of(ResourceType::ASSIGN_ROLE)).await
    }

    /// The roles that there are to give in an organization: built-in ones and its own. Requires `read` on their
    /// assignment.
    #[tracing::instrument(skip_all)]
    pub async fn organization_roles(&self, organization: OrganizationId) -> Result<Vec<AssignableRole>, Refused> {
        let object = roles_object(organization);
        self.caller.require_visible(&object)?;
        let names = built_in_role_names().filter(|(_, of_organization)| *of_organization);
        let names = names.map(|(name, _)| RoleName::in_organization(name, organization.0));
        let mut roles = self.built_in_roles(names, object).await?;
        let own = own_role_names(&self.caller, &mut self.read()).await?;
        let may = authorize(self.caller.subject(), Action::ASSIGN, &object).is_allowed();
        for custom in self.read().custom_roles(&[organization]).await? {
            let role = self.authority.role_book().expand(&custom);
            let is_assignable = may && may_assign(&own, &role.name);
            roles.push(AssignableRole { role, custom: Some(custom), is_assignable });
        }
        Ok(roles)
    }

    async fn built_in_roles(
        &self,
        names: impl Iterator<Item = RoleName>,
        assignment: Object<'_>,
    ) -> Result<Vec<AssignableRole>, Refused> {
        let own = own_role_names(&self.caller, &mut self.read()).await?;
        let may = authorize(self.caller.subject(), Action::ASSIGN, &assignment).is_allowed();
        let roles = names.filter_map(|name| self.authority.role_book().built_in(&name));
        let assignable = |role: Role| {
            let is_assignable = may && may_assign(&own, &role.name);
            AssignableRole { role, custom: None, is_assignable }
        };
        Ok(roles.map(assignable).collect())
    }

    /// An organization's own role. Requires `read` on the assignment of its roles.
    #[tracing::instrument(skip_all)]
    pub async fn custom_role(&self, organization: OrganizationId, name: &str) -> Result<CustomRole, Refused> {
        self.caller.require_visible(&roles_object(organization))?;
        let roles = self.read().custom_roles(&[organization]).await?;
        roles.into_iter().find(|role| role.name == name).ok_or_else(Refused::missing)
    }

    /// Stores a new role. Requires `create` on the organization's roles, and every permission that it grants.
    #[tracing::instrument(skip_all)]
    pub async fn create_custom_role(&self, new: &CustomRole) -> Result<(), CustomRoleError> {
        let check = |caller: &Caller| {
            caller.require_permitted(Action::CREATE, &roles_object(new.organization_id))?;
            require_held(self.catalogue(), caller, new.organization_id, &new.permissions)
        };
        let mut work = self.begin_if::<CustomRoleError>(check).await?;
        if is_stored_system_role(&new.name) {
            return Err(CustomRoleError::NameTaken);
        }
        work.tx.insert_custom_role(new).await?;
        work.record(custom_role_event(EventKind::RoleCreated, None, Some(new)));
        Ok(work.commit().await?)
    }

    /// Stores a changed role. Requires `update` on the organization's roles, and every permission that it grants.
    #[tracing::instrument(skip_all)]
    pub async fn update_custom_role(
        &self,
        organization: OrganizationId,
        name: &str,
        change: CustomRoleChange,
    ) -> Result<CustomRole, CustomRoleError> {
        let CustomRoleChange { display_name, permissions } = change;
        let check = |caller: &Caller| {
            caller.require_permitted(Action::UPDATE, &roles_object(organization))?;
            require_held(self.catalogue(), caller, organization, &permissions)
        };
        let mut work = self.begin_if::<CustomRoleError>(check).await?;
        let roles = work.read().custom_roles(&[organization]).await?;
        let old = roles.iter().find(|role| role.name == name).ok_or(StoreError::Gone)?;
        let new = CustomRole { display_name, permissions, updated_at: self.now(), ..old.clone() };
        work.tx.update_custom_role(&new).await?;
        work.record(custom_role_event(EventKind::RoleUpdated, Some(old), Some(&new)));
        work.commit().await?;
        Ok(new)
    }

    /// Removes a role, also from the members who hold it and from the default roles. Requires `delete` on the organization's roles.
    #[tracing::instrument(skip_all)]
    pub async fn delete_custom_role(&self, organization: &Organization, name: &str) -> Result<(), Refused> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::DELETE, &roles_object(organization.id))).await?;
        let roles = work.read().custom_roles(&[organization.id]).await?;
        let role = roles.iter().find(|role| role.name == name).ok_or_else(Refused::missing)?;
        work.tx.delete_custom_role(organization.id, name, self.now()).await?;
        work.record(custom_role_event(EventKind::RoleDeleted, Some(role), None));
        Ok(work.commit().await?)
    }
}

/// A caller grants only what they hold themselves, on a bare object of the type in the organization.
fn require_held(
    catalogue: &Catalogue,
    caller: &Caller,
    organization: OrganizationId,
    permissions: &[NamedPermission],
) -> Result<(), CustomRoleError> {
    for permission in permissions {
        let NamedPermission { resource_type, action } = permission;
        if resource_type == "*" || action == "*" {
            return Err(CustomRoleError::Wildcard(permission.clone()));
        }
        Permission::check(catalogue, resource_type, action).map_err(CustomRoleError::Invalid)?;
        let known = catalogue.resource_type(resource_type).zip(catalogue.action(action));
        let Some((of, action)) = known else { return Err(CustomRoleError::NotHeld(permission.clone())) };
        let object = Object::of(of).in_organization(organization.0);
        if !caller.is_permitted(action, &object) {
            return Err(CustomRoleError::NotHeld(permission.clone()));
        }
    }
    Ok(())
}
