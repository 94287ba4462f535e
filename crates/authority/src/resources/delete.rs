//! Deleting resources.
use keyfob_rbac::{Action, ResourceType};
use keyfob_store::ResourceId;

use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, resource_event},
};

impl AuthorizedStore {
    /// Deletes a resource; its id is never given out again. Requires `delete` on it.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may see, [`Refused::Denied`] when the caller may not.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn delete_resource(&self, of: ResourceType, id: ResourceId) -> Result<(), Refused> {
        let mut work = self.begin().await?;
        let resource = work.permitted_resource(of, id, Action::DELETE).await?;
        work.tx.delete_resource(&resource.key).await?;
        work.record(resource_event(EventKind::ResourceDeleted, Some(&resource), None));
        Ok(work.commit().await?)
    }
}
