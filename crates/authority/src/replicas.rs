//! Several processes on one database: each learns what the others change, in time or not at all.
//!
//! A process reads the log of changes whenever the bell rings and several times a lease, and says so before. As long as it
//! has said so less than a lease ago, it decides by what it remembers; else it asks the database. So a change that one process
//! has acknowledged is in effect in all others after a lease at the latest, whatever happens to them or to the network.
mod log;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod simulation;

use std::{convert::Infallible, time::Duration};

use jiff::{SignedDuration, Timestamp};
use keyfob_rbac::{Action, Object, ResourceType};
use keyfob_store::{LogPosition, ReplicaId, RightsVersion, StoreError, UnconfirmedBy};
use tokio::{sync::Mutex, time::Instant};

use self::log::{Bell as _, ChangeLog};
use crate::{Authority, AuthorizedStore, Random, Refused, Unrecorded, caller::KeyCache};

/// How often in a lease the log is read if the bell does not ring.
const READINGS_A_LEASE: u32 = 4;
/// How long a process waits before it asks again, when the database did not answer.
const PAUSE: Duration = Duration::from_millis(100);
/// How often it is asked whether others have read a change.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// How long others are waited for beyond a lease.
const PATIENCE: Duration = Duration::from_secs(1);

/// The longest that others are waited for: a request is given up after 30 seconds.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// How long the log of changes is kept. A replica that has read nothing for longer forgets all that it remembers.
const CHANGES_KEPT_FOR: SignedDuration = SignedDuration::from_hours(2);

/// A process among those that share its database.
pub(crate) struct Replica {
    id: ReplicaId,
    lease: Duration,
    /// None before the first reading.
    progress: Mutex<Option<Progress>>,
}

/// What the other processes know of this one.
#[derive(Clone, Copy)]
struct Progress {
    /// How far the log was read.
    seen: LogPosition,
    /// When it began to say so. Processes that revoke wait for this one until a lease after that, at least, unless it has
    /// read what they did.
    said: Instant,
}

impl Replica {
    pub(crate) fn new(host: &str, lease: Duration, random: &Random) -> Self {
        let [a, b, c, d] = random.bytes_for_visitor();
        let id = ReplicaId(format!("{host}-{:08x}", u32::from_be_bytes([a, b, c, d])));
        Self { id, lease, progress: Mutex::default() }
    }

    pub(crate) fn id(&self) -> &ReplicaId {
        &self.id
    }

    /// Reads what other processes have changed, once, and renews the lease.
    ///
    /// First it says that it will decide by what it reads, and then it reads: a change that is not found is made by a
    /// process that waits for this one. The other way round, a process could look who there is between the two, and find
    /// nobody to wait for.
    async fn read_changes(&self, log: &impl ChangeLog, keys: &KeyCache) -> Result<(), StoreError> {
        // One reading at a time, so that `seen` never goes back.
        let mut progress = self.progress.lock().await;
        let known = match *progress {
            // The bell rings often: what was said lately is not said again.
            Some(known) if known.said.elapsed() < self.lease / READINGS_A_LEASE / 2 => known,
            Some(known) => self.say_seen(log, known.seen).await?,
            None => {
                let position = log.position().await?;
                keys.forget_all();
                self.say_seen(log, position).await?
            }
        };
        *progress = Some(known);

        let changes = log.changes_since(known.seen).await?;
        keys.announce(&changes.reached);
        *progress = Some(Progress { seen: changes.position, ..known });
        keys.renew_lease(known.said, self.lease);
        if changes.position != known.seen {
            // Only so that nobody waits longer than needed.
            *progress = Some(self.say_seen(log, changes.position).await?);
        }
        Ok(())
    }

    /// Says how far the log was read, and that this process decides by that.
    async fn say_seen(&self, log: &impl ChangeLog, seen: LogPosition) -> Result<Progress, StoreError> {
        let said = Instant::now();
        log.renew(&self.id, seen.version, self.lease).await?;
        Ok(Progress { seen, said })
    }

    /// Learns what a unit of work has found changed, if this process has not read of it: what a unit had not to do, because
    /// another process had done it, must not be answered while this one decides by what was before.
    async fn catch_up(&self, found: RightsVersion, log: &impl ChangeLog, keys: &KeyCache) {
        let is_seen = self.progress.lock().await.is_some_and(|known| known.seen.version == found);
        if !is_seen && self.read_changes(log, keys).await.is_err() {
            keys.forget_all();
        }
    }

    /// Reads what other processes change, for as long as this is polled.
    async fn follow_changes(&self, log: &impl ChangeLog, keys: &KeyCache) {
        let mut is_warned = false;
        loop {
            match self.follow_bell(log, keys).await {
                Ok(never) => match never {},
                Err(error) if is_warned => tracing::debug!(%error, "the changes of other replicas cannot be read"),
                Err(error) => tracing::warn!(%error, "the changes of other replicas cannot be read"),
            }
            is_warned = true;
            tokio::time::sleep(PAUSE).await;
            // Without the bell, but in time.
            is_warned &= self.read_changes(log, keys).await.is_err();
        }
    }

