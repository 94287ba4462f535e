//! What the deployment counts of itself.
use keyfob_rbac::{Action, Object, ResourceType};

use super::AuthorizedStore;
use crate::gate::Refused;

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) users: u64,
    pub(crate) live_keys: u64,
}

impl AuthorizedStore {
    /// How much there is of what Keyfob keeps. Requires `read` on the deployment's statistics.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn deployment_counts(&self) -> Result<Counts, Refused> {
        self.require_permitted(Action::READ, &Object::of(ResourceType::DEPLOYMENT_STATS))?;
        let users = self.store().count_users().await?;
        Ok(Counts { users, live_keys: self.store().count_live_keys(self.now()).await? })
    }
}
