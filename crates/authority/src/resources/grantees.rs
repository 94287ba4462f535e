//! Which users and groups can be named in an access list.
use std::collections::{BTreeSet, HashSet};

use keyfob_rbac::{Action, Filter, ResourceType};
use keyfob_store::{Grantee, GroupId, ListGroups, Member, Resource, StoreError, User, UserId};

use crate::{groups::group_object, users::user_object, work::Work};

impl Work {
    /// The grantees that a resource's access list cannot name. A grantee must be of the resource's organization, or
    /// visible to the caller: any other is as if it did not exist, because a grant must not tell that it does.
    pub(super) async fn unknown_grantees(
        &mut self,
        of: &Resource,
        grantees: &BTreeSet<Grantee>,
    ) -> Result<Vec<Grantee>, StoreError> {
        let mut known = self.known_users(of, grantees).await?;
        known.extend(self.known_groups(of, grantees).await?);
        Ok(grantees.difference(&known).copied().collect())
    }

    async fn known_users(
        &mut self,
        of: &Resource,
        grantees: &BTreeSet<Grantee>,
    ) -> Result<BTreeSet<Grantee>, StoreError> {
        let ids = grantees.iter().filter_map(|grantee| match grantee {
            Grantee::User(id) => Some(UserId(*id)),
            Grantee::Group(_) => None,
        });
        let ids: Vec<UserId> = ids.collect();
        let memberships = self.read().memberships_of_all(&ids).await?.into_iter();
        let in_organization =
            |member: Member| (Some(member.organization_id) == of.organization_id).then_some(member.user_id);
        let members: HashSet<UserId> = memberships.filter_map(in_organization).collect();
        let is_shown = self.caller.incidental().shows(Action::READ, ResourceType::USER);
        let users = self.read().users(&ids).await?.into_iter();
        let is_known =
            |user: &User| self.caller.is_self(user.id) || members.contains(&user.id) || is_shown(&user_object(user.id));
        Ok(users.filter(|user| !user.deleted && is_known(user)).map(|user| Grantee::User(user.id.0)).collect())
    }

    async fn known_groups(
        &mut self,
        of: &Resource,
        grantees: &BTreeSet<Grantee>,
    ) -> Result<BTreeSet<Grantee>, StoreError> {
        let ids: Vec<GroupId> = grantees
            .iter()
            .filter_map(|grantee| match grantee {
                Grantee::Group(id) => Some(GroupId(*id)),
                Grantee::User(_) => None,
            })
            .collect();
        if ids.is_empty() {
            return Ok(BTreeSet::new());
        }
        let is_shown = self.caller.incidental().shows(Action::READ, ResourceType::GROUP);
        let list = ListGroups { visible: Filter::All, ids, ..ListGroups::default() };
        let groups = self.read().groups(&list).await?.into_iter();
        let known =
            groups.filter(|group| Some(group.organization_id) == of.organization_id || is_shown(&group_object(group)));
        Ok(known.map(|group| Grantee::Group(group.id.0)).collect())
    }
}
