//! Custom roles: those that organizations define for themselves.
use keyfob_rbac::{Action, InvalidPermission, is_reserved_role_name, is_stored_system_role};
use keyfob_store::{CustomRole, NamedPermission, OrganizationId, StoreError};

use super::{AssignError, OtherLevel, RequestedPermissions, permissions::require_held, roles_object};
use crate::{
    AuthorizedStore, Caller, Refused,
    audit::{EventKind, custom_role_event},
    fields::{Fields, WrongFields, slug_problem},
    work::Work,
};

/// How many custom roles an organization may have.
pub const MAX_CUSTOM_ROLES: u64 = 256;

/// A custom role to create, or as it is to be from now on.
#[derive(Clone, Debug)]
pub struct CustomRoleFields {
    /// Unique in the organization.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// What it permits.
    pub permissions: RequestedPermissions,
}

/// What a form showed of a custom role that it sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRoleShown {
    /// The display name.
    pub display_name: String,
    /// What it permitted.
    pub permissions: Vec<NamedPermission>,
}

impl CustomRoleShown {
    /// Whether the role is still as it was shown.
    fn is(&self, role: &CustomRole) -> bool {
        // Forms spell the ends of lines in their own way.
        let same_lines = |text: &str| text.replace("\r\n", "\n").replace('\r', "\n");
        same_lines(&self.display_name) == same_lines(&role.display_name)
            && are_same(&self.permissions, &role.permissions)
    }
}

/// Why a custom role was not created or changed.
#[derive(Debug)]
pub enum CustomRoleError {
    /// The name belongs to a built-in role.
    NameReserved(String),
    /// The name breaks this rule.
    InvalidName(String),
    /// The name reads as an id.
    InvalidFields(WrongFields),
    /// Custom roles have no permissions of this level.
    OtherLevel(OtherLevel),
    /// A permission forbids.
    Negative(NamedPermission),
    /// A permission names a type or an action that the catalogue does not have.
    Invalid(InvalidPermission),
    /// A permission names every type or every action.
    Wildcard(NamedPermission),
    /// The caller does not hold this permission in the organization.
    NotHeld(NamedPermission),
    /// The organization has a role of this name.
    NameTaken(String),
    /// The organization has as many custom roles as it may ([`MAX_CUSTOM_ROLES`]).
    TooMany,
    /// The role is not as it was shown to the person who changes it.
    Changed,
    /// The caller may not give the role, or not take it.
    Assign(AssignError),
    /// Everything else.
    Refused(Refused),
}

/// Why a custom role was not deleted.
#[derive(Debug)]
pub enum DeleteCustomRoleError {
    /// The organization has no custom role of that name.
    NoSuchRole,
    /// The caller may not give the role, or not take it.
    Assign(AssignError),
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
        Self::Refused(error.into())
    }
}

impl From<AssignError> for CustomRoleError {
    fn from(error: AssignError) -> Self {
        match error {
            AssignError::Refused(refused) => Self::Refused(refused),
            other => Self::Assign(other),
        }
    }
}

impl From<Refused> for DeleteCustomRoleError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for DeleteCustomRoleError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<AssignError> for DeleteCustomRoleError {
    fn from(error: AssignError) -> Self {
        match error {
            AssignError::Refused(refused) => Self::Refused(refused),
            other => Self::Assign(other),
        }
    }
}

impl CustomRoleFields {
    /// The rules that depend on the request alone.
    fn check(&self) -> Result<(), CustomRoleError> {
        if is_reserved_role_name(&self.name) {
            return Err(CustomRoleError::NameReserved(self.name.clone()));
        }
        if let Some(problem) = slug_problem(&self.name) {
            return Err(CustomRoleError::InvalidName(problem));
        }
        let fields = Fields::default().text("display_name", &self.display_name);
        let fields = fields.without_control_characters("display_name", &self.display_name);
        fields.check().map_err(CustomRoleError::InvalidFields)?;
        self.permissions.check()
    }
}

