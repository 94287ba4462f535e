//! Counts of users and keys.
use keyfob_rbac::{Action, Object, ResourceType};

use crate::{AuthorizedStore, Refused};

/// How many users and keys a deployment has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The users that are not deleted.
    pub users: u64,
    /// The keys that have not expired.
    pub live_keys: u64,
}

impl AuthorizedStore {
    /// How many users and keys there are. Requires `read` on the deployment's statistics.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn deployment_counts(&self) -> Result<Counts, Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::DEPLOYMENT_STATS))?;
        let users = self.read().count_users().await?;
        Ok(Counts { users, live_keys: self.read().count_live_keys(self.now()).await? })
    }

    /// Whether the caller may see with which settings the deployment runs, which its front has. Requires `read` on the
    /// deployment's configuration.
    ///
    /// # Errors
    /// [`Refused::Denied`] when the caller may not.
    pub fn require_deployment_config(&self) -> Result<(), Refused> {
        self.caller.require_permitted(Action::READ, &Object::of(ResourceType::DEPLOYMENT_CONFIG))
    }
}
