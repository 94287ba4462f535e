//! `cargo xtask soak`: what takes hours.
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{
    fuzz,
    run::{cargo_command, say, to_its_end},
    suite::has_environments,
};

/// Decisions of one round: about a minute.
const DECISIONS: &str = "20000000";
/// Examples of each operation in one round.
const EXAMPLES: u32 = 300;
/// Cases of each property in one round.
const CASES: &str = "4096";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How long to go on, in minutes. The round under way is finished.
    #[arg(long, default_value_t = 120)]
    minutes: u64,
}

/// Runs rounds until the time is over or one fails. Each prints its seed.
pub(crate) fn run(options: &Options) -> Result<()> {
    let start = Instant::now();
    let end = Duration::from_mins(options.minutes);
    let mut rounds = 0_u32;
    while rounds == 0 || start.elapsed() < end {
        rounds += 1;
        say(&format!("round {rounds}, {} of {} minutes", start.elapsed().as_secs() / 60, options.minutes));
        let engine = ["test", "--release", "--package", "keyfob-rbac", "--test", "it", "--", "worlds", "--nocapture"];
        to_its_end(cargo_command(&engine).env("KEYFOB_DECISIONS", DECISIONS))?;
        let server = ["test", "--release", "--package", "keyfob-server", "--package", "keyfob-store", "--test", "it"];
        to_its_end(cargo_command(&server).env("PROPTEST_CASES", CASES))?;
        if has_environments() {
            fuzz::run(EXAMPLES, u64::from(rounds))?;
        }
    }
    say(&format!("{rounds} rounds, nothing found"));
    Ok(())
}
