//! What the deployment counts of itself.
use keyfob_rbac::{Action, Object, ResourceType};

use crate::{AuthorizedStore, Refused};

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub users: u64,
    pub live_keys: u64,
}

impl AuthorizedStore {
    /// How much there is of what Keyfob keeps. Requires `read` on the deployment's statistics.
    #[tracing::instrument(skip_all)]
    pub async fn deployment_counts(&self) -> Result<Counts, Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::DEPLOYMENT_STATS))?;
        let users = self.read().count_users().await?;
        Ok(Counts { users, live_keys: self.read().count_live_keys(self.now()).await? })
    }
}
