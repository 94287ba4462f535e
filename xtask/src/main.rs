//! Development tasks: `cargo xtask <task>`.
#![forbid(unsafe_code)]

mod browser;
mod docs;
mod fuzz;
mod interop;
mod libfuzzer;
mod postgres;
mod process;
mod python;
mod server;
mod snapshots;
mod soak;
mod suite;
mod typescript;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks of Keyfob.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every test that this machine can run; skipped tests are named and counted at the end.
    Test(suite::Options),
    /// Run the random tests and the fuzz targets again and again with new seeds, for as long as you like.
    Soak(soak::Options),
    /// Generate the reference in `docs/` from the handlers and the commands.
    Docs,
    /// Measure what a decision and a list cost, and whether the time of a response tells who has an account.
    Bench,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Test(options) => suite::run(&options),
        Task::Soak(options) => soak::run(&options),
        Task::Docs => docs::run(),
        // `requests` measures the program itself.
        Task::Bench => process::cargo(&["build", "--release", "--package", "keyfob"]).and_then(|()| {
            process::cargo(&["bench", "--package", "keyfob-bench", "--features", "cedar", "--no-fail-fast"])
        }),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            process::log(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
