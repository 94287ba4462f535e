//! The uses of keys that one replica has noted, and its clock. What gathers them is that of the program.
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use keyfob_store::{KeyId, KeyUse, Reached, StoreError, UserId, Uses};

use super::{
    database::{Database, Question, Reply},
    rows::{Use, wall},
};
use crate::{
    RequestContext,
    caller::{KeyCache, UseBook, UseRules},
};

/// In the program these are an hour, two minutes and ten seconds.
const RESOLUTION: SignedDuration = SignedDuration::from_millis(150);
const NEAR_END: SignedDuration = SignedDuration::from_millis(200);
const WRITE_EVERY: Duration = Duration::from_millis(100);

/// By how many milliseconds the clock of a replica is wrong. It stays when the replica is started again.
pub(super) type Skew = Arc<AtomicI64>;

pub(super) struct Book {
    pub(super) uses: Uses,
    pub(super) keys: Arc<KeyCache>,
    pub(super) skew: Skew,
    pub(super) address: IpAddr,
}

impl Book {
    pub(super) fn context(&self) -> RequestContext {
        RequestContext { client: self.address, ..RequestContext::default() }
    }

    /// Writes what waits, from time to time.
    pub(super) async fn write_on(&self) {
        loop {
            tokio::time::sleep(WRITE_EVERY).await;
            // What cannot be written waits for the next time.
            let _ = self.write_all().await;
        }
    }

    /// Writes all that waits.
    pub(super) async fn write_all(&self) -> Result<(), StoreError> {
        while let Some(uses) = self.uses.to_write() {
            self.write_these(uses.of_keys()).await?;
            uses.written();
        }
        Ok(())
    }

    /// Writes uses, and forgets the keys that were changed meanwhile; says whether there were none.
    async fn write_these(&self, uses: impl Iterator<Item = &KeyUse>) -> Result<bool, StoreError> {
        let uses = uses.map(Use::of).collect();
        let Reply::NotWritten(not) = Database.ask(Question::WriteUses(uses)).await? else {
            return Err(StoreError::Interrupted);
        };
        let keys = not.iter().map(|key| KeyId::parse(key).unwrap()).collect();
        self.keys.announce(&Reached { keys, ..Reached::default() });
        Ok(not.is_empty())
    }
}

impl UseBook for Book {
    fn rules(&self) -> UseRules {
        UseRules { resolution: RESOLUTION, near_end: NEAR_END, sessions_slide: true }
    }

    fn now(&self) -> Timestamp {
        let skew = SignedDuration::from_millis(self.skew.load(Ordering::SeqCst));
        wall(turmoil::sim_elapsed().unwrap()) + skew
    }

    fn note(&self, used: KeyUse, owner: UserId, at: Timestamp) -> Option<KeyUse> {
        self.uses.note(used, owner, at)
    }

    async fn write(&self, used: &KeyUse, _: UserId, _: Timestamp) -> Result<bool, StoreError> {
        self.write_these(std::iter::once(used)).await
    }
}
