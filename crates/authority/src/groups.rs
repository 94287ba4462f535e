//! Groups.
use std::collections::{HashMap, HashSet};

use keyfob_rbac::{Action, Filter, Object, ResourceType};
use keyfob_store::{
    Among, Group, GroupId, GroupsOf, ListGroups, ListUsers, Organization, OrganizationId, StoreError, User, UserId,
};

use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, group_event},
};

/// A group as answers show one.
#[derive(Clone, Debug)]
pub struct GroupView {
    pub group: Group,
    /// None when it is gone meanwhile.
    pub organization: Option<Organization>,
    /// Those that the caller may see.
    pub members: Vec<User>,
    pub total_member_count: usize,
}

/// Which groups to list.
#[derive(Clone, Debug, Default)]
pub struct WantedGroups {
    pub organization: Option<OrganizationId>,
    pub member: Option<UserId>,
    pub ids: Vec<GroupId>,
}

/// What to change about a group; what is none stays.
#[derive(Clone, Debug, Default)]
pub struct GroupChange {
    pub name: Option<String>,
    pub display_name: Option<String>,
    pub avatar_url: Option<String>,
    pub quota_allowance: Option<i32>,
    pub add: Vec<UserId>,
    pub remove: Vec<UserId>,
}

/// Why a group was not changed.
#[derive(Debug)]
pub enum GroupChangeError {
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
pub(crate) fn group_object<'a>(group: &Group) -> Object<'a> {
    new_group(group.organization_id).with_id(group.id.0)
}

/// A membership of a group as the engine sees it: it has the user's id, and the user owns it.
fn group_member_object<'a>(organization: OrganizationId, user: UserId) -> Object<'a> {
    Object::of(ResourceType::GROUP_MEMBER).with_id(user.0).owned_by(user.0).in_organization(organization.0)
}

impl AuthorizedStore {
    /// The group with this id. Requires `read` on it.
    #[tracing::instrument(skip_all)]
    pub async fn group(&self, id: GroupId) -> Result<Group, Refused> {
        let found = self.read().find_group(id).await?;
        self.visible_group(found)
    }

    /// The group of this name in an organization. Requires `read` on it.
    #[tracing::instrument(skip_all)]
    pub async fn group_by_name(&self, organization: OrganizationId, name: &str) -> Result<Group, Refused> {
        let found = self.read().find_group_by_name(organization, name).await?;
        self.visible_group(found)
    }

    fn visible_group(&self, found: Option<Group>) -> Result<Group, Refused> {
        let Some(group) = found else {
            self.caller.context().decisions.required(ResourceType::GROUP, Action::READ);
            return Err(self.caller.missing(ResourceType::GROUP));
        };
        self.caller.require_visible(&group_object(&group))?;
        Ok(group)
    }

    /// The groups that the caller may see, of an organization or of all, and of those only the ones with these ids
    /// and with this member, where they are named. Requires `read` on each, and on the member's membership.
    #[tracing::instrument(skip_all)]
    pub async fn groups(&self, wanted: WantedGroups) -> Result<Vec<Group>, Refused> {
        let WantedGroups { organization, member, ids } = wanted;
        let of_member =
            |user| GroupsOf { user, visible: self.caller.visible(Action::READ, ResourceType::GROUP_MEMBER) };
        let list = ListGroups {
            visible: self.caller.visible(Action::READ, ResourceType::GROUP),
            organization,
            has_member: member.map(of_member),
            ids,
        };
        Ok(self.read().groups(&list).await?)
    }

