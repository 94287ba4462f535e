//! Deleting organizations.
use keyfob_rbac::{Action, Filter};
use keyfob_store::{ListGroups, Organization, OrganizationId, Reader, ResourcesOf, StoreError};

use super::require_permitted;
use crate::{
    AuthorizedStore, Caller, Refused,
    audit::{EventKind, organization_event},
    work::Work,
};

/// A kind of thing that keeps an organization from being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// Registered workspaces.
    Workspace,
    /// Registered templates.
    Template,
    /// Registered resources of other types.
    OtherResource,
    /// Members besides one.
    Member,
    /// Groups besides `Everyone`.
    Group,
}

/// Why an organization was not deleted.
#[derive(Debug)]
pub enum DeleteOrganizationError {
    /// It is the default organization.
    IsDefault,
    /// These must be deleted first; each with its number, which is not zero.
    NotEmpty(Vec<(Leftover, u64)>),
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

impl AuthorizedStore {
    /// Deletes an organization. Requires `read` and `delete` on it, and that it is empty.
    ///
    /// # Errors
    /// As [`DeleteOrganizationError`] says; then nothing was deleted.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn delete_organization(&self, id: OrganizationId) -> Result<(), DeleteOrganizationError> {
        let (mut work, organization) = self.begin_organization_deletion(id).await?;
        let now = work.now();
        work.tx.delete_organization(id, now).await?;
        work.record(organization_event(EventKind::OrganizationDeleted, Some(&organization), None));
        Ok(work.commit().await?)
    }

    /// Whether [`Self::delete_organization`] would delete the organization now, for a page that asks before.
    ///
    /// # Errors
    /// Why it would not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn check_delete_organization(&self, id: OrganizationId) -> Result<(), DeleteOrganizationError> {
        self.begin_organization_deletion(id).await.map(drop)
    }

    async fn begin_organization_deletion(
        &self,
        id: OrganizationId,
    ) -> Result<(Work, Organization), DeleteOrganizationError> {
        let check = |caller: &Caller| require_permitted(caller, Action::DELETE, id);
        let mut work = self.begin_if(check).await?;
        let organization = work.read().find_organization(id).await?.ok_or(StoreError::Gone)?;
        if organization.is_default {
            return Err(DeleteOrganizationError::IsDefault);
        }
        let leftovers = leftovers(&mut work.read(), id).await?;
        if !leftovers.is_empty() {
            return Err(DeleteOrganizationError::NotEmpty(leftovers));
        }
        Ok((work, organization))
    }
}

/// What must be deleted before the organization can be. One member and the group `Everyone` may stay.
async fn leftovers(read: &mut Reader<'_>, id: OrganizationId) -> Result<Vec<(Leftover, u64)>, StoreError> {
    let of = ResourcesOf::Organization(id);
    let list = ListGroups { visible: Filter::All, organization: Some(id), ..ListGroups::default() };
    let groups = u64::try_from(read.groups(&list).await?.len()).unwrap_or(u64::MAX);
    let workspaces = read.count_resources(Some("workspace"), of).await?;
    let templates = read.count_resources(Some("template"), of).await?;
    let resources = read.count_resources(None, of).await?;
    let counts = [
        (Leftover::Workspace, workspaces),
        (Leftover::Template, templates),
        (Leftover::OtherResource, resources.saturating_sub(workspaces).saturating_sub(templates)),
        (Leftover::Member, read.count_members(id).await?.saturating_sub(1)),
        (Leftover::Group, groups.saturating_sub(1)),
    ];
    Ok(counts.into_iter().filter(|(_, count)| *count > 0).collect())
}
