//! The names of objects that lists of ids name.
use std::collections::{BTreeMap, HashMap};

use keyfob_rbac::{Action, ResourceType};
use keyfob_store::{GroupId, OrganizationId};
use uuid::Uuid;

use super::is_registrable;
use crate::{AuthorizedStore, Refused, data::UserId, groups::GroupFilter};

/// Objects, by their type and id.
pub type ObjectNames = HashMap<(ResourceType, Uuid), String>;

impl AuthorizedStore {
    /// The names of those of these objects that the caller may see: registered resources, users, groups and
    /// organizations. Each type is looked up once. Requires `read` on each object.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn object_names(
        &self,
        objects: impl IntoIterator<Item = (ResourceType, Uuid)> + Send,
    ) -> Result<ObjectNames, Refused> {
        let mut ids: BTreeMap<ResourceType, Vec<Uuid>> = BTreeMap::new();
        for (of, id) in objects {
            ids.entry(of).or_default().push(id);
        }
        let mut names = ObjectNames::new();
        for (of, mut ids) in ids {
            ids.sort_unstable();
            ids.dedup();
            let found = Box::pin(self.names_of_type(of, ids)).await?;
            names.extend(found.into_iter().map(|(id, name)| ((of, id), name)));
        }
        Ok(names)
    }

    async fn names_of_type(&self, of: ResourceType, ids: Vec<Uuid>) -> Result<Vec<(Uuid, String)>, Refused> {
        Ok(match of {
            ResourceType::USER => {
                let ids: Vec<UserId> = ids.into_iter().map(UserId).collect();
                self.usernames(&ids).await?.into_iter().map(|(id, name)| (id.0, name)).collect()
            }
            ResourceType::GROUP => {
                let ids = ids.into_iter().map(GroupId).collect();
                let groups = self.list_groups(GroupFilter { ids, ..GroupFilter::default() }).await?;
                groups.into_iter().map(|group| (group.id.0, group.name)).collect()
            }
            ResourceType::ORGANIZATION => {
                let ids: Vec<OrganizationId> = ids.into_iter().map(OrganizationId).collect();
                let found = self.list_organizations_by_id(&ids).await?;
                found.into_iter().map(|of| (of.id.0, of.name)).collect()
            }
            of if is_registrable(of) => self.resource_names(of, &ids).await?,
            of => {
                self.caller.context().decisions.required(of, Action::READ);
                Vec::new()
            }
        })
    }
}
