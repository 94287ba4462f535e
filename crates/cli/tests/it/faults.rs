//! Servers that are killed, stopped and cut off under load: what they acknowledged holds.
mod crash;
mod cut;
#[cfg(unix)]
mod failover;
mod load;
mod replicas;

use std::{env, sync::OnceLock, thread, time::Duration};

use keyfob_testdb::TestDatabase;

/// What a run is drawn from. The same number gives the same plan, though not the same instants.
fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        let given = env::var("KEYFOB_FAULT_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(rand::random);
        eprintln!("KEYFOB_FAULT_SEED={seed}");
        seed
    })
}

/// How often something is done: a few times in a test, many times where a variable says so.
fn times(variable: &str, usual: u32) -> u32 {
    env::var(variable).ok().and_then(|times| times.parse().ok()).unwrap_or(usual)
}

/// Lets time pass: a fault lasts, or a server works.
#[expect(clippy::disallowed_methods, reason = "how long a fault lasts is part of the plan, and no event ends it")]
fn pass(time: Duration) {
    thread::sleep(time);
}

/// A database on a PostgreSQL server, without a schema; none where tests have no such server.
pub(crate) fn on_postgres() -> Option<TestDatabase> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let database = runtime.block_on(TestDatabase::new_in(folder.path(), async |_| ()));
    database.postgres_url().is_some().then_some(database)
}
