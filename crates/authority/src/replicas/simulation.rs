//! Replicas over a simulated network with random faults: what one has acknowledged as revoked, no other accepts for longer
//! than the lease, and what is gathered of the uses of keys revives none and takes nothing back. The cache, the reading of the
//! log, the lease and the gathering are those of the program; the database is a model.
mod clients;
mod database;
mod rows;
mod server;
mod statements;
mod uses;

use std::{
    cell::RefCell,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use jiff::SignedDuration;
use keyfob_testkit::history::{History, Outcome};
use proptest::prelude::*;
use tokio::sync::Notify;
use turmoil::Sim;

use self::{clients::Load, database::Model, server::ReplicaProcess, uses::Skew};

const LEASE: Duration = Duration::from_millis(500);
const REPLICAS: [&str; 3] = ["replica-0", "replica-1", "replica-2"];
const DATABASE: &str = "database";
const CLIENTS: u64 = 6;
/// Of a session that is not used.
const LIFETIME: SignedDuration = SignedDuration::from_secs(1);
/// By how much the clock of a replica is wrong at most, either way.
const MOST_SKEW: SignedDuration = SignedDuration::from_millis(200);
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
    /// By how many milliseconds the clock of each replica is wrong.
    skews: [i64; REPLICAS.len()],
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
    /// The same, but it ends by itself: it writes what it has gathered.
    Stopped(usize),
    /// The clock of a replica is wrong by so many milliseconds instead.
    ClockOff(usize, i64),
    /// The database is killed, and started again.
    DatabaseKilled,
}

fn plans() -> impl Strategy<Value = Plan> {
    let replica = 0..REPLICAS.len();
    let kind = prop_oneof![
        3 => replica.clone().prop_map(Kind::Cut),
        3 => replica.clone().prop_map(Kind::Held),
        2 => replica.clone().prop_map(Kind::Killed),
        1 => replica.clone().prop_map(Kind::Stopped),
        2 => (replica, skew()).prop_map(|(replica, skew)| Kind::ClockOff(replica, skew)),
        1 => Just(Kind::DatabaseKilled),
    ];
    let milliseconds = |range: std::ops::Range<u64>| range.prop_map(Duration::from_millis);
    let length = prop_oneof![milliseconds(1..150), milliseconds(150..1_000), milliseconds(1_000..2_500)];
    let fault = (milliseconds(0..3_500), length, kind);
    let faults = prop::collection::vec(fault.prop_map(|(at, length, kind)| Fault { at, length, kind }), 0..12);
    let latency = prop_oneof![milliseconds(5..20), milliseconds(20..250)];
    (any::<u64>(), latency, prop::array::uniform3(skew()), faults).prop_map(|(seed, latency, skews, faults)| Plan {
        seed,
        latency,
        skews,
        faults,
    })
}

fn skew() -> impl Strategy<Value = i64> {
    let most = i64::try_from(MOST_SKEW.as_millis()).unwrap();
    prop_oneof![Just(0), -most..=most]
}

/// What a fault may do to a replica from outside.
#[derive(Default)]
struct Levers {
    skew: Skew,
    stop: Arc<Notify>,
}

/// Begins and ends the faults of a plan.
struct Faults<'a> {
    plan: &'a Plan,
    levers: [Levers; REPLICAS.len()],
    present: Vec<Kind>,
}