impl AuthorizedStore {
    /// Creates a custom role, whose name does not read as an id. Requires `create` on the organization's roles, and every permission that it grants.
    ///
    /// # Errors
    /// As [`CustomRoleError`] says; then nothing was created.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn create_custom_role(
        &self,
        organization: OrganizationId,
        fields: CustomRoleFields,
    ) -> Result<CustomRole, CustomRoleError> {
        Fields::default().not_an_id("name", &fields.name).check().map_err(CustomRoleError::InvalidFields)?;
        fields.check()?;
        let permissions = fields.permissions.of_organization();
        let check = |caller: &Caller| {
            caller.require_permitted(Action::CREATE, &roles_object(organization))?;
            require_held(self.catalogue(), caller, organization, &permissions)
        };
        let mut work = self.begin_if::<CustomRoleError>(check).await?;
        let CustomRoleFields { name, display_name, .. } = fields;
        if is_stored_system_role(&name) {
            return Err(CustomRoleError::NameTaken(name));
        }
        if work.read().count_custom_roles(organization).await? >= MAX_CUSTOM_ROLES {
            return Err(CustomRoleError::TooMany);
        }
        let now = work.now();
        let role = CustomRole {
            organization_id: organization,
            name,
            display_name,
            permissions,
            created_at: now,
            updated_at: now,
        };
        match work.tx.insert_custom_role(&role).await {
            Err(StoreError::Conflict(_)) => return Err(CustomRoleError::NameTaken(role.name)),
            result => result?,
        }
        work.record(custom_role_event(EventKind::RoleCreated, None, Some(&role)));
        work.commit().await?;
        Ok(role)
    }

    /// Changes the custom role of that name: its holders gain rights, or lose them. Requires `read` and `update` on the
    /// organization's roles, every permission that it grants, and the right to give the role and to take it.
    /// Where a form sets what it has shown, the role must still be as it was `shown`.
    ///
    /// # Errors
    /// As [`CustomRoleError`] says; then nothing was changed.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn update_custom_role(
        &self,
        organization: OrganizationId,
        fields: CustomRoleFields,
        shown: Option<&CustomRoleShown>,
    ) -> Result<CustomRole, CustomRoleError> {
        fields.check()?;
        let mut work = self.begin().await?;
        work.caller.require_visible(&roles_object(organization))?;
        let old = work.find_custom_role(organization, &fields.name).await?.ok_or(StoreError::Gone)?;
        work.caller.require_permitted(Action::UPDATE, &roles_object(organization))?;
        work.require_giving_and_taking(&old).await?;
        if shown.is_some_and(|shown| !shown.is(&old)) {
            return Err(CustomRoleError::Changed);
        }
        let permissions = fields.permissions.known_of_organization(self.catalogue());
        require_held(self.catalogue(), &work.caller, organization, &permissions)?;
        let display_name = fields.display_name;
        let new = CustomRole { display_name, permissions, updated_at: work.now(), ..old.clone() };
        work.tx.update_custom_role(&new).await?;
        work.record(custom_role_event(EventKind::RoleUpdated, Some(&old), Some(&new)));
        work.commit().await?;
        Ok(new)
    }

    /// Deletes a custom role; its holders lose it, and the default roles. Requires `delete` on the organization's
    /// roles, and the right to give the role and to take it.
    ///
    /// # Errors
    /// As [`DeleteCustomRoleError`] says; then nothing was deleted.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn delete_custom_role(
        &self,
        organization: OrganizationId,
        name: &str,
    ) -> Result<(), DeleteCustomRoleError> {
        let (mut work, role) = self.begin_custom_role_deletion(organization, name).await?;
        let now = work.now();
        work.tx.delete_custom_role(organization, name, now).await?;
        work.record(custom_role_event(EventKind::RoleDeleted, Some(&role), None));
        Ok(work.commit().await?)
    }

    /// Whether [`Self::delete_custom_role`] would delete the role now, for a page that asks before.
    ///
    /// # Errors
    /// Why it would not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn check_delete_custom_role(
        &self,
        organization: OrganizationId,
        name: &str,
    ) -> Result<(), DeleteCustomRoleError> {
        self.begin_custom_role_deletion(organization, name).await.map(drop)
    }

    async fn begin_custom_role_deletion(
        &self,
        organization: OrganizationId,
        name: &str,
    ) -> Result<(Work, CustomRole), DeleteCustomRoleError> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::DELETE, &roles_object(organization))).await?;
        let role = work.find_custom_role(organization, name).await?.ok_or(DeleteCustomRoleError::NoSuchRole)?;
        work.require_giving_and_taking(&role).await?;
        Ok((work, role))
    }
}

/// Whether these are the same permissions, in any order.
fn are_same(some: &[NamedPermission], others: &[NamedPermission]) -> bool {
    some.iter().all(|one| others.contains(one)) && others.iter().all(|one| some.contains(one))
}

impl Work {
    async fn find_custom_role(
        &mut self,
        organization: OrganizationId,
        name: &str,
    ) -> Result<Option<CustomRole>, StoreError> {
        Ok(self.read().custom_roles_named(&[(organization, name)]).await?.pop())
    }

    /// A change of a role concerns all its holders, as if it were taken from each of them and given again.
    async fn require_giving_and_taking(&mut self, role: &CustomRole) -> Result<(), AssignError> {
        let organization = self.read().find_organization(role.organization_id).await?.ok_or(StoreError::Gone)?;
        // Taking a role requires all that giving it does.
        self.require_assigning(Some(&organization), std::slice::from_ref(&role.name), &[]).await
    }
}
