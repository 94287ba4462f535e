//! Creating and changing organizations.
use jiff::Timestamp;
use keyfob_rbac::{Action, Object, ResourceType, RoleName, ShareableWorkspaceOwners};
use keyfob_store::{Organization, OrganizationId, StoreError};

use super::{DEFAULT_MEMBER_ROLES, is_reserved, require_permitted};
use crate::{
    AuthorizedStore, Caller, Refused,
    audit::{EventKind, organization_event},
    fields::{Fields, MAX_LIST, WrongFields},
    roles::{AssignError, each_once},
};

/// An organization to create.
#[derive(Clone, Debug, Default)]
pub struct NewOrganization {
    /// Unique, and not `default`.
    pub name: String,
    /// The display name; if empty, the name.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// The address of a picture.
    pub icon: String,
}

/// Why an organization was not created.
#[derive(Debug)]
pub enum CreateOrganizationError {
    /// Fields break their rules.
    Invalid(WrongFields),
    /// The name addresses the default organization.
    NameReserved,
    /// There is an organization of that name.
    NameTaken,
    /// Everything else.
    Refused(Refused),
}

/// What to change about an organization; a field that is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct OrganizationChange {
    /// The new name: unique, and not `default`.
    pub name: Option<String>,
    /// The new display name.
    pub display_name: Option<String>,
    /// The new description.
    pub description: Option<String>,
    /// The new address of a picture.
    pub icon: Option<String>,
    /// The roles that every member has from now on.
    pub default_org_member_roles: Option<Vec<String>>,
}

/// Why an organization was not changed.
#[derive(Debug)]
pub enum UpdateOrganizationError {
    /// Fields break their rules.
    Invalid(WrongFields),
    /// The name addresses the default organization.
    NameReserved,
    /// There is another organization of this name.
    NameTaken(String),
    /// There is no such role to assign.
    UnknownDefaultRole(RoleName),
    /// The caller may not give the default roles to every member, or take them.
    Assign(AssignError),
    /// Everything else.
    Refused(Refused),
}

impl From<WrongFields> for CreateOrganizationError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<Refused> for CreateOrganizationError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for CreateOrganizationError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::NameTaken,
            other => Self::Refused(other.into()),
        }
    }
}

impl From<WrongFields> for UpdateOrganizationError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<Refused> for UpdateOrganizationError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for UpdateOrganizationError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<AssignError> for UpdateOrganizationError {
    fn from(error: AssignError) -> Self {
        match error {
            AssignError::Unsupported(role) => Self::UnknownDefaultRole(role),
            AssignError::Refused(refused) => Self::Refused(refused),
            other => Self::Assign(other),
        }
    }
}

impl NewOrganization {
    fn check(&self) -> Result<(), CreateOrganizationError> {
        Fields::default()
            .slug("name", "organization_name", &self.name)
            .display_name("display_name", "organization_display_name", &self.display_name)
            .text("description", &self.description)
            .text("icon", &self.icon)
            .check()?;
        if is_reserved(&self.name) { Err(CreateOrganizationError::NameReserved) } else { Ok(()) }
    }

    fn into_organization(self, id: OrganizationId, now: Timestamp) -> Organization {
        Organization {
            id,
            display_name: if self.display_name.is_empty() { self.name.clone() } else { self.display_name },
            name: self.name,
            description: self.description,
            icon: self.icon,
            is_default: false,
            default_org_member_roles: DEFAULT_MEMBER_ROLES.map(str::to_owned).to_vec(),
            shareable_workspace_owners: ShareableWorkspaceOwners::Everyone,
            created_at: now,
            updated_at: now,
        }
    }
}

impl OrganizationChange {
    fn check(&self) -> Result<(), UpdateOrganizationError> {
        let display_name = self.display_name.as_deref().unwrap_or_default();
        let name = self.name.as_deref();
        let fields =
            name.into_iter().fold(Fields::default(), |fields, name| fields.slug("name", "organization_name", name));
        let roles = self.default_org_member_roles.as_deref().unwrap_or_default();
        fields
            .display_name("display_name", "organization_display_name", display_name)
            .text("description", self.description.as_deref().unwrap_or_default())
            .text("icon", self.icon.as_deref().unwrap_or_default())
            .at_most_entries("default_org_member_roles", roles.len(), MAX_LIST)
            .check()?;
        if name.is_some_and(is_reserved) { Err(UpdateOrganizationError::NameReserved) } else { Ok(()) }
    }

    fn apply_to(self, old: &Organization, now: Timestamp) -> Organization {
        let roles = self.default_org_member_roles.map(each_once);
        Organization {
            name: self.name.unwrap_or_else(|| old.name.clone()),
            display_name: self.display_name.unwrap_or_else(|| old.display_name.clone()),
            description: self.description.unwrap_or_else(|| old.description.clone()),
            icon: self.icon.unwrap_or_else(|| old.icon.clone()),
            default_org_member_roles: roles.unwrap_or_else(|| old.default_org_member_roles.clone()),
            updated_at: now,
            ..old.clone()
        }
    }
}

impl AuthorizedStore {
    /// Creates an organization, of which the caller is a member from then on. Requires `create` on organizations.
    ///
    /// # Errors
    /// As [`CreateOrganizationError`] says; then nothing was created.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn create_organization(&self, new: NewOrganization) -> Result<Organization, CreateOrganizationError> {
        new.check()?;
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::CREATE, &Object::of(ResourceType::ORGANIZATION)))
            .await?;
        let organization = new.into_organization(OrganizationId(work.authority.random().uuid()), work.now());
        work.tx.insert_organization(&organization).await?;
        work.record(organization_event(EventKind::OrganizationCreated, None, Some(&organization)));
        if let Some(user) = work.caller.user().cloned() {
            work.insert_member(&user, organization.id).await?;
        }
        work.commit().await?;
        Ok(organization)
    }

    /// Changes an organization. Requires `read` and `update` on it. Changing the default roles gives every member
    /// roles, or takes them: that requires the same as assigning those roles.
    ///
    /// # Errors
    /// As [`UpdateOrganizationError`] says; then nothing was changed.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn update_organization(
        &self,
        id: OrganizationId,
        change: OrganizationChange,
    ) -> Result<Organization, UpdateOrganizationError> {
        change.check()?;
        let check = |caller: &Caller| require_permitted(caller, Action::UPDATE, id);
        let mut work = self.begin_if(check).await?;
        let old = work.read().find_organization(id).await?.ok_or(StoreError::Gone)?;
        let new = change.apply_to(&old, work.now());
        if old.default_org_member_roles != new.default_org_member_roles {
            work.require_assigning(Some(&old), &old.default_org_member_roles, &new.default_org_member_roles).await?;
        }
        match work.tx.update_organization(&new).await {
            Err(StoreError::Conflict(_)) => return Err(UpdateOrganizationError::NameTaken(new.name)),
            result => result?,
        }
        work.record(organization_event(EventKind::OrganizationUpdated, Some(&old), Some(&new)));
        work.commit().await?;
        Ok(new)
    }
}
