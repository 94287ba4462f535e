//! The log of changes that processes read of each other, as one of them sees it.
use std::{future::Future, time::Duration};

use keyfob_store::{LogPosition, ReplicaId, RightsChanges, RightsVersion, Store, StoreError, UnconfirmedBy};

/// What a process asks the database of other processes.
pub(super) trait ChangeLog: Sync {
    /// What rings when another process has changed rights.
    type Bell: Bell;

    /// Where the log ends now.
    fn position(&self) -> impl Future<Output = Result<LogPosition, StoreError>> + Send;

    /// What has changed since this position.
    fn changes_since(&self, seen: LogPosition) -> impl Future<Output = Result<RightsChanges, StoreError>> + Send;

    /// Says that a process has read the log up to this version, and for how long from now it may decide by what it reads.
    fn renew(
        &self,
        replica: &ReplicaId,
        seen: RightsVersion,
        lease: Duration,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The other processes that may still decide by what they remember from before this version.
    fn unconfirmed(
        &self,
        version: RightsVersion,
        but: &ReplicaId,
    ) -> impl Future<Output = Result<Vec<UnconfirmedBy>, StoreError>> + Send;

    /// The bell; none where there is no other process.
    fn bell(&self) -> impl Future<Output = Result<Option<Self::Bell>, StoreError>> + Send;
}

/// Rings when another process has changed rights. It is only a hint.
pub(super) trait Bell: Send {
    /// Waits until it rings, or may have rung unheard.
    fn rung(&mut self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

impl ChangeLog for Store {
    type Bell = keyfob_store::Bell;

    async fn position(&self) -> Result<LogPosition, StoreError> {
        self.log_position().await
    }

    async fn changes_since(&self, seen: LogPosition) -> Result<RightsChanges, StoreError> {
        self.rights_changes_since(seen).await
    }

    async fn renew(&self, replica: &ReplicaId, seen: RightsVersion, lease: Duration) -> Result<(), StoreError> {
        self.renew_replica(replica, seen, lease).await
    }

    async fn unconfirmed(&self, version: RightsVersion, but: &ReplicaId) -> Result<Vec<UnconfirmedBy>, StoreError> {
        Self::unconfirmed(self, version, but).await
    }

    async fn bell(&self) -> Result<Option<keyfob_store::Bell>, StoreError> {
        Self::bell(self).await
    }
}

impl Bell for keyfob_store::Bell {
    async fn rung(&mut self) -> Result<(), StoreError> {
        Self::rung(self).await
    }
}