    async fn follow_bell(&self, log: &impl ChangeLog, keys: &KeyCache) -> Result<Infallible, StoreError> {
        self.read_changes(log, keys).await?;
        let Some(mut bell) = log.bell().await? else { return std::future::pending().await };
        let mut tick = tokio::time::interval(self.lease / READINGS_A_LEASE);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                rung = bell.rung() => rung?,
            }
            self.read_changes(log, keys).await?;
        }
    }

    /// Waits until this and every other process has read all that is changed by now, or can decide by nothing older any
    /// more. Names those that are left when it has waited for long enough.
    async fn wait_for_all(&self, log: &impl ChangeLog, keys: &KeyCache) -> Result<Vec<UnconfirmedBy>, StoreError> {
        let end = Instant::now() + (self.lease + PATIENCE).min(LONGEST_WAIT);
        let version = log.position().await?.version;
        // What is waited for may be what another process did.
        self.read_changes(log, keys).await?;
        loop {
            let left = log.unconfirmed(version, &self.id).await?;
            if left.is_empty() || Instant::now() >= end {
                return Ok(left);
            }
            tokio::time::sleep(ASK_EVERY).await;
        }
    }
}

/// Background work that one process does for all that share a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Retention, dormancy, and telling of what ends soon.
    Housekeeping,
    /// Sending mails.
    Mails,
}

impl Duty {
    fn name(self) -> &'static str {
        match self {
            Self::Housekeeping => "housekeeping",
            Self::Mails => "mails",
        }
    }
}

impl AuthorizedStore {
    /// Removes what was logged of changes so long ago that no replica can have missed it, and the replicas that are long
    /// gone. Requires `delete` on all keys.
    ///
    /// # Errors
    /// When the caller may not, or the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn forget_old_changes(&self) -> Result<u64, Refused> {
        let mut work = self
            .begin_if(|caller| caller.require_permitted(Action::DELETE, &Object::of(ResourceType::API_KEY)))
            .await?;
        let before = work.now().checked_sub(CHANGES_KEPT_FOR).unwrap_or(Timestamp::MIN);
        let purged = work.tx.purge_rights_changes(before).await?;
        work.tx.purge_replicas().await?;
        work.commit_unrecorded(Unrecorded::Retention).await?;
        Ok(purged)
    }
}

impl Authority {
    /// Whether this process is to do some background work now, and for this long no other: the one that asks first, or
    /// has it already.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn takes_duty(&self, duty: Duty, length: Duration) -> Result<bool, StoreError> {
        self.store().take_duty(duty.name(), &self.replica().id, length).await
    }

    /// For how long, at most, another process decides by what it remembered before a change; none where there is no other.
    pub fn revocation_lease(&self) -> Option<Duration> {
        self.store().is_shared().then_some(self.replica().lease)
    }

    /// Whether this process decides by what it remembers: it has read the log of changes within its lease.
    pub fn holds_lease(&self) -> bool {
        self.keys().holds_lease()
    }

    /// Reads what other processes have changed, once, and renews the lease. Does nothing where there is no other process.
    ///
    /// # Errors
    /// When the database does not answer; then the lease is not renewed.
    pub async fn read_changes(&self) -> Result<(), StoreError> {
        if !self.store().is_shared() {
            return Ok(());
        }
        self.replica().read_changes(self.store(), self.keys()).await
    }

    /// Reads what other processes change, for as long as this is polled.
    pub async fn follow_changes(&self) {
        if !self.store().is_shared() {
            return std::future::pending().await;
        }
        self.replica().follow_changes(self.store(), self.keys()).await;
    }

    /// Waits until every other process has read all that is changed by now, or can decide by nothing older any more; a
    /// lease and a second at most, and no longer than a request may take. Names those that are left.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn wait_for_replicas(&self) -> Result<Vec<UnconfirmedBy>, StoreError> {
        if !self.store().is_shared() {
            return Ok(Vec::new());
        }
        self.replica().wait_for_all(self.store(), self.keys()).await
    }

    /// Learns what a unit of work has found changed by other processes ([`Replica::catch_up`]).
    pub(crate) async fn catch_up(&self, found: RightsVersion) {
        self.replica().catch_up(found, self.store(), self.keys()).await;
    }

    /// Says that this process decides by nothing that it remembers any more.
    pub(crate) async fn leave_replicas(&self) {
        if !self.store().is_shared() {
            return;
        }
        self.keys().end_lease();
        if let Err(error) = self.store().leave_replicas(&self.replica().id).await {
            tracing::warn!(%error, "this replica could not be signed off");
        }
    }
}
