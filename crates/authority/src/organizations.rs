//! Organizations, and who is a member of them.
mod members;

pub use members::{AddMemberError, MemberView};

use crate::Authority;
use jiff::Timestamp;
use keyfob_rbac::{Action, Filter, Object, ResourceType, ShareableWorkspaceOwners};
use keyfob_store::{ListGroups, Organization, OrganizationId, ResourcesOf, StoreError, UserId};
use uuid::Uuid;

use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, organization_event},
    roles::{AssignError, each_once},
    work::Work,
};

pub(crate) fn organization_object<'a>(id: OrganizationId) -> Object<'a> {
    Object::of(ResourceType::ORGANIZATION).with_id(id.0).in_organization(id.0)
}

/// What to change about an organization; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct OrganizationChange {
    pub name: Option<String>,
    pub display_name: Option<String>,
    pub description: Option<String>,
    pub icon: Option<String>,
    pub default_org_member_roles: Option<Vec<String>>,
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
    pub async fn organizations(&self) -> Result<Vec<Organization>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::ORGANIZATION);
        Ok(self.read().organizations(&filter).await?)
    }

    /// Those of a user's organizations that the caller may see. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub async fn organizations_of(&self, user: UserId) -> Result<Vec<Organization>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::ORGANIZATION);
        let theirs = self.read().organizations_of(user).await?;
        Ok(theirs.into_iter().filter(|organization| filter.matches(&organization_object(organization.id))).collect())
    }

    /// The organization that a path names: `default`, an id, or a name. Requires `read` on it.
    #[tracing::instrument(skip_all)]
    pub async fn addressed_organization(&self, segment: &str) -> Result<Organization, Refused> {
        let found = match Uuid::try_parse(segment) {
            Ok(id) if id.is_nil() => self.read().find_default_organization().await?,
            Ok(id) => self.read().find_organization(OrganizationId(id)).await?,
            Err(_) if segment == "default" => self.read().find_default_organization().await?,
            Err(_) => self.read().find_organization_by_name(segment).await?,
        };
        let Some(organization) = found else {
            self.caller.context().decisions.required(ResourceType::ORGANIZATION, Action::READ);
            return Err(self.caller.missing(ResourceType::ORGANIZATION));
        };
        self.caller.require_visible(&organization_object(organization.id))?;
        Ok(organization)
    }

    /// Makes an organization, of which the caller is a member from then on. Requires `create` on organizations.
    #[tracing::instrument(skip_all)]
    pub async fn create_organization(&self, new: &Organization) -> Result<(), Refused> {
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::CREATE, &Object::of(ResourceType::ORGANIZATION)))
            .await?;
        work.tx.insert_organization(new).await?;
        work.record(organization_event(EventKind::OrganizationCreated, None, Some(new)));
        if let Some(user) = work.caller.user().cloned() {
            work.insert_member(&user, new.id).await?;
        }
        Ok(work.commit().await?)
    }

    /// Changes an organization. Requires `update` on it; other default roles are roles that every member is given or
    /// loses, and require the same as assigning those.
    #[tracing::instrument(skip_all)]
    pub async fn update_organization(
        &self,
        id: OrganizationId,
        change: OrganizationChange,
    ) -> Result<Organization, AssignError> {
        let mut work = self
            .begin_if(|caller| {
                caller.require_permitted(Action::UPDATE, &organization_object(id)).map_err(AssignError::Refused)
            })
            .await?;
        let old = work.read().find_organization(id).await?.ok_or(StoreError::Gone)?;
        let new = change.of(&old, self.now());
        if old.default_org_member_roles != new.default_org_member_roles {
            work.require_assigning(Some(&old), &old.default_org_member_roles, &new.default_org_member_roles).await?;
        }
        work.tx.update_organization(&new).await?;
        work.record(organization_event(EventKind::OrganizationUpdated, Some(&old), Some(&new)));
        work.commit().await?;
        Ok(new)
    }

    /// Removes an organization. Requires `delete` on it, and that it is empty.
    #[tracing::instrument(skip_all)]
    pub async fn delete_organization(&self, organization: &Organization) -> Result<(), DeleteOrganizationError> {
        let object = organization_object(organization.id);
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::DELETE, &object)).await?;
        if organization.is_default {
            return Err(DeleteOrganizationError::Default);
        }
        let rest = work.rest_of(organization).await?;
        if !rest.is_empty() {
            return Err(DeleteOrganizationError::NotEmpty(rest));
        }
        work.tx.delete_organization(organization.id, self.now()).await?;
        work.record(organization_event(EventKind::OrganizationDeleted, Some(organization), None));
        Ok(work.commit().await?)
    }
}

/// Why an organization was not removed.
#[derive(Debug)]
pub enum DeleteOrganizationError {
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

impl Work {
    /// What has to go before an organization can: kinds and numbers. One member may stay, and the group of all.
    async fn rest_of(&mut self, organization: &Organization) -> Result<Vec<(&'static str, u64)>, StoreError> {
        let of = ResourcesOf::Organization(organization.id);
        let list = ListGroups { visible: Filter::All, organization: Some(organization.id), ..ListGroups::default() };
        let groups = u64::try_from(self.read().groups(&list).await?.len()).unwrap_or(u64::MAX);
        let workspaces = self.read().count_resources(Some("workspace"), of).await?;
        let templates = self.read().count_resources(Some("template"), of).await?;
        let resources = self.read().count_resources(None, of).await?;
        let rest = [
            ("workspace", workspaces),
            ("template", templates),
            ("other resource", resources.saturating_sub(workspaces).saturating_sub(templates)),
            ("member", self.read().count_members(organization.id).await?.saturating_sub(1)),
            ("group", groups.saturating_sub(1)),
        ];
        Ok(rest.into_iter().filter(|(_, count)| *count > 0).collect())
    }
}

/// The roles that members of a new organization have besides their own.
pub const DEFAULT_MEMBER_ROLES: [&str; 1] = ["organization-workspace-access"];

/// The organization that clients of a fresh deployment expect, under the name they expect.
pub(crate) fn first_organization(authority: &Authority) -> Organization {
    let now = authority.clock().now();
    Organization {
        id: OrganizationId(authority.random().uuid()),
        name: "coder".to_owned(),
        display_name: "Coder".to_owned(),
        description: "Builtin default organization.".to_owned(),
        icon: String::new(),
        is_default: true,
        default_org_member_roles: DEFAULT_MEMBER_ROLES.map(str::to_owned).to_vec(),
        shareable_workspace_owners: ShareableWorkspaceOwners::Everyone,
        created_at: now,
        updated_at: now,
    }
}
