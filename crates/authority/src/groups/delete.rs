//! Deleting groups.
use keyfob_rbac::Action;
use keyfob_store::{Group, GroupId, StoreError};

use super::group_object;
use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, group_event},
    work::Work,
};

/// Why a group was not deleted.
#[derive(Debug)]
pub enum DeleteGroupError {
    /// It is the group of all members.
    IsEveryone,
    /// Everything else.
    Refused(Refused),
}

impl From<Refused> for DeleteGroupError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for DeleteGroupError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl AuthorizedStore {
    /// Deletes a group, and its entries in access lists. Requires `delete` on it, and that it is not `Everyone`.
    ///
    /// # Errors
    /// As [`DeleteGroupError`] says; then nothing was deleted.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn delete_group(&self, id: GroupId) -> Result<(), DeleteGroupError> {
        let (mut work, group) = self.begin_group_deletion(id).await?;
        work.tx.delete_group(id).await?;
        work.record(group_event(EventKind::GroupDeleted, Some(&group), None, (&[], &[])));
        Ok(work.commit().await?)
    }

    /// Whether [`Self::delete_group`] would delete the group now, for a page that asks before.
    ///
    /// # Errors
    /// Why it would not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn check_delete_group(&self, id: GroupId) -> Result<(), DeleteGroupError> {
        // Those who may not are refused before it takes the turn of others.
        let group = self.group(id).await?;
        self.caller.require_permitted(Action::DELETE, &group_object(&group))?;
        self.begin_group_deletion(id).await.map(drop)
    }

    async fn begin_group_deletion(&self, id: GroupId) -> Result<(Work, Group), DeleteGroupError> {
        let mut work = self.begin().await?;
        let group = work.visible_group(id).await?;
        if group.is_everyone() {
            return Err(DeleteGroupError::IsEveryone);
        }
        work.caller.require_permitted(Action::DELETE, &group_object(&group))?;
        Ok((work, group))
    }
}
