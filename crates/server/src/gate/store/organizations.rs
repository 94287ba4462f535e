//! Organizations.
use axum::http::StatusCode;
use jiff::Timestamp;
use keyfob_rbac::{Action, Filter, Object, ResourceType};
use keyfob_store::{ListGroups, Organization, OrganizationId, ResourcesOf, StoreError, UserId};
use uuid::Uuid;

use super::{AssignError, AuthorizedStore, assign::each_once, audit::organization_audit};
use crate::gate::Refused;

pub(super) fn organization_object<'a>(id: OrganizationId) -> Object<'a> {
    Object::of(ResourceType::ORGANIZATION).with_id(id.0).in_organization(id.0)
}

/// What to change about an organization; what is none stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrganizationChange {
    pub(crate) name: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) icon: Option<String>,
    pub(crate) default_org_member_roles: Option<Vec<String>>,
}

impl OrganizationChange {
    fn of(self, old: &Organization, now: Timestamp) -> Organization {
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
    /// The organizations that the caller may see. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn organizations(&self) -> Result<Vec<Organization>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::ORGANIZATION);
        Ok(self.store().organizations(&filter).await?)
    }

    /// Those of a user's organizations that the caller may see. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn organizations_of(&self, user: UserId) -> Result<Vec<Organization>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::ORGANIZATION);
        let theirs = self.store().organizations_of(user).await?;
        Ok(theirs.into_iter().filter(|organization| filter.matches(&organization_object(organization.id))).collect())
    }

    /// The organization that a path names: `default`, an id, or a name. Requires `read` on it.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn addressed_organization(&self, segment: &str) -> Result<Organization, Refused> {
        let found = match Uuid::try_parse(segment) {
            Ok(id) if id.is_nil() => self.store().find_default_organization().await?,
            Ok(id) => self.store().find_organization(OrganizationId(id)).await?,
            Err(_) if segment == "default" => self.store().find_default_organization().await?,
            Err(_) => self.store().find_organization_by_name(segment).await?,
        };
        let Some(organization) = found else {
            self.caller.context.trail.required(ResourceType::ORGANIZATION, Action::READ);
            return Err(self.missing(ResourceType::ORGANIZATION));
        };
        self.require_visible(&organization_object(organization.id))?;
        Ok(organization)
    }

    /// Makes an organization, of which the caller is a member from then on. Requires `create` on organizations.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn create_organization(&self, new: &Organization) -> Result<(), Refused> {
        self.require_permitted(Action::CREATE, &Object::of(ResourceType::ORGANIZATION))?;
        let mut tx = self.store().begin().await?;
        tx.insert_organization(new).await?;
        self.record(&mut tx, organization_audit("create", StatusCode::CREATED, None, Some(new))).await?;
        if let Some(user) = self.caller.user() {
            self.insert_member(&mut tx, user, new.id).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Changes an organization. Requires `update` on it; other default roles are roles that every member is given or
    /// loses, and require the same as assigning those.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn update_organization(
        &self,
        id: OrganizationId,
        change: OrganizationChange,
    ) -> Result<Organization, AssignError> {
        self.require_permitted(Action::UPDATE, &organization_object(id)).map_err(AssignError::Refused)?;
        let mut tx = self.store().begin().await?;
        let old = tx.find_organization(id).await?.ok_or(StoreError::Gone)?;
        let new = change.of(&old, self.now());
        if old.default_org_member_roles != new.default_org_member_roles {
            self.require_assigning(Some(&old), &old.default_org_member_roles, &new.default_org_member_roles).await?;
        }
        tx.update_organization(&new).await?;
        self.record(&mut tx, organization_audit("write", StatusCode::OK, Some(&old), Some(&new))).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Removes an organization. Requires `delete` on it, and that it is empty.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn delete_organization(&self, organization: &Organization) -> Result<(), DeleteOrganizationError> {
        self.require_permitted(Action::DELETE, &organization_object(organization.id))?;
        if organization.is_default {
            return Err(DeleteOrganizationError::Default);
        }
        let mut tx = self.store().begin().await?;
        let rest = self.rest_of(organization).await?;
        if !rest.is_empty() {
            return Err(DeleteOrganizationError::NotEmpty(rest));
        }
        tx.delete_organization(organization.id, self.now()).await?;
        self.record(&mut tx, organization_audit("delete", StatusCode::OK, Some(organization), None)).await?;
        Ok(tx.commit().await?)
    }

    /// What has to go before an organization can: kinds and numbers. One member may stay, and the group of all.
    async fn rest_of(&self, organization: &Organization) -> Result<Vec<(&'static str, u64)>, StoreError> {
        let of = ResourcesOf::Organization(organization.id);
        let list = ListGroups { visible: Filter::All, organization: Some(organization.id), ..ListGroups::default() };
        let groups = u64::try_from(self.store().groups(&list).await?.len()).unwrap_or(u64::MAX);
        let workspaces = self.store().count_resources(Some("workspace"), of).await?;
        let templates = self.store().count_resources(Some("template"), of).await?;
        let resources = self.store().count_resources(None, of).await?;
        let rest = [
            ("workspace", workspaces),
            ("template", templates),
            ("other resource", resources.saturating_sub(workspaces).saturating_sub(templates)),
            ("member", self.store().count_members(organization.id).await?.saturating_sub(1)),
            ("group", groups.saturating_sub(1)),
        ];
        Ok(rest.into_iter().filter(|(_, count)| *count > 0).collect())
    }
}

/// Why an organization was not removed.
#[derive(Debug)]
pub(crate) enum DeleteOrganizationError {
    /// It is the default one.
    Default,
    /// There is still something in it: kinds and numbers.
    NotEmpty(Vec<(&'static str, u64)>),
    /// Everything else.
    Refused(Refused),
}

impl From<Refused> for DeleteOrganizationError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for DeleteOrganizationError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}
