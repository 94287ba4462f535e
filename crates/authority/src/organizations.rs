//! Organizations and their members.
mod change;
mod delete;
mod members;
mod rights;

pub use change::{CreateOrganizationError, NewOrganization, OrganizationChange, UpdateOrganizationError};
pub use delete::{DeleteOrganizationError, Leftover};
pub use members::{AddMemberError, MemberView, RemoveMemberError};
pub(crate) use members::{may_add_member, member_object};
pub use rights::{MemberRights, OrganizationRights};

use keyfob_rbac::{Action, Object, ResourceType, ShareableWorkspaceOwners};
use keyfob_store::{Named, Organization, OrganizationId, UserId};
use uuid::Uuid;

use crate::{Authority, AuthorizedStore, Caller, Refused};

/// The word that addresses the default organization; no organization has it as its name.
const DEFAULT: &str = "default";

/// Whether no organization may have this name, which is one in any case of its letters, like all names.
fn is_reserved(name: &str) -> bool {
    name.eq_ignore_ascii_case(DEFAULT)
}

/// The roles that members of a new organization have besides `organization-member`.
const DEFAULT_MEMBER_ROLES: [&str; 1] = ["organization-workspace-access"];

/// An organization, in decisions.
pub(crate) fn organization_object<'a>(id: OrganizationId) -> Object<'a> {
    Object::of(ResourceType::ORGANIZATION).with_id(id.0).in_organization(id.0)
}

/// The caller must see the organization, and be permitted to do that to it.
fn require_permitted(caller: &Caller, action: Action, id: OrganizationId) -> Result<(), Refused> {
    let object = organization_object(id);
    caller.require_visible(&object)?;
    caller.require_permitted(action, &object)
}

/// The organization that clients of a new deployment expect, under the name that they expect.
pub(crate) fn first_organization(authority: &Authority) -> Organization {
    let now = authority.now();
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

impl AuthorizedStore {
    /// The organizations that the caller may see. Requires `read` on each.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_organizations(&self) -> Result<Vec<Organization>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::ORGANIZATION);
        Ok(self.read().organizations(&filter).await?)
    }

    /// Those of these organizations that the caller may see, but for those that do not decode. Requires `read` on each.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_organizations_by_id(&self, ids: &[OrganizationId]) -> Result<Vec<Organization>, Refused> {
        let is_shown = self.caller.shows(Action::READ, ResourceType::ORGANIZATION);
        let found = self.read().readable_organizations_by_id(ids).await?;
        Ok(found.into_iter().filter(|organization| is_shown(&organization_object(organization.id))).collect())
    }

    /// Organizations with such a name or display name that the caller may see. Requires `read` on each.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn find_organizations(&self, named: &Named, at_most: u64) -> Result<Vec<Organization>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::ORGANIZATION);
        Ok(self.read().organizations_named(&filter, named, at_most).await?)
    }

    /// A user's organizations that the caller may see, but for those that do not decode. Requires `read` on each.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn organizations_of(&self, user: UserId) -> Result<Vec<Organization>, Refused> {
        let is_shown = self.caller.shows(Action::READ, ResourceType::ORGANIZATION);
        let all = self.read().readable_organizations_of(user).await?;
        Ok(all.into_iter().filter(|organization| is_shown(&organization_object(organization.id))).collect())
    }

    /// The organization that a path names: `default`, an id, or a name. Requires `read` on it.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may see.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn addressed_organization(&self, segment: &str) -> Result<Organization, Refused> {
        let found = match Uuid::try_parse(segment) {
            Ok(id) if id.is_nil() => self.read().find_default_organization().await?,
            Ok(id) => self.read().find_organization(OrganizationId(id)).await?,
            Err(_) if segment == DEFAULT => self.read().find_default_organization().await?,
            Err(_) => self.read().find_organization_by_name(segment).await?,
        };
        let Some(organization) = found else {
            return Err(self.caller.missing(ResourceType::ORGANIZATION));
        };
        self.caller.require_visible(&organization_object(organization.id))?;
        Ok(organization)
    }
}
