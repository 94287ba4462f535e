//! Three servers on one database, that are stopped, killed and cut off: a revocation that one has acknowledged is in
//! effect on the others within the lease.
use std::{thread, time::Duration};

use keyfob_testkit::history::Outcome;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{cut::Network, load::Load, on_postgres, pass, seed, times};
use crate::program::Server;

const REPLICAS: usize = 3;
const CLIENTS: u64 = 6;
/// How often something happens to a replica; `KEYFOB_FAULTS` says otherwise.
const FAULTS: u32 = 8;
/// How long it lasts at most, and how long nothing happens then, in milliseconds.
const LONGEST: u64 = 1_500;
const LEASE: Duration = Duration::from_millis(500);

/// What happens to a replica.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It is stopped, and goes on.
    Paused,
    /// Its connections to the database are cut, and it gets no others.
    Cut,
    /// Its connections to the database are there, and nothing comes through.
    Silent,
}

#[test]
fn no_replica_accepts_what_was_revoked_longer_ago_than_a_lease() {
    let Some(database) = on_postgres() else { return };
    let mut random = ChaCha8Rng::seed_from_u64(seed());
    let networks: Vec<Network> = (0..REPLICAS).map(|_| Network::to(database.postgres_url().unwrap())).collect();
    let lease = format!("--revocation-lease={}ms", LEASE.as_millis());
    let start = |network: &Network, folder| {
        let url = format!("--postgres-url={}", network.url());
        Server::start_on(folder, &[], &["--dangerous-disable-rate-limits", &lease, &url])
    };
    let first = start(&networks[0], tempfile::tempdir().unwrap());
    let session = first.set_up();
    let mut servers = vec![first];
    for network in &networks[1..] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        for key in ["seal.key", "audit.key"] {
            std::fs::copy(servers[0].data_dir().join(key), folder.path().join("data").join(key)).unwrap();
        }
        servers.push(start(network, folder));
    }
    let load = Load::new(servers.iter().map(|server| server.address.clone()).collect(), &session);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let (load, seed) = (&load, random.random());
            scope.spawn(move || load.work(seed));
        }
        for replica in 0..REPLICAS {
            let (load, seed) = (&load, random.random());
            scope.spawn(move || load.use_at(replica, seed));
        }
        for _ in 0..times("KEYFOB_FAULTS", FAULTS) {
            let victim = random.random_range(0..REPLICAS);
            let fault = [Fault::Paused, Fault::Cut, Fault::Silent][random.random_range(0..3)];
            let lasting = Duration::from_millis(random.random_range(0..LONGEST));
            eprintln!("replica {victim}: {fault:?} for {lasting:?}");
            match fault {
                Fault::Paused => servers[victim].signal("STOP"),
                Fault::Cut => networks[victim].cut(),
                Fault::Silent => networks[victim].silence(),
            }
            pass(lasting);
            match fault {
                Fault::Paused => servers[victim].signal("CONT"),
                Fault::Cut | Fault::Silent => networks[victim].mend(),
            }
            pass(Duration::from_millis(random.random_range(0..LONGEST)));
        }
        load.end();
    });
    // Everything works again, without a restart.
    for replica in 0..REPLICAS {
        load.await_all(replica);
    }
    let history = load.history.lock().unwrap();
    let late = history.propagation();
    eprintln!(
        "{} tokens, {} revocations, {} uses accepted, {} refused, {} unanswered; a revocation was last ignored after {:?} \
         (99 of 100), {:?} (all)",
        load.tokens(),
        history.revocations(),
        history.count(Outcome::Accepted),
        history.count(Outcome::Refused),
        history.count(Outcome::Unanswered),
        late[late.len() * 99 / 100],
        late.last().unwrap(),
    );
    assert!(history.revocations() > 0 && history.count(Outcome::Accepted) > 0, "the load did something");
    let violations = history.violations(LEASE);
    assert!(violations.is_empty(), "{}", violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}
