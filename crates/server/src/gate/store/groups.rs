//! Groups.
use std::collections::HashMap;

use axum::http::StatusCode;
use keyfob_rbac::{Action, Filter, Object, ResourceType};
use keyfob_store::{
    Among, Group, GroupId, ListGroups, ListUsers, Organization, OrganizationId, StoreError, User, UserId,
};

use super::{AuthorizedStore, audit::group_audit};
use crate::gate::Refused;

/// Why a group was not changed.
#[derive(Debug)]
pub(crate) enum GroupChangeError {
    /// There is one of that name.
    NameTaken,
    /// A user who was to be added is no member of the organization.
    NotAMember(UserId),
    /// A user who was to be added is in it.
    AlreadyInGroup,
    /// A user who was to be removed was not in it.
    NotInGroup,
    /// Everything else.
    Refused(Refused),
}

impl From<StoreError> for GroupChangeError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::NameTaken,
            other => Self::Refused(other.into()),
        }
    }
}

impl From<Refused> for GroupChangeError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// A group that is not there yet.
fn new_group<'a>(organization: OrganizationId) -> Object<'a> {
    Object::of(ResourceType::GROUP).in_organization(organization.0)
}

/// A group as the engine sees it.
pub(super) fn group_object<'a>(group: &Group) -> Object<'a> {
    new_group(group.organization_id).with_id(group.id.0)
}

impl AuthorizedStore {
    /// The group with this id. Requires `read` on it.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn group(&self, id: GroupId) -> Result<Group, Refused> {
        let found = self.store().find_group(id).await?;
        self.visible_group(found)
    }

    /// The group of this name in an organization. Requires `read` on it.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn group_by_name(&self, organization: OrganizationId, name: &str) -> Result<Group, Refused> {
        let found = self.store().find_group_by_name(organization, name).await?;
        self.visible_group(found)
    }

    fn visible_group(&self, found: Option<Group>) -> Result<Group, Refused> {
        let Some(group) = found else {
            self.caller.context.trail.required(ResourceType::GROUP, Action::READ);
            return Err(self.missing(ResourceType::GROUP));
        };
        self.require_visible(&group_object(&group))?;
        Ok(group)
    }

    /// The groups that the caller may see. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn groups(&self, mut list: ListGroups) -> Result<Vec<Group>, Refused> {
        list.visible = self.caller.visible(Action::READ, ResourceType::GROUP);
        Ok(self.store().groups(&list).await?)
    }

    /// How many members groups have that the caller sees.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn count_group_members(&self, groups: &[Group]) -> Result<HashMap<GroupId, u64>, Refused> {
        Ok(self.store().count_group_members(groups).await?)
    }

    /// A page of a group's members that the caller may see, and how many there are. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn group_members(&self, group: &Group, mut list: ListUsers) -> Result<(Vec<User>, u64), Refused> {
        let visible = self.caller.visible(Action::READ, ResourceType::GROUP_MEMBER);
        list.visible = Filter::All;
        list.among = Some(Among { organization: group.organization_id, group: Some(group.id), visible });
        Ok(self.store().list_users(&list).await?)
    }

    /// Makes a group. Requires `create` on groups of its organization.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn create_group(&self, new: &Group) -> Result<(), GroupChangeError> {
        self.require_permitted(Action::CREATE, &new_group(new.organization_id))?;
        let mut tx = self.store().begin().await?;
        tx.insert_group(new).await?;
        let deed = group_audit("create", StatusCode::CREATED, None, Some(new), (&[], &[]));
        self.record(&mut tx, deed).await?;
        Ok(tx.commit().await?)
    }

    /// Stores a changed group, and who comes and goes. Requires `update` on it; who comes must be a member of the
    /// organization, who goes must be in it.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn update_group(
        &self,
        old: &Group,
        new: &Group,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<(), GroupChangeError> {
        self.require_permitted(Action::UPDATE, &group_object(old))?;
        let mut tx = self.store().begin().await?;
        for user in add {
            if tx.find_member(old.organization_id, *user).await?.is_none() {
                return Err(GroupChangeError::NotAMember(*user));
            }
            if !tx.insert_group_member(old.id, *user).await? {
                return Err(GroupChangeError::AlreadyInGroup);
            }
        }
        for user in remove {
            if !tx.delete_group_member(old.id, *user).await? {
                return Err(GroupChangeError::NotInGroup);
            }
        }
        tx.update_group(new).await?;
        self.record(&mut tx, group_audit("write", StatusCode::OK, Some(old), Some(new), (add, remove))).await?;
        Ok(tx.commit().await?)
    }

    /// Removes a group, also from access lists. Requires `delete` on it.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn delete_group(&self, group: &Group) -> Result<(), Refused> {
        self.require_permitted(Action::DELETE, &group_object(group))?;
        let mut tx = self.store().begin().await?;
        tx.delete_group(group.id).await?;
        self.record(&mut tx, group_audit("delete", StatusCode::OK, Some(group), None, (&[], &[]))).await?;
        Ok(tx.commit().await?)
    }

    /// The organizations that groups the caller sees belong to: their names come with them.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn organizations_of_groups(&self, groups: &[Group]) -> Result<Vec<Organization>, Refused> {
        let all = self.store().organizations(&Filter::All).await?;
        Ok(all.into_iter().filter(|of| groups.iter().any(|group| group.organization_id == of.id)).collect())
    }
}
