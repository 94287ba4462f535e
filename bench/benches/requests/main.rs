//! What a request with a token costs: the released program beside small servers that do less, each in a process of its own
//! on one core, and the load on another. Rounds alternate, so that what else the machine does meets all alike. Then, what a
//! token costs that is minted.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its results, and may panic"
)]

mod anchors;
mod load;
mod mints;
mod servers;

use std::{process::ExitCode, time::Duration};

use self::{
    anchors::Anchor,
    load::{Cost, Load},
    servers::Running,
};

/// How long each server is under load in a round, and how many rounds there are.
const ROUND: Duration = Duration::from_secs(1);
const ROUNDS: usize = 7;
/// The least share of the smallest server's requests that Keyfob must answer.
const LEAST: f64 = 0.75;

fn main() -> ExitCode {
    if let Some(anchor) = std::env::var("KEYFOB_BENCH_ANCHOR").ok().and_then(|name| Anchor::named(&name)) {
        anchors::serve(anchor);
        return ExitCode::SUCCESS;
    }
    let keyfob = Running::keyfob();
    let (profile, check) = (keyfob.profile(), keyfob.check());
    let answer = load::once(&profile);
    let anchor = |anchor: Anchor| Running::anchor(anchor, &keyfob.key, &answer);
    let (bare, token, decision) = (anchor(Anchor::Bare), anchor(Anchor::Token), anchor(Anchor::Decision));
    let loads = [
        ("a bare handler", bare.profile()),
        ("checks a token, the same bytes", token.profile()),
        ("Keyfob: GET /api/v2/users/me", profile),
        ("checks a token, reads JSON, decides", decision.check()),
        ("Keyfob: POST /api/v2/authcheck", check),
    ];
    let costs = measure(&loads.each_ref().map(|(_, load)| load));
    println!("{:<40} {:>10} {:>14}", "one core each for server and load", "requests/s", "CPU µs each");
    for ((name, _), cost) in loads.iter().zip(&costs) {
        println!("{name:<40} {:>10.0} {:>14.2}", cost.per_second, cost.microseconds);
    }
    let ratios = [("users/me", costs[2], costs[1]), ("authcheck", costs[4], costs[3])];
    let mut holds = true;
    for (name, keyfob, smallest) in ratios {
        let share = keyfob.per_second / smallest.per_second;
        let more = keyfob.microseconds - smallest.microseconds;
        println!("{name}: {share:.2} of the requests (goal {LEAST}, aim 0.95), {more:.1} µs of CPU more");
        holds &= share >= LEAST;
    }
    drop((keyfob, bare, token, decision));
    println!();
    holds &= mints::measure();
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The median of each over all rounds.
fn measure<const N: usize>(loads: &[&Load; N]) -> [Cost; N] {
    for load in loads {
        load.run(ROUND / 2);
    }
    let rounds: Vec<[Cost; N]> = (0..ROUNDS).map(|_| loads.map(|load| load.run(ROUND))).collect();
    std::array::from_fn(|place| {
        let median = |of: fn(&Cost) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(|round| of(&round[place])).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Cost { per_second: median(|cost| cost.per_second), microseconds: median(|cost| cost.microseconds) }
    })
}
