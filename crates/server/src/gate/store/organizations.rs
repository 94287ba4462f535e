//! Organizations and their members.
use keyfob_rbac::{Action, Object, ResourceType, RoleName, may_assign};
use keyfob_store::{Member, Organization, OrganizationId, StoreError, User, UserId};
use uuid::Uuid;

use super::AuthorizedStore;
use crate::gate::{Denied, Refused};

/// Why a user was not made a member.
#[derive(Debug)]
pub(crate) enum AddMemberError {
    /// They are one.
    AlreadyMember,
    /// The gate refused.
    Refused(Refused),
}

impl From<StoreError> for AddMemberError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::AlreadyMember,
            other => Self::Refused(other.into()),
        }
    }
}

pub(super) fn organization_object<'a>(id: OrganizationId) -> Object<'a> {
    Object::of(ResourceType::ORGANIZATION).with_id(id.0).in_organization(id.0)
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

    /// Makes a user a member. Requires `create` on members of the organization, and the right to assign every role
    /// that comes with it.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn add_member(&self, user: &User, organization: &Organization) -> Result<Member, AddMemberError> {
        let permitted = self.require_adding_member(organization).await?;
        permitted.map_err(|denied| AddMemberError::Refused(Refused::Denied(denied)))?;
        let now = self.now();
        let mut tx = self.store().begin().await?;
        self.insert_member(&mut tx, user, organization.id).await?;
        tx.commit().await?;
        Ok(Member {
            user_id: user.id,
            organization_id: organization.id,
            roles: Vec::new(),
            created_at: now,
            updated_at: now,
        })
    }

    /// Whether the caller may make anybody a member: that gives them the implied roles.
    pub(super) async fn require_adding_member(
        &self,
        organization: &Organization,
    ) -> Result<Result<(), Denied>, StoreError> {
        let id = organization.id.0;
        let member = Object::of(ResourceType::ORGANIZATION_MEMBER).in_organization(id);
        if let Err(denied) = self.caller.require(Action::CREATE, &member) {
            return Ok(Err(denied));
        }
        if self.caller.user().is_none() {
            return Ok(Ok(()));
        }
        let roles = Object::of(ResourceType::ASSIGN_ORG_ROLE).in_organization(id);
        if let Err(denied) = self.caller.require(Action::ASSIGN, &roles) {
            return Ok(Err(denied));
        }
        let own = self.own_role_names().await?;
        let implied = organization.default_org_member_roles.iter().map(String::as_str).chain(["organization-member"]);
        let all = implied.into_iter().all(|name| may_assign(&own, &RoleName::in_organization(name, id)));
        let denied = || self.caller.denied(Action::ASSIGN, ResourceType::ASSIGN_ORG_ROLE);
        Ok(if all { Ok(()) } else { Err(denied()) })
    }
}