impl Faults<'_> {
    /// Does what is due. Of faults of one kind and place, the last to end ends it.
    fn apply(&mut self, sim: &mut Sim<'_>) {
        let now = sim.elapsed();
        let mut due = Vec::new();
        for fault in self.plan.faults.iter().filter(|fault| fault.at <= now && now < fault.at + fault.length) {
            if !due.contains(&fault.kind) {
                due.push(fault.kind);
            }
        }
        let ended: Vec<Kind> = self.present.iter().copied().filter(|kind| !due.contains(kind)).collect();
        for kind in ended {
            match kind {
                Kind::Cut(replica) => sim.repair(REPLICAS[replica], DATABASE),
                Kind::Held(replica) => sim.release(REPLICAS[replica], DATABASE),
                Kind::Killed(replica) | Kind::Stopped(replica) => sim.bounce(REPLICAS[replica]),
                Kind::ClockOff(..) => {}
                Kind::DatabaseKilled => sim.bounce(DATABASE),
            }
        }
        for kind in due.iter().filter(|kind| !self.present.contains(kind)) {
            match *kind {
                Kind::Cut(replica) => sim.partition(REPLICAS[replica], DATABASE),
                Kind::Held(replica) => sim.hold(REPLICAS[replica], DATABASE),
                Kind::Killed(replica) => sim.crash(REPLICAS[replica]),
                Kind::Stopped(replica) => self.levers[replica].stop.notify_waiters(),
                Kind::ClockOff(..) => {}
                Kind::DatabaseKilled => sim.crash(DATABASE),
            }
        }
        for (replica, levers) in self.levers.iter().enumerate() {
            let off = due.iter().find_map(|kind| match kind {
                Kind::ClockOff(which, skew) if *which == replica => Some(*skew),
                _ => None,
            });
            levers.skew.store(off.unwrap_or(self.plan.skews[replica]), Ordering::SeqCst);
        }
        self.present = due;
    }
}

/// What happened to the keys.
struct Outcomes {
    history: History,
    slides: usize,
    /// What may not have happened to what the database has of them.
    violations: Vec<String>,
}

/// Runs a plan.
fn outcomes_of(plan: &Plan) -> Outcomes {
    let mut sim = turmoil::Builder::new()
        .rng_seed(plan.seed)
        .simulation_duration(LONGEST)
        .tick_duration(TICK)
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(TICK)
        .tcp_capacity(1024)
        .build();
    let model = Arc::new(Mutex::new(Model::default()));
    let stored = Arc::clone(&model);
    sim.host(DATABASE, move || database::run(Arc::clone(&stored)));
    let mut faults = Faults { plan, levers: Default::default(), present: Vec::new() };
    for (replica, levers) in REPLICAS.into_iter().zip(&faults.levers) {
        let process = ReplicaProcess::new(replica, Arc::clone(&levers.skew), Arc::clone(&levers.stop));
        sim.host(replica, move || process.run());
    }
    let load = Arc::new(Load::default());
    for number in 0..CLIENTS {
        sim.client(format!("client-{number}"), Arc::clone(&load).work(plan.seed.wrapping_add(number)));
    }
    for replica in REPLICAS {
        sim.set_link_max_message_latency(replica, DATABASE, plan.latency);
    }
    loop {
        faults.apply(&mut sim);
        if sim.step().unwrap() {
            break;
        }
    }
    drop(sim);
    let Load { history, ends, .. } = Arc::into_inner(load).unwrap();
    let keys = &model.lock().unwrap().keys;
    let violations = keys.violations(&ends.into_inner().unwrap());
    Outcomes { history: history.into_inner().unwrap(), slides: keys.slides(), violations }
}

/// `PROPTEST_CASES` says how many plans; one that failed is kept in `proptest-regressions`, and tried first.
#[test]
fn no_replica_accepts_what_was_revoked_longer_ago_than_the_lease() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(200);
    let config = ProptestConfig { cases, source_file: Some(file!()), ..ProptestConfig::default() };
    let seen = RefCell::new((0, 0, 0, 0));
    proptest::test_runner::TestRunner::new(config)
        .run(&plans(), |plan| {
            let Outcomes { history, slides, violations } = outcomes_of(&plan);
            let of_revocations = history.violations(LEASE).into_iter().map(|violation| violation.to_string());
            let words: Vec<_> = of_revocations.chain(violations).collect();
            prop_assert!(words.is_empty(), "{}", words.join("\n"));
            let mut seen = seen.borrow_mut();
            seen.0 += history.count(Outcome::Accepted);
            seen.1 += history.count(Outcome::Refused);
            seen.2 += history.revocations();
            seen.3 += slides;
            Ok(())
        })
        .unwrap();
    let (accepted, refused, revocations, slides) = seen.into_inner();
    eprintln!(
        "{accepted} uses were accepted, {refused} refused, {revocations} keys revoked, and {slides} slides written"
    );
    assert!(accepted > 0 && refused > 0 && revocations > 0 && slides > 0, "the clients did something");
}
