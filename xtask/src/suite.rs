//! `cargo xtask test`: everything that this machine can run.
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::{
    fuzz, real,
    run::{cargo_command, is_there, say, to_its_end},
    typescript,
};

/// Examples of each operation that a run tries; `cargo xtask soak` tries many.
const EXAMPLES: u32 = 5;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Fail when anything is skipped.
    #[arg(long)]
    no_skips: bool,
    /// Passed on to `cargo test`; then nothing else is run.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// What some tests need besides the Rust toolchain.
struct Need {
    /// Whether it is there.
    is_met: fn() -> bool,
    /// The Debian packages that bring it.
    packages: &'static [&'static str],
    /// What stays untested without it.
    what: &'static str,
    part: Part,
}

/// What a need is for.
#[derive(Clone, Copy)]
enum Part {
    /// Rust tests, as `cargo test -- --skip` names them.
    Tests(&'static str),
    /// A run of its own.
    Run(fn() -> Result<()>),
}

const NEEDS: [Need; 5] = [
    Need {
        is_met: || is_there("curl"),
        packages: &["curl"],
        what: "the commands of the README and of the guides",
        part: Part::Tests("works_as_it_is_written"),
    },
    Need {
        is_met: || is_there("node") && is_there("npm"),
        packages: &["nodejs", "npm"],
        what: "the TypeScript client",
        part: Part::Run(typescript::test),
    },
    Need {
        is_met: || is_there("node") && is_there("npm"),
        packages: &["nodejs", "npm"],
        what: "sign-in by a real OpenID Connect provider",
        part: Part::Run(real::provider),
    },
    Need {
        is_met: has_environments,
        packages: &["python3", "python3-venv"],
        what: "mails by a real mail server",
        part: Part::Run(real::mail),
    },
    Need {
        is_met: has_environments,
        packages: &["python3", "python3-venv"],
        what: "the server against its own document",
        part: Part::Run(|| fuzz::run(EXAMPLES, 1)),
    },
];

/// Whether there is what Python programs are installed with.
pub(crate) fn has_environments() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import ensurepip, venv"]).stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

/// Runs everything, and says at the end what was left out.
pub(crate) fn run(options: &Options) -> Result<()> {
    let (met, missing): (Vec<&Need>, Vec<&Need>) = NEEDS.iter().partition(|need| (need.is_met)() || install(need));
    if options.no_skips && !missing.is_empty() {
        bail!("{}", report(&missing));
    }
    let skipped = missing.iter().filter_map(|need| match need.part {
        Part::Tests(tests) => Some(["--skip", tests]),
        Part::Run(_) => None,
    });
    let mut tests = cargo_command(&["test", "--workspace", "--exclude", "keyfob-bench", "--no-fail-fast", "--"]);
    tests.args(skipped.flatten()).args(&options.rest);
    let mut done = to_its_end(&mut tests);
    for need in met.iter().filter(|_| options.rest.is_empty()) {
        if let Part::Run(part) = need.part {
            done = done.and(part());
        }
    }
    say(&report(&missing));
    done
}

/// Installs what brings a need, where that is allowed and possible.
fn install(need: &Need) -> bool {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if !is_root || !is_there("apt-get") {
        return false;
    }
    say(&format!("installing {}, which {} needs", need.packages.join(" and "), need.what));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(Stdio::null());
        to_its_end(&mut command).is_ok()
    };
    apt(&["update", "-qq"]) && apt(&[&["install", "-qq", "-y"], need.packages].concat()) && (need.is_met)()
}

fn report(missing: &[&Need]) -> String {
    let lines =
        missing.iter().map(|need| format!("SKIPPED: {} (install {})\n", need.what, need.packages.join(" and ")));
    format!("{}{} skipped for want of a program", lines.collect::<String>(), missing.len())
}
