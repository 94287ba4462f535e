//! What a request costs that is as large as its bounds allow: processor time and memory of the whole process, which is
//! a server in memory and nothing else. A request that costs more than it may ends the run with a failure.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints its results, and may panic"
)]

mod requests;
mod usage;

use std::process::ExitCode;

use self::{requests::Deployment, usage::Usage};

/// What a request may cost.
const MOST: Usage = Usage { milliseconds: 50.0, mebibytes: 10.0 };
/// How often each is sent.
const ROUNDS: usize = 5;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let deployment = runtime.block_on(Deployment::new());
    println!("{:<52} {:>6} {:>9} {:>9}", "request at its bounds", "status", "CPU ms", "MiB");
    let mut is_within = true;
    for request in deployment.requests() {
        let mut status = 0;
        let usage = (0..ROUNDS)
            .map(|_| usage::of(|| status = runtime.block_on(deployment.send(&request))))
            .reduce(Usage::typical)
            .unwrap();
        let mark = if usage.is_within(MOST) { "" } else { "  <- too much" };
        println!("{:<52} {status:>6} {:>9.1} {:>9.1}{mark}", request.title, usage.milliseconds, usage.mebibytes);
        is_within &= usage.is_within(MOST);
    }
    println!("at most {} ms and {} MiB each", MOST.milliseconds, MOST.mebibytes);
    if is_within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
