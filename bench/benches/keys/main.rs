//! Measures whether requests stay as cheap as they are when there are many keys: with keys in memory, with keys that are
//! read from the database, and lists of one user's tokens beside the same query put to SQLite directly.
#![forbid(unsafe_code)]
#![allow(
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its results, and may panic"
)]

mod deployment;

use std::{hint::black_box, process::ExitCode, time::Instant};

use self::deployment::{Deployment, HOT, TOKENS};

/// How many keys the deployments have that are compared; others when they are named on the command line.
const SIZES: [usize; 2] = [10_000, 1_000_000];
/// How often each is measured, in turn.
const ROUNDS: usize = 15;
/// How many lists a round has.
const LISTS: usize = 50;
/// How many times as much a request with a key in memory may cost where there are the most keys.
const MOST: f64 = 1.2;
/// The least share of the lists that SQLite makes which Keyfob must make.
const LEAST: f64 = 0.7;

fn main() -> ExitCode {
    let named: Vec<usize> = std::env::args().filter_map(|argument| argument.replace('_', "").parse().ok()).collect();
    let sizes = if named.is_empty() { SIZES.to_vec() } else { named };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut deployments: Vec<Deployment> =
        sizes.iter().map(|size| runtime.block_on(Deployment::with_keys(*size))).collect();

    println!(
        "{:<12} {:>16} {:>16} {:>16} {:>16}",
        "keys", "first use, µs", "in memory, µs", "list of 50, µs", "SQLite, µs"
    );
    let mut costs = Vec::new();
    for deployment in &deployments {
        costs.push(Costs { first: vec![each(HOT, || runtime.block_on(deployment.use_all()))], ..Costs::default() });
    }
    for round in 0..=ROUNDS {
        for (deployment, costs) in deployments.iter_mut().zip(&mut costs) {
            let in_memory = each(HOT, || runtime.block_on(deployment.use_all()));
            let list = each(LISTS, || {
                runtime.block_on(async {
                    for _ in 0..LISTS {
                        black_box(deployment.list().await);
                    }
                });
            });
            let query = each(LISTS, || {
                for _ in 0..LISTS {
                    assert_eq!(black_box(deployment.query()).len(), TOKENS);
                }
            });
            // The first round warms up.
            if round > 0 {
                costs.in_memory.push(in_memory);
                costs.list.push(list);
                costs.query.push(query);
            }
        }
    }
    let costs: Vec<[f64; 4]> = costs.into_iter().map(Costs::medians).collect();
    for (size, [first, in_memory, list, query]) in sizes.iter().zip(&costs) {
        println!("{size:<12} {first:>16.1} {in_memory:>16.1} {list:>16.1} {query:>16.1}");
    }
    let (Some(fewest), Some(most)) = (costs.first(), costs.last()) else { return ExitCode::FAILURE };
    let in_memory = most[1] / fewest[1];
    println!("with the most keys, a request with a key in memory takes {in_memory:.2} times as long (goal {MOST})");
    let share = most[3] / most[2];
    println!("of the lists that SQLite makes, Keyfob makes {share:.2} (goal {LEAST})");
    if in_memory <= MOST && share >= LEAST { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The microseconds that each of so many takes.
fn each(many: usize, act: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    act();
    begun.elapsed().as_secs_f64() * 1e6 / many as f64
}

/// The microseconds of each round.
#[derive(Default)]
struct Costs {
    first: Vec<f64>,
    in_memory: Vec<f64>,
    list: Vec<f64>,
    query: Vec<f64>,
}

impl Costs {
    fn medians(self) -> [f64; 4] {
        [self.first, self.in_memory, self.list, self.query].map(|mut rounds| {
            rounds.sort_by(f64::total_cmp);
            rounds[rounds.len() / 2]
        })
    }
}
