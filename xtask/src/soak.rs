//! `cargo xtask soak`: random tests that run for hours.
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{
    fuzz, libfuzzer, postgres,
    process::{self, ALL_CRATES, cargo_command},
    python, suite,
};

/// Decisions of one round: about a minute.
const DECISIONS: &str = "20000000";
/// Examples of each operation in one round.
const EXAMPLES: u32 = 300;
/// How long each fuzz target runs in one round, in seconds.
const FUZZING: u64 = 120;
/// How often servers are killed in one round, and how often they are stopped or cut off.
const KILLS: u32 = 500;
const FAULTS: u32 = 200;
/// How often the primary of a highly available PostgreSQL is killed in one round.
const FAILOVERS: u32 = 3;
/// Cases of each property in one round.
const CASES: &str = "4096";
/// Plans of faults of simulated replicas in one round.
const PLANS: &str = "10000";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How long to go on, in minutes. The round under way is finished.
    #[arg(long, default_value_t = 120)]
    minutes: u64,
}

/// Runs rounds until the time is over or one fails. Each prints its seed.
pub(crate) fn run(options: &Options) -> Result<()> {
    let start = Instant::now();
    let limit = Duration::from_mins(options.minutes);
    let mut round = 0_u32;
    while round == 0 || start.elapsed() < limit {
        round += 1;
        process::log(&format!("round {round}, {} of {} minutes", start.elapsed().as_secs() / 60, options.minutes));
        let engine = ["test", "--release", "--package", "keyfob-rbac", "--test", "it", "--", "worlds", "--nocapture"];
        process::run(cargo_command(&engine).env("KEYFOB_DECISIONS", DECISIONS))?;
        // The command line has no properties, and its tests are slow.
        let mut properties = cargo_command(&["test", "--release"]);
        properties.args(ALL_CRATES).args(["--exclude", "keyfob", "--test", "it"]);
        process::run(properties.env("PROPTEST_CASES", CASES))?;
        let replicas =
            ["test", "--release", "--package", "keyfob-authority", "--lib", "--", "simulation", "--nocapture"];
        process::run(cargo_command(&replicas).env("PROPTEST_CASES", PLANS))?;
        if python::has_venv() {
            fuzz::run(EXAMPLES, u64::from(round))?;
        }
        libfuzzer::run(FUZZING)?;
        if postgres::is_installed() {
            suite::fault(KILLS, FAULTS, FAILOVERS)?;
        }
    }
    process::log(&format!("{round} rounds, no failure"));
    Ok(())
}
