//! Reading the records of what was done.
use std::collections::HashMap;

use keyfob_rbac::{Action, Filter, Id, Object, ResourceType};
use keyfob_store::{AuditRecord, ChainHead, KeyId, ListAudit, Organization, OrganizationId, StoreError, UserId};
use serde_json::json;
use uuid::Uuid;

use super::{
    deleted_targets::identity,
    event_of::{ATTRIBUTES, USER_SECRET},
};
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
    /// Requires `read` on each; attributes of an object are shown to those who may read it, whoever owns it.
    ///
    /// # Errors
    /// [`Refused::Denied`] when the caller could see no record at all.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_audit_records(&self, list: ListAudit) -> Result<(Vec<AuditView>, u64), Refused> {
        let list = self.of_visible_records(list)?;
        let (records, count) = self.read().audit_records(&list, COUNT_CAP + 1).await?;
        Ok((self.audit_views(records).await?, count))
    }

    /// The next records of a list that is taken as a whole, a part at a time: as many as its page has, or fewer where
    /// one answer cannot hold them; none at the end. Requires the same.
    ///
    /// # Errors
    /// As [`Self::list_audit_records`].
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn take_audit_records(&self, list: ListAudit) -> Result<Vec<AuditView>, Refused> {
        let mut list = self.of_visible_records(list)?;
        loop {
            let taken = match self.read().audit_page(&list).await {
                Ok(records) => self.audit_views(records).await,
                Err(error) => Err(error.into()),
            };
            match (taken, list.page.limit) {
                (Err(Refused::Store(StoreError::TooLong)), Some(many @ 2..)) => list.page.limit = Some(many / 2),
                (taken, _) => return taken,
            }
        }
    }

    /// The same list of the records that the caller may see.
    fn of_visible_records(&self, mut list: ListAudit) -> Result<ListAudit, Refused> {
        list.visible = self.caller.visible(Action::READ, ResourceType::AUDIT_LOG);
        if !self.caller.could(Action::READ, ResourceType::AUDIT_LOG) {
            return Err(Refused::Denied(self.caller.refuse(Action::READ, ResourceType::AUDIT_LOG)));
        }
        Ok(list)
    }

    async fn audit_views(&self, mut records: Vec<AuditRecord>) -> Result<Vec<AuditView>, Refused> {
        self.add_owners_of_keys(&mut records).await?;
        self.hide_attributes(&mut records);
        let mut ids: Vec<UserId> = records.iter().filter_map(|record| record.user_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut users = self.user_views(self.read().users(&ids).await?).await?;
        // A record does not tell where else its user is a member.
        let is_shown = self.incidental().caller.shows(Action::READ, ResourceType::ORGANIZATION);
        for view in &mut users {
            let is_own = self.caller.is_self(view.user.id);
            view.organization_ids.retain(|id| is_own || is_shown(&organization_object(*id)));
        }
        let mut ids: Vec<OrganizationId> = records.iter().filter_map(|record| record.organization_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let organizations = self.read().readable_organizations_by_id(&ids).await?;
        let deleted = self.deleted_targets(&records).await?;
        let view = |record: AuditRecord| AuditView {
            user: users.iter().find(|view| Some(view.user.id) == record.user_id).cloned(),
            organization: organizations.iter().find(|of| Some(of.id) == record.organization_id).cloned(),
            is_deleted: identity(&record).is_some_and(|id| deleted.contains(&(record.resource_type.clone(), id))),
            record,
        };
        Ok(records.into_iter().map(view).collect())
    }

    /// Old records about keys may not say whose they were: as long as the keys exist, their owners are known.
    async fn add_owners_of_keys(&self, records: &mut [AuditRecord]) -> Result<(), StoreError> {
        let is_open = |record: &&mut AuditRecord| record.resource_id.is_nil();
        let ids: Vec<KeyId> =
            records.iter_mut().filter(is_open).filter_map(|record| record.api_key_id.clone()).collect();
        let owners: HashMap<KeyId, UserId> = self.read().owners_of_keys(&ids).await?.into_iter().collect();
        for record in records.iter_mut().filter(is_open) {
            let owner = record.api_key_id.as_ref().and_then(|key| owners.get(key));
            record.resource_id = owner.map_or(record.resource_id, |owner| owner.0);
        }
        Ok(())
    }

    /// Hides the attributes of objects of types that the caller may not read where the object was, and those of user
    /// secrets from everybody.
    fn hide_attributes(&self, records: &mut [AuditRecord]) {
        for record in records {
            let Some(attributes) = record.diff.get_mut(ATTRIBUTES) else { continue };
            let of = self.catalogue().resource_type(&record.resource_type);
            let may_read = of.filter(|_| record.resource_type != USER_SECRET).is_some_and(|of| {
                let object = Object::of(of).with_id(record.resource_id);
                let place = record.organization_id.map_or(Id::None, |id| Id::Uuid(id.0));
                self.caller.is_permitted(Action::READ, &object.in_organization(place))
            });
            if !may_read {
                *attributes = json!({"old": "", "new": "", "secret": true});
            }
        }
    }

    /// The head of the chain of records, for a caller who may read all of them: it tells how many there are.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
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
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn find_actor(&self, username: Option<&str>, email: Option<&str>) -> Result<Option<UserId>, Refused> {
        let by_email = match email {
            Some(email) => self.read().salvaging().find_login(email).await?.map(|(user, _)| user.id),
            None => None,
        };
        let by_name = match username {
            Some("me") => self.caller.user().map(|user| user.id),
            // The name of a user who was deleted is free, and perhaps another's; the records have the id.
            Some(id) if Uuid::try_parse(id).is_ok() => Uuid::try_parse(id).ok().map(UserId),
            Some(username) => self.read().salvaging().find_user_by_username(username).await?.map(|user| user.id),
            None => None,
        };
        Ok(match (username, email) {
            (Some(_), Some(_)) => by_name.filter(|id| by_email == Some(*id)),
            (Some(_), None) => by_name,
            (None, _) => by_email,
        })
    }
}
