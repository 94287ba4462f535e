//! Groups of an organization's members.
mod create;
mod delete;
mod rights;
mod update;

pub use create::{CreateGroupError, NewGroup};
pub use delete::DeleteGroupError;
pub use rights::GroupRights;
pub use update::{GroupChange, UpdateGroupError};

use std::collections::{BTreeSet, HashMap};

use keyfob_rbac::{Action, Filter, Object, ResourceType};
use keyfob_store::{
    Among, Group, GroupId, GroupsOf, ListGroups, ListUsers, Named, Organization, OrganizationId, Page, StoreError,
    User, UserId,
};

use crate::{AuthorizedStore, ListError, Refused, work::Work};

/// A group with its members.
#[derive(Clone, Debug)]
pub struct GroupView {
    /// The group.
    pub group: Group,
    /// Its organization; none when it was deleted meanwhile.
    pub organization: Option<Organization>,
    /// The members that the caller may see.
    pub members: Vec<User>,
    /// The number of all members.
    pub total_member_count: usize,
}

/// Which groups to list.
#[derive(Clone, Debug, Default)]
pub struct GroupFilter {
    /// Only those of this organization.
    pub organization: Option<OrganizationId>,
    /// Only those that this user is a member of.
    pub member: Option<UserId>,
    /// Only these, if any are named.
    pub ids: Vec<GroupId>,
    /// Only those with such a name or display name.
    pub named: Option<Named>,
    /// Which part of the list; it is paged by number alone.
    pub page: Page<GroupId>,
}

/// A new group of an organization, in decisions.
fn new_group_object<'a>(organization: OrganizationId) -> Object<'a> {
    Object::of(ResourceType::GROUP).in_organization(organization.0)
}

/// A group, in decisions.
pub(crate) fn group_object<'a>(group: &Group) -> Object<'a> {
    new_group_object(group.organization_id).with_id(group.id.0)
}

/// A membership of a group, in decisions: it has the user's id, and the user owns it.
fn group_member_object<'a>(organization: OrganizationId, user: UserId) -> Object<'a> {
    Object::of(ResourceType::GROUP_MEMBER).with_id(user.0).owned_by(user.0).in_organization(organization.0)
}

impl AuthorizedStore {
    /// The group with this id. Requires `read` on it.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may see.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn group(&self, id: GroupId) -> Result<Group, Refused> {
        let found = self.read().find_group(id).await?;
        self.visible_group(found)
    }

    /// The group of this name in an organization. Requires `read` on it.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may see.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn group_by_name(&self, organization: OrganizationId, name: &str) -> Result<Group, Refused> {
        let found = self.read().find_group_by_name(organization, name).await?;
        self.visible_group(found)
    }

    fn visible_group(&self, found: Option<Group>) -> Result<Group, Refused> {
        let Some(group) = found else {
            return Err(self.caller.missing(ResourceType::GROUP));
        };
        self.caller.require_visible(&group_object(&group))?;
        Ok(group)
    }

    /// The groups that the caller may see. Requires `read` on each, and on the membership of the member who is named.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_groups(&self, filter: GroupFilter) -> Result<Vec<Group>, Refused> {
        let GroupFilter { organization, member, ids, named, page } = filter;
        let of_member =
            |user| GroupsOf { user, visible: self.caller.visible(Action::READ, ResourceType::GROUP_MEMBER) };
        let list = ListGroups {
            visible: self.caller.visible(Action::READ, ResourceType::GROUP),
            organization,
            has_member: member.map(of_member),
            ids,
            named,
            page,
        };
        Ok(self.read().groups(&list).await?)
    }

    /// How many members each of these groups has. It requires nothing: a caller who sees a group may see the number of
    /// its members.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn group_sizes(&self, groups: &[Group]) -> Result<HashMap<GroupId, u64>, Refused> {
        Ok(self.read().group_sizes(groups).await?.into_iter().collect())
    }

    /// Groups with the members that the caller may see, by username. Requires `read` on each membership; a caller who
    /// sees a group may see the number of its members.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn with_members(&self, groups: Vec<Group>) -> Result<Vec<GroupView>, Refused> {
        let is_shown = self.caller.shows(Action::READ, ResourceType::GROUP_MEMBER);
        let memberships = self.read().group_memberships(&groups).await?;
        let mut ids: Vec<UserId> = memberships.iter().map(|(_, user)| *user).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut users = self.read().users(&ids).await?;
        users.sort_by_cached_key(|user| user.username.to_lowercase());
        let organizations = self.read().organizations(&Filter::All).await?;
        let organizations: HashMap<OrganizationId, Organization> =
            organizations.into_iter().map(|organization| (organization.id, organization)).collect();
        let place: HashMap<UserId, usize> = users.iter().enumerate().map(|(place, user)| (user.id, place)).collect();
        // The places of the members of each group in the list of users. One whose row does not decode has none.
        let mut of_group: HashMap<GroupId, BTreeSet<usize>> = HashMap::new();
        let mut totals: HashMap<GroupId, usize> = HashMap::new();
        for (group, user) in memberships {
            *totals.entry(group).or_default() += 1;
            if let Some(place) = place.get(&user) {
                of_group.entry(group).or_default().insert(*place);
            }
        }
        let view = |group: Group| {
            let members = of_group.remove(&group.id).unwrap_or_default();
            let is_visible = |user: &&User| is_shown(&group_member_object(group.organization_id, user.id));
            GroupView {
                members: members.iter().filter_map(|place| users.get(*place)).filter(is_visible).cloned().collect(),
                total_member_count: totals.get(&group.id).copied().unwrap_or_default(),
                organization: organizations.get(&group.organization_id).cloned(),
                group,
            }
        };
        Ok(groups.into_iter().map(view).collect())
    }

    /// A page of a group's members that the caller may see, and their number on all pages. Requires `read` on each
    /// membership.
    ///
    /// # Errors
    /// [`ListError::NothingToComeAfter`] when the page is to come after somebody who is no such member.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_group_members(&self, group: &Group, mut list: ListUsers) -> Result<(Vec<User>, u64), ListError> {
        let visible = self.caller.visible(Action::READ, ResourceType::GROUP_MEMBER);
        list.visible = Filter::All;
        list.among = Some(Among { organization: group.organization_id, group: Some(group.id), visible });
        Ok(self.find_users(&list).await?)
    }
}

impl Work {
    /// The group with this id, as it is in the transaction. Requires `read` on it.
    async fn visible_group(&mut self, id: GroupId) -> Result<Group, Refused> {
        let group = self.read().find_group(id).await?.ok_or(StoreError::Gone)?;
        self.caller.require_visible(&group_object(&group))?;
        Ok(group)
    }
}
