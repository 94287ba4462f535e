//! Creating groups.
use keyfob_rbac::Action;
use keyfob_store::{Group, GroupId, GroupSource, OrganizationId, StoreError};

use super::new_group_object;
use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, group_event},
    fields::{Fields, WrongFields},
};

/// A group to create.
#[derive(Clone, Debug)]
pub struct NewGroup {
    /// Its organization.
    pub organization_id: OrganizationId,
    /// Unique in the organization, and not `Everyone`.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// The address of a picture.
    pub avatar_url: String,
    /// A number that clients may store.
    pub quota_allowance: i32,
}

/// Why a group was not created.
#[derive(Debug)]
pub enum CreateGroupError {
    /// The name is that of the group of all members.
    NameReserved,
    /// Fields break their rules.
    Invalid(WrongFields),
    /// The organization has a group of this name.
    NameTaken(String),
    /// Everything else.
    Refused(Refused),
}

impl From<WrongFields> for CreateGroupError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<Refused> for CreateGroupError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for CreateGroupError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl NewGroup {
    fn check(&self) -> Result<(), CreateGroupError> {
        if Group::is_reserved_name(&self.name) {
            return Err(CreateGroupError::NameReserved);
        }
        let fields = Fields::default().group_name("name", &self.name);
        Ok(fields.display_name("display_name", "group_display_name", &self.display_name).check()?)
    }
}

impl AuthorizedStore {
    /// Creates a group without members. Requires `create` on groups of the organization.
    ///
    /// # Errors
    /// As [`CreateGroupError`] says; then nothing was created.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn create_group(&self, new: NewGroup) -> Result<Group, CreateGroupError> {
        new.check()?;
        let object = new_group_object(new.organization_id);
        let mut work = self.begin_if(|caller| caller.require_permitted(Action::CREATE, &object)).await?;
        let now = work.now();
        let group = Group {
            id: GroupId(work.authority.random().uuid()),
            organization_id: new.organization_id,
            name: new.name,
            display_name: new.display_name,
            avatar_url: new.avatar_url,
            quota_allowance: new.quota_allowance,
            source: GroupSource::User,
            created_at: now,
            updated_at: now,
        };
        match work.tx.insert_group(&group).await {
            Err(StoreError::Conflict(_)) => return Err(CreateGroupError::NameTaken(group.name)),
            result => result?,
        }
        work.record(group_event(EventKind::GroupCreated, None, Some(&group), (&[], &[])));
        work.commit().await?;
        Ok(group)
    }
}
