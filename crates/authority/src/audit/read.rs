//! Reading the records of what was done.
use keyfob_rbac::{Action, Filter, ResourceType};
use keyfob_store::{AuditRecord, ChainHead, ListAudit, Organization, UserId};

use crate::{AuthorizedStore, Refused, organizations::organization_object, users::UserView};

/// A record with the user and organization that it names, as far as they still exist.
#[derive(Clone, Debug)]
pub struct AuditView {
    /// The record.
    pub record: AuditRecord,
    /// The user who did it.
    pub user: Option<UserView>,
    /// The organization of the object.
    pub organization: Option<Organization>,
    /// Whether the object does not exist any more.
    pub is_deleted: bool,
}

/// Up to how many records are counted.
pub const COUNT_CAP: u64 = 2000;

impl AuthorizedStore {
    /// A page of the records that the caller may see, and how many there are, counted to one beyond [`COUNT_CAP`].
    /// Requires `read` on each.
    ///
    /// # Errors
    /// [`Refused::Denied`] when the caller could see no record at all.
    #[tracing::instrument(skip_all)]
    pub async fn list_audit_records(&self, mut list: ListAudit) -> Result<(Vec<AuditView>, u64), Refused> {
        list.visible = self.caller.visible(Action::READ, ResourceType::AUDIT_LOG);
        if !self.caller.could(Action::READ, ResourceType::AUDIT_LOG) {
            return Err(Refused::Denied(self.caller.refuse(Action::READ, ResourceType::AUDIT_LOG)));
        }
        let (records, count) = self.read().audit_records(&list, COUNT_CAP + 1).await?;
        let mut ids: Vec<UserId> = records.iter().filter_map(|record| record.user_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut users = self.user_views(self.read().users(&ids).await?).await?;
        // A record does not tell where else its user is a member.
        let visible = self.incidental().caller.visible(Action::READ, ResourceType::ORGANIZATION);
        for view in &mut users {
            let is_own = self.caller.is_self(view.user.id);
            view.organization_ids.retain(|id| is_own || visible.matches(&organization_object(*id)));
        }
        let organizations = self.read().organizations(&Filter::All).await?;
        let deleted = self.deleted_targets(&records).await?;
        let view = |record: AuditRecord| AuditView {
            user: users.iter().find(|view| Some(view.user.id) == record.user_id).cloned(),
            organization: organizations.iter().find(|of| Some(of.id) == record.organization_id).cloned(),
            is_deleted: deleted.contains(&(record.resource_type.clone(), record.resource_id.clone())),
            record,
        };
        Ok((records.into_iter().map(view).collect(), count))
    }

    /// The head of the chain of records, for a caller who may read all of them: it tells how many there are.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(skip_all)]
    pub async fn chain_head(&self) -> Result<Option<ChainHead>, Refused> {
        match self.caller.visible(Action::READ, ResourceType::AUDIT_LOG) {
            Filter::All => Ok(Some(self.read().chain_head().await?)),
            _ => Ok(None),
        }
    }

    /// The user with that name and address, for a search. It requires nothing: the records found are those that the
    /// caller may see, whether or not they may see the user.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(skip_all)]
    pub async fn find_actor(&self, username: Option<&str>, email: Option<&str>) -> Result<Option<UserId>, Refused> {
        let by_email = match email {
            Some(email) => self.read().find_login(email).await?.map(|(user, _)| user.id),
            None => None,
        };
        let by_name = match username {
            Some("me") => self.caller.user().map(|user| user.id),
            Some(username) => self.read().find_user_by_username(username).await?.map(|user| user.id),
            None => None,
        };
        Ok(match (username, email) {
            (Some(_), Some(_)) => by_name.filter(|id| by_email == Some(*id)),
            (Some(_), None) => by_name,
            (None, _) => by_email,
        })
    }
}
