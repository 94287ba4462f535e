//! The targets in `fuzz/`, which a coverage-guided fuzzer runs.
use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use crate::process::{self, cargo_command, is_installed};

/// How long one input may take, in seconds. Most take a millisecond; what grows faster than its input reaches this.
const SLOWEST: u32 = 10;
/// How much memory a target may have, in MiB.
const MOST_MEMORY: u32 = 1024;
/// How long an input may be, in bytes.
const LONGEST: u32 = 16 * 1024;

/// Runs every target for so many seconds. What reaches new code is kept in the corpus.
pub(crate) fn run(seconds: u64) -> Result<()> {
    if !is_installed("cargo-fuzz") {
        process::log("SKIPPED: the targets in fuzz/ (`cargo install cargo-fuzz --locked` installs what runs them)");
        return Ok(());
    }
    for target in targets()? {
        process::log(&format!("fuzzing {target} for {seconds} seconds"));
        // The code has no `unsafe`, so that no sanitizer is needed, and no unstable compiler.
        let mut command = cargo_command(&["fuzz", "run", "--sanitizer", "none", &target, "--"]);
        command.arg(format!("-max_total_time={seconds}"));
        command.args([format!("-timeout={SLOWEST}"), format!("-rss_limit_mb={MOST_MEMORY}")]);
        command.args([format!("-max_len={LONGEST}"), "-print_final_stats=1".to_owned()]);
        process::run(&mut command)?;
    }
    Ok(())
}

fn targets() -> Result<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}