    /// Groups with those of their members that the caller may see, by username. Requires `read` on each membership;
    /// whoever sees a group may see how many members it has.
    #[tracing::instrument(skip_all)]
    pub async fn with_members(&self, groups: Vec<Group>) -> Result<Vec<GroupView>, Refused> {
        let visible = self.caller.visible(Action::READ, ResourceType::GROUP_MEMBER);
        let memberships = self.read().group_memberships(&groups).await?;
        let mut ids: Vec<UserId> = memberships.iter().map(|(_, user)| *user).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut users = self.read().users(&ids).await?;
        users.sort_by_cached_key(|user| user.username.to_lowercase());
        let organizations = self.read().organizations(&Filter::All).await?;
        let mut of_group: HashMap<GroupId, HashSet<UserId>> = HashMap::new();
        for (group, user) in memberships {
            of_group.entry(group).or_default().insert(user);
        }
        let view = |group: Group| {
            let all = of_group.remove(&group.id).unwrap_or_default();
            let is_shown = |user: &&User| {
                all.contains(&user.id) && visible.matches(&group_member_object(group.organization_id, user.id))
            };
            GroupView {
                members: users.iter().filter(is_shown).cloned().collect(),
                total_member_count: all.len(),
                organization: organizations.iter().find(|of| of.id == group.organization_id).cloned(),
                group,
            }
        };
        Ok(groups.into_iter().map(view).collect())
    }

    /// A page of a group's members that the caller may see, and how many there are. Requires `read` on each.
    #[tracing::instrument(skip_all)]
    pub async fn group_members(&self, group: &Group, mut list: ListUsers) -> Result<(Vec<User>, u64), Refused> {
        let visible = self.caller.visible(Action::READ, ResourceType::GROUP_MEMBER);
        list.visible = Filter::All;
        list.among = Some(Among { organization: group.organization_id, group: Some(group.id), visible });
        Ok(self.read().list_users(&list).await?)
    }

    /// Makes a group. Requires `create` on groups of its organization.
    #[tracing::instrument(skip_all)]
    pub async fn create_group(&self, new: &Group) -> Result<(), GroupChangeError> {
        let mut work =
            self.begin_if(|caller| caller.require_permitted(Action::CREATE, &new_group(new.organization_id))).await?;
        work.tx.insert_group(new).await?;
        let event = group_event(EventKind::GroupCreated, None, Some(new), (&[], &[]));
        work.record(event);
        Ok(work.commit().await?)
    }

    /// Changes a group, and who is in it. Requires `update` on it; who comes must be a member of the organization, who
    /// goes must be in it.
    #[tracing::instrument(skip_all)]
    pub async fn update_group(&self, id: GroupId, change: GroupChange) -> Result<Group, GroupChangeError> {
        let mut work = self.begin().await?;
        let old = work.read().find_group(id).await?.ok_or(StoreError::Gone)?;
        work.caller.require_permitted(Action::UPDATE, &group_object(&old))?;
        let GroupChange { name, display_name, avatar_url, quota_allowance, add, remove } = change;
        for user in &add {
            if work.read().find_member(old.organization_id, *user).await?.is_none() {
                return Err(GroupChangeError::NotAMember(*user));
            }
            if !work.tx.insert_group_member(old.id, *user).await? {
                return Err(GroupChangeError::AlreadyInGroup);
            }
        }
        for user in &remove {
            if !work.tx.delete_group_member(old.id, *user).await? {
                return Err(GroupChangeError::NotInGroup);
            }
        }
        let new = Group {
            name: name.unwrap_or_else(|| old.name.clone()),
            display_name: display_name.unwrap_or_else(|| old.display_name.clone()),
            avatar_url: avatar_url.unwrap_or_else(|| old.avatar_url.clone()),
            quota_allowance: quota_allowance.unwrap_or(old.quota_allowance),
            updated_at: self.now(),
            ..old.clone()
        };
        work.tx.update_group(&new).await?;
        work.record(group_event(EventKind::GroupUpdated, Some(&old), Some(&new), (&add, &remove)));
        work.commit().await?;
        Ok(new)
    }

    /// Removes a group, also from access lists. Requires `delete` on it.
    #[tracing::instrument(skip_all)]
    pub async fn delete_group(&self, group: &Group) -> Result<(), Refused> {
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::DELETE, &group_object(group))).await?;
        work.tx.delete_group(group.id).await?;
        work.record(group_event(EventKind::GroupDeleted, Some(group), None, (&[], &[])));
        Ok(work.commit().await?)
    }
}
