//! `cargo xtask test`: everything that this machine can run.
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::run::{cargo_command, is_there, say, to_its_end};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Fail when anything is skipped.
    #[arg(long)]
    no_skips: bool,
    /// Passed on to `cargo test`.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// A program besides the Rust toolchain that some tests need.
struct Need {
    program: &'static str,
    /// The Debian package that brings it.
    package: &'static str,
    /// The tests, as `cargo test -- --skip` names them.
    tests: &'static str,
    /// What stays untested without it.
    what: &'static str,
}

const NEEDS: [Need; 1] = [Need {
    program: "curl",
    package: "curl",
    tests: "works_as_it_is_written",
    what: "the commands of the README and of the guides",
}];

/// Runs everything, and says at the end what was left out.
pub(crate) fn run(options: &Options) -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !is_there(need.program) && !install(need)).collect();
    if options.no_skips && !missing.is_empty() {
        bail!("{}", report(&missing));
    }
    let mut tests = cargo_command(&["test", "--workspace", "--exclude", "keyfob-bench", "--no-fail-fast", "--"]);
    tests.args(missing.iter().flat_map(|need| ["--skip", need.tests])).args(&options.rest);
    let done = to_its_end(&mut tests);
    say(&report(&missing));
    done
}

/// Installs what brings a program, where that is allowed and possible.
fn install(need: &Need) -> bool {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !is_root || !is_there("apt-get") {
        return false;
    }
    say(&format!("installing {}, which {} needs", need.package, need.what));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(Stdio::null());
        to_its_end(&mut command).is_ok()
    };
    apt(&["update", "-qq"]) && apt(&["install", "-qq", "-y", need.package]) && is_there(need.program)
}

fn report(missing: &[&Need]) -> String {
    let lines = missing.iter().map(|need| format!("SKIPPED: {} (install {})\n", need.what, need.package));
    format!("{}{} skipped for want of a program", lines.collect::<String>(), missing.len())
}
