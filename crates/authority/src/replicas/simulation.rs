//! Replicas over a simulated network with random faults: what one has acknowledged as revoked, no other accepts for longer
//! than the lease. The cache, the reading of the log and the lease are those of the program; the database is a model.
mod clients;
mod database;
mod server;

use std::{
    cell::RefCell,
    sync::{Arc, Mutex},
    time::Duration,
};

use keyfob_testkit::history::{History, Outcome};
use proptest::prelude::*;
use turmoil::Sim;

use self::{clients::Load, database::Model, server::ReplicaProcess};

const LEASE: Duration = Duration::from_millis(500);
const REPLICAS: [&str; 3] = ["replica-0", "replica-1", "replica-2"];
const DATABASE: &str = "database";
const CLIENTS: u64 = 6;
/// The steps of the simulated clock.
const TICK: Duration = Duration::from_millis(5);
/// How long clients go on, and how long the last answers may take.
const LENGTH: Duration = Duration::from_secs(4);
const LONGEST: Duration = Duration::from_mins(1);

/// What happens, and when.
#[derive(Clone, Debug)]
struct Plan {
    /// Of the network's delays and the clients' choices.
    seed: u64,
    /// The longest that a message between a replica and the database takes.
    latency: Duration,
    faults: Vec<Fault>,
}

#[derive(Clone, Debug)]
struct Fault {
    at: Duration,
    length: Duration,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing gets through between a replica and the database; it is lost.
    Cut(usize),
    /// The same, but it arrives later: as for a process that is stopped and goes on.
    Held(usize),
    /// A replica is killed, and started again.
    Killed(usize),
    /// The database is killed, and started again.
    DatabaseKilled,
}

fn plans() -> impl Strategy<Value = Plan> {
    let replica = 0..REPLICAS.len();
    let kind = prop_oneof![
        3 => replica.clone().prop_map(Kind::Cut),
        3 => replica.clone().prop_map(Kind::Held),
        2 => replica.prop_map(Kind::Killed),
        1 => Just(Kind::DatabaseKilled),
    ];
    let milliseconds = |range: std::ops::Range<u64>| range.prop_map(Duration::from_millis);
    let length = prop_oneof![milliseconds(1..150), milliseconds(150..1_000), milliseconds(1_000..2_500)];
    let fault = (milliseconds(0..3_500), length, kind);
    let faults = prop::collection::vec(fault.prop_map(|(at, length, kind)| Fault { at, length, kind }), 0..12);
    let latency = prop_oneof![milliseconds(5..20), milliseconds(20..250)];
    (any::<u64>(), latency, faults).prop_map(|(seed, latency, faults)| Plan { seed, latency, faults })
}

/// Begins and ends the faults of a plan.
struct Faults<'a> {
    plan: &'a [Fault],
    present: Vec<Kind>,
}

impl Faults<'_> {
    /// Does what is due. Of faults of one kind and place, the last to end ends it.
    fn apply(&mut self, sim: &mut Sim<'_>) {
        let now = sim.elapsed();
        let mut due = Vec::new();
        for fault in self.plan.iter().filter(|fault| fault.at <= now && now < fault.at + fault.length) {
            if !due.contains(&fault.kind) {
                due.push(fault.kind);
            }
        }
        let ended: Vec<Kind> = self.present.iter().copied().filter(|kind| !due.contains(kind)).collect();
        for kind in ended {
            match kind {
                Kind::Cut(replica) => sim.repair(REPLICAS[replica], DATABASE),
                Kind::Held(replica) => sim.release(REPLICAS[replica], DATABASE),
                Kind::Killed(replica) => sim.bounce(REPLICAS[replica]),
                Kind::DatabaseKilled => sim.bounce(DATABASE),
            }
        }
        for kind in due.iter().filter(|kind| !self.present.contains(kind)) {
            match *kind {
                Kind::Cut(replica) => sim.partition(REPLICAS[replica], DATABASE),
                Kind::Held(replica) => sim.hold(REPLICAS[replica], DATABASE),
                Kind::Killed(replica) => sim.crash(REPLICAS[replica]),
                Kind::DatabaseKilled => sim.crash(DATABASE),
            }
        }
        self.present = due;
    }
}

/// Runs a plan; what happened to the keys.
fn history_of(plan: &Plan) -> History {
    let mut sim = turmoil::Builder::new()
        .rng_seed(plan.seed)
        .simulation_duration(LONGEST)
        .tick_duration(TICK)
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(TICK)
        .tcp_capacity(1024)
        .build();
    let model = Arc::new(Mutex::new(Model::default()));
    sim.host(DATABASE, move || database::run(Arc::clone(&model)));
    for replica in REPLICAS {
        let process = ReplicaProcess::new(replica);
        sim.host(replica, move || process.run());
    }
    let load = Arc::new(Load::default());
    for number in 0..CLIENTS {
        sim.client(format!("client-{number}"), Arc::clone(&load).work(plan.seed.wrapping_add(number)));
    }
    for replica in REPLICAS {
        sim.set_link_max_message_latency(replica, DATABASE, plan.latency);
    }
    let mut faults = Faults { plan: &plan.faults, present: Vec::new() };
    loop {
        faults.apply(&mut sim);
        if sim.step().unwrap() {
            break;
        }
    }
    drop(sim);
    Arc::into_inner(load).unwrap().history.into_inner().unwrap()
}

/// `PROPTEST_CASES` says how many plans; one that failed is kept in `proptest-regressions`, and tried first.
#[test]
fn no_replica_accepts_what_was_revoked_longer_ago_than_the_lease() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200);
    let config = ProptestConfig { cases, source_file: Some(file!()), ..ProptestConfig::default() };
    let seen = RefCell::new((0, 0, 0));
    proptest::test_runner::TestRunner::new(config)
        .run(&plans(), |plan| {
            let history = history_of(&plan);
            let violations = history.violations(LEASE);
            let words: Vec<_> = violations.iter().map(ToString::to_string).collect();
            prop_assert!(violations.is_empty(), "{}", words.join("\n"));
            let mut seen = seen.borrow_mut();
            seen.0 += history.count(Outcome::Accepted);
            seen.1 += history.count(Outcome::Refused);
            seen.2 += history.revocations();
            Ok(())
        })
        .unwrap();
    let (accepted, refused, revocations) = seen.into_inner();
    eprintln!("{accepted} uses were accepted, {refused} refused, and {revocations} keys revoked");
    assert!(accepted > 0 && refused > 0 && revocations > 0, "the clients did something");
}
