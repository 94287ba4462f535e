//! Changing groups and their members.
use jiff::Timestamp;
use keyfob_rbac::Action;
use keyfob_store::{Group, GroupId, StoreError, UserId};

use super::group_object;
use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, group_event},
    fields::{Fields, MAX_LIST, WrongFields},
    work::Work,
};

/// What to change about a group; a field that is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct GroupChange {
    /// The new name: unique in the organization, and not `Everyone`.
    pub name: Option<String>,
    /// The new display name.
    pub display_name: Option<String>,
    /// The new address of a picture.
    pub avatar_url: Option<String>,
    /// The new number that clients store.
    pub quota_allowance: Option<i32>,
    /// Users to add.
    pub add: Vec<UserId>,
    /// Users to remove.
    pub remove: Vec<UserId>,
}

/// Why a group was not changed.
#[derive(Debug)]
pub enum UpdateGroupError {
    /// The group of all members keeps its name.
    RenamesEveryone,
    /// The group of all members keeps its display name.
    ChangesDisplayNameOfEveryone,
    /// The members of the group of all members are those of the organization.
    ChangesMembersOfEveryone,
    /// The new name is that of the group of all members.
    NameReserved,
    /// Fields break their rules.
    Invalid(WrongFields),
    /// The organization has another group of this name.
    NameTaken(String),
    /// A user to add is not a member of the organization.
    NotAMember {
        /// The user.
        user: UserId,
        /// The group's name after the change.
        group: String,
    },
    /// A user to add is in the group already.
    AlreadyInGroup,
    /// A user to remove is not in the group.
    NotInGroup,
    /// Everything else.
    Refused(Refused),
}

impl From<WrongFields> for UpdateGroupError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<Refused> for UpdateGroupError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for UpdateGroupError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl GroupChange {
    /// The rules for the fields, and those that protect the group of all members.
    fn check(&self, old: &Group) -> Result<(), UpdateGroupError> {
        let new_name = self.name.as_deref().filter(|name| *name != old.name);
        if old.is_everyone() {
            return self.check_everyone(old, new_name);
        }
        if new_name.is_some_and(Group::is_reserved_name) {
            return Err(UpdateGroupError::NameReserved);
        }
        let display_name = self.display_name.as_deref().unwrap_or_default();
        let fields = Fields::default().display_name("display_name", "group_display_name", display_name);
        let fields = new_name.into_iter().fold(fields, |fields, name| fields.group_name("name", name));
        let fields = fields.at_most_entries("add_users", self.add.len(), MAX_LIST);
        Ok(fields.at_most_entries("remove_users", self.remove.len(), MAX_LIST).check()?)
    }

    fn check_everyone(&self, old: &Group, new_name: Option<&str>) -> Result<(), UpdateGroupError> {
        if new_name.is_some() {
            return Err(UpdateGroupError::RenamesEveryone);
        }
        if self.display_name.as_ref().is_some_and(|name| *name != old.display_name) {
            return Err(UpdateGroupError::ChangesDisplayNameOfEveryone);
        }
        if !self.add.is_empty() || !self.remove.is_empty() {
            return Err(UpdateGroupError::ChangesMembersOfEveryone);
        }
        Ok(())
    }

    fn apply_to(self, old: &Group, now: Timestamp) -> Group {
        Group {
            name: self.name.unwrap_or_else(|| old.name.clone()),
            display_name: self.display_name.unwrap_or_else(|| old.display_name.clone()),
            avatar_url: self.avatar_url.unwrap_or_else(|| old.avatar_url.clone()),
            quota_allowance: self.quota_allowance.unwrap_or(old.quota_allowance),
            updated_at: now,
            ..old.clone()
        }
    }
}

impl AuthorizedStore {
    /// Changes a group and its members. Requires `update` on it. Users to add must be members of the organization,
    /// users to remove must be in the group.
    ///
    /// # Errors
    /// As [`UpdateGroupError`] says; then nothing was changed.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn update_group(&self, id: GroupId, mut change: GroupChange) -> Result<Group, UpdateGroupError> {
        let mut work = self.begin().await?;
        let old = work.visible_group(id).await?;
        change.check(&old)?;
        work.caller.require_permitted(Action::UPDATE, &group_object(&old))?;
        let (add, remove) = (std::mem::take(&mut change.add), std::mem::take(&mut change.remove));
        let new = change.apply_to(&old, work.now());
        work.add_to_group(&new, &add).await?;
        work.remove_from_group(id, &remove).await?;
        match work.tx.update_group(&new).await {
            Err(StoreError::Conflict(_)) => return Err(UpdateGroupError::NameTaken(new.name)),
            result => result?,
        }
        work.record(group_event(EventKind::GroupUpdated, Some(&old), Some(&new), (&add, &remove)));
        work.commit().await?;
        Ok(new)
    }
}

impl Work {
    async fn add_to_group(&mut self, group: &Group, users: &[UserId]) -> Result<(), UpdateGroupError> {
        for user in users {
            if self.read().find_member(group.organization_id, *user).await?.is_none() {
                return Err(UpdateGroupError::NotAMember { user: *user, group: group.name.clone() });
            }
            if !self.tx.insert_group_member(group.id, *user).await? {
                return Err(UpdateGroupError::AlreadyInGroup);
            }
        }
        Ok(())
    }

    async fn remove_from_group(&mut self, group: GroupId, users: &[UserId]) -> Result<(), UpdateGroupError> {
        for user in users {
            if !self.tx.delete_group_member(group, *user).await? {
                return Err(UpdateGroupError::NotInGroup);
            }
        }
        Ok(())
    }
}
