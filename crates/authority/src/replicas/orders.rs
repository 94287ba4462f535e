//! A revocation that waits for a replica, in every order with what the replica asks: where it was confirmed, the replica
//! does not find the key any more.
use std::{sync::Mutex, time::Duration};

use keyfob_store::{KeyId, LogPosition, Reached, ReplicaId, RightsChanges, RightsVersion, StoreError, UnconfirmedBy};
use tokio::time::Instant;

use super::{Replica, log};
use crate::{
    Random,
    caller::{KeyCache, Lease, presented_by_amy},
};

const LEASE: Duration = Duration::from_secs(2);
/// More than a reading asks.
const STATEMENTS: usize = 6;

/// What a replica has said, and which of its statements a revocation precedes.
struct Table {
    key: KeyId,
    version: i64,
    said: Option<(i64, Instant)>,
    statements: usize,
    revoked_before: usize,
    is_confirmed: bool,
}

impl Table {
    fn position(&self) -> LogPosition {
        LogPosition { version: RightsVersion(self.version), server_start: 0 }
    }
}

/// A database of one key and one replica, in which each statement takes a while.
struct Database {
    table: Mutex<Table>,
    takes: Duration,
}

impl Database {
    async fn begin_statement(&self) {
        tokio::time::sleep(self.takes).await;
        let mut table = self.table.lock().unwrap();
        if table.statements == table.revoked_before {
            table.version += 1;
            table.is_confirmed = match table.said {
                Some((seen, until)) => seen >= table.version || until <= Instant::now(),
                None => true,
            };
        }
        table.statements += 1;
    }
}

impl log::ChangeLog for Database {
    type Bell = NoBell;

    async fn position(&self) -> Result<LogPosition, StoreError> {
        self.begin_statement().await;
        Ok(self.table.lock().unwrap().position())
    }

    async fn changes_since(&self, seen: LogPosition) -> Result<RightsChanges, StoreError> {
        self.begin_statement().await;
        let table = self.table.lock().unwrap();
        let mut reached = Reached::default();
        if table.version > seen.version.0 {
            reached.keys.insert(table.key.clone());
        }
        Ok(RightsChanges { position: table.position(), reached })
    }

    async fn renew(&self, _: &ReplicaId, seen: RightsVersion, lease: Duration) -> Result<(), StoreError> {
        self.begin_statement().await;
        self.table.lock().unwrap().said = Some((seen.0, Instant::now() + lease));
        Ok(())
    }

    async fn unconfirmed(&self, _: RightsVersion, _: &ReplicaId) -> Result<Vec<UnconfirmedBy>, StoreError> {
        Ok(Vec::new())
    }

    async fn bell(&self) -> Result<Option<NoBell>, StoreError> {
        Ok(None)
    }
}

struct NoBell;

impl log::Bell for NoBell {
    async fn rung(&mut self) -> Result<(), StoreError> {
        std::future::pending().await
    }
}

/// Whether the revocation was confirmed while the key could still be found.
async fn is_found_though_confirmed(pause: Duration, takes: Duration, revoked_before: usize) -> bool {
    let key = KeyId::parse("k000000001").unwrap();
    let table = Table {
        key: key.clone(),
        version: 7,
        said: None,
        statements: 0,
        revoked_before: usize::MAX,
        is_confirmed: false,
    };
    let database = Database { table: Mutex::new(table), takes };
    let replica = Replica::new("replica", LEASE, &Random::seeded(1));
    let keys = KeyCache::new(Lease::ended());
    replica.read_changes(&database, &keys).await.unwrap();
    keys.keep(keys.begin(), &presented_by_amy(key.clone()).into());
    tokio::time::sleep(pause).await;

    {
        let mut table = database.table.lock().unwrap();
        (table.statements, table.revoked_before) = (0, revoked_before);
    }
    replica.read_changes(&database, &keys).await.unwrap();
    let is_confirmed = database.table.lock().unwrap().is_confirmed;
    is_confirmed && keys.find(&key).is_some()
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_is_not_waited_for_does_not_accept_what_was_revoked() {
    let mut faults = Vec::new();
    for eighths in 0..20 {
        for takes in [Duration::ZERO, LEASE / 16, LEASE / 4, LEASE / 2] {
            for revoked_before in 0..STATEMENTS {
                let pause = LEASE * eighths / 8;
                if is_found_though_confirmed(pause, takes, revoked_before).await {
                    faults.push((pause, takes, revoked_before));
                }
            }
        }
    }
    assert!(faults.is_empty(), "pause, length of a statement, statement after the revocation: {faults:?}");
}
