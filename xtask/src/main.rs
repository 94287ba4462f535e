//! Tasks around the code: `cargo xtask <task>`.
#![forbid(unsafe_code)]

mod docs;
mod fuzz;
mod real;
mod run;
mod server;
mod soak;
mod suite;
mod typescript;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Tasks around Keyfob's code.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every test that this machine can run; what is skipped is named and counted at the end.
    Test(suite::Options),
    /// Compare the engine with its reference model on ever new random worlds, for as long as you like.
    Soak(soak::Options),
    /// Write the reference in `docs/` anew, from the handlers and the commands.
    Docs,
    /// Measure what a decision costs, next to the least that it could cost and to another engine, and what lists cost.
    Bench,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Test(options) => suite::run(&options),
        Task::Soak(options) => soak::run(&options),
        Task::Docs => docs::run(),
        Task::Bench => run::cargo(&["bench", "--package", "keyfob-bench"]),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            run::say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
