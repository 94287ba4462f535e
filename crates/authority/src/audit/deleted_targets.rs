//! Which of the objects that records name were deleted: a statement or two for each type, however many there are.
use std::collections::{BTreeMap, BTreeSet, HashSet};

use keyfob_rbac::Filter;
use keyfob_store::{AuditRecord, GroupId, KeyId, ListGroups, OrganizationId, StoreError, UserId};
use uuid::Uuid;

use super::CUSTOM_ROLE;
use crate::{AuthorizedStore, resources::is_registrable};

/// The ids of one type.
type Ids = BTreeSet<String>;

fn uuids(ids: &Ids) -> Vec<Uuid> {
    ids.iter().filter_map(|id| Uuid::try_parse(id).ok()).collect()
}

fn texts<T: ToString>(ids: impl IntoIterator<Item = T>) -> Ids {
    ids.into_iter().map(|id| id.to_string()).collect()
}

/// What identifies the object of a record among those of its type; none if the record is about no single one.
pub(super) fn identity(record: &AuditRecord) -> Option<String> {
    match record.resource_type.as_str() {
        "api_key" => record.api_key_id.as_ref().map(ToString::to_string),
        // Roles have names only.
        CUSTOM_ROLE => Some(record.resource_target.clone()),
        _ => Some(record.resource_id).filter(|id| !id.is_nil()).map(|id| id.to_string()),
    }
}

impl AuthorizedStore {
    /// The types and identities of those that were deleted. A caller who may see a record may see that.
    pub(crate) async fn deleted_targets(
        &self,
        records: &[AuditRecord],
    ) -> Result<HashSet<(String, String)>, StoreError> {
        let mut by_type: BTreeMap<&str, Ids> = BTreeMap::new();
        for record in records {
            if let Some(id) = identity(record) {
                by_type.entry(&record.resource_type).or_default().insert(id);
            }
        }
        let mut deleted = HashSet::new();
        for (of, ids) in by_type {
            let existing = self.existing_ids(of, &ids, records).await?;
            deleted.extend(ids.difference(&existing).map(|id| (of.to_owned(), id.clone())));
        }
        Ok(deleted)
    }

    /// Those of the ids that exist.
    async fn existing_ids(&self, of: &str, ids: &Ids, records: &[AuditRecord]) -> Result<Ids, StoreError> {
        let mut store = self.read();
        let users: Vec<UserId> = uuids(ids).into_iter().map(UserId).collect();
        Ok(match of {
            "user" => {
                let users = store.users(&users).await?;
                texts(users.into_iter().filter(|user| !user.deleted).map(|user| user.id))
            }
            "organization_member" => {
                texts(store.memberships_of_all(&users).await?.into_iter().map(|member| member.user_id))
            }
            "organization" => texts(store.organizations(&Filter::All).await?.into_iter().map(|of| of.id)),
            "group" => {
                let ids = uuids(ids).into_iter().map(GroupId).collect();
                let list = ListGroups { visible: Filter::All, ids, ..ListGroups::default() };
                texts(store.groups(&list).await?.into_iter().map(|group| group.id))
            }
            "api_key" => {
                let ids: Vec<KeyId> = ids.iter().filter_map(|id| KeyId::parse(id)).collect();
                texts(store.owners_of_keys(&ids).await?.into_iter().map(|(key, _)| key))
            }
            CUSTOM_ROLE => {
                let organizations: BTreeSet<Uuid> =
                    records.iter().filter_map(|record| record.organization_id).map(|id| id.0).collect();
                let organizations: Vec<OrganizationId> = organizations.into_iter().map(OrganizationId).collect();
                texts(store.custom_roles(&organizations).await?.into_iter().map(|role| role.name))
            }
            _ => {
                // Objects of other types are not registered, so nothing says that they were deleted.
                if !self.catalogue().resource_type(of).is_some_and(is_registrable) {
                    return Ok(ids.clone());
                }
                let found = store.bare_resources_by_id(of, &uuids(ids)).await?;
                texts(found.into_iter().map(|resource| resource.key.id.0))
            }
        })
    }
}
