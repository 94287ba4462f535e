//! `cargo xtask test`: every test that this machine can run.
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{
    browser, fuzz, interop,
    postgres::{self, Postgres, is_root},
    process::{self, ALL_CRATES, cargo_command, is_installed},
    python,
    server::root,
    snapshots::References,
    typescript,
};

/// Examples of each operation in a run; `cargo xtask soak` tries many.
const EXAMPLES: u32 = 5;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Fail when anything is skipped.
    #[arg(long)]
    no_skips: bool,
    /// Passed on to `cargo test`; then nothing else is run.
    #[arg(last = true)]
    cargo_test_arguments: Vec<String>,
}

/// Programs that some tests need besides the Rust toolchain.
struct Requirement {
    /// Whether the programs are installed.
    is_met: fn() -> bool,
    /// The Debian packages that install them.
    packages: &'static [&'static str],
    /// What is not tested without them.
    subject: &'static str,
    part: Part,
}

/// The tests that a requirement is for.
#[derive(Clone, Copy)]
enum Part {
    /// Rust tests with this text in their names.
    RustTests(&'static str),
    /// Tests outside of cargo.
    Function(fn() -> Result<()>),
}

const REQUIREMENTS: [Requirement; 10] = [
    Requirement {
        is_met: || is_installed("curl"),
        packages: &["curl"],
        subject: "the commands of the README and of the guides",
        part: Part::RustTests("works_as_it_is_written"),
    },
    Requirement {
        is_met: || is_installed("bash"),
        packages: &["bash"],
        subject: "completion in bash",
        part: Part::RustTests("completed_in_bash"),
    },
    Requirement {
        is_met: || is_installed("zsh"),
        packages: &["zsh"],
        subject: "completion in zsh",
        part: Part::RustTests("completed_in_zsh"),
    },
    Requirement {
        is_met: || is_installed("fish"),
        packages: &["fish"],
        subject: "completion in fish",
        part: Part::RustTests("completed_in_fish"),
    },
    Requirement {
        is_met: postgres::is_installed,
        packages: &["postgresql"],
        subject: "the store and the server on PostgreSQL, and several servers on one",
        part: Part::Function(run_on_postgres),
    },
    Requirement {
        is_met: || is_installed("node") && is_installed("npm"),
        packages: &["nodejs", "npm"],
        subject: "the TypeScript client",
        part: Part::Function(typescript::test),
    },
    Requirement {
        is_met: || is_installed("node") && is_installed("npm"),
        packages: &["nodejs", "npm"],
        subject: "sign-in through a real OpenID Connect provider",
        part: Part::Function(interop::provider),
    },
    Requirement {
        is_met: browser::is_ready,
        packages: &["chromium", "chromium-driver", "nodejs", "npm"],
        subject: "the console in a browser, with scripts and without",
        part: Part::Function(browser::test),
    },
    Requirement {
        is_met: python::has_venv,
        packages: &["python3", "python3-venv"],
        subject: "mails through a real mail server",
        part: Part::Function(interop::mail),
    },
    Requirement {
        is_met: python::has_venv,
        packages: &["python3", "python3-venv"],
        subject: "the server against its OpenAPI document",
        part: Part::Function(|| fuzz::run(EXAMPLES, 1)),
    },
];

/// Runs all tests, and prints at the end which were skipped.
pub(crate) fn run(options: &Options) -> Result<()> {
    let (met, missing): (Vec<&Requirement>, Vec<&Requirement>) =
        REQUIREMENTS.iter().partition(|requirement| (requirement.is_met)() || install(requirement));
    if options.no_skips && !missing.is_empty() {
        bail!("{}", summary(&missing));
    }
    let mut result = run_rust_tests(&options.cargo_test_arguments, &missing);
    for requirement in met.iter().filter(|_| options.cargo_test_arguments.is_empty()) {
        if let Part::Function(function) = requirement.part {
            result = result.and(function());
        }
    }
    process::log(&summary(&missing));
    result
}

/// Runs unit, integration and documentation tests, and looks for snapshots that none of them uses.
fn run_rust_tests(arguments: &[String], missing: &[&Requirement]) -> Result<()> {
    let skipped: Vec<&str> = missing
        .iter()
        .filter_map(|requirement| match requirement.part {
            Part::RustTests(name) => Some(name),
            Part::Function(_) => None,
        })
        .collect();
    let references = References::new()?;
    let mut tests = cargo_command(&["test"]);
    tests.args(ALL_CRATES).args(["--no-fail-fast", "--"]);
    tests.args(skipped.iter().flat_map(|name| ["--skip", name])).args(arguments);
    references.record(&mut tests);
    process::run(&mut tests)?;
    if !arguments.is_empty() {
        return Ok(());
    }
    if !skipped.is_empty() {
        process::log("SKIPPED: the search for unused snapshots, since some tests were skipped");
        return Ok(());
    }
    references.reject_unreferenced()
}

/// Runs the tests of the store and of the server once more, on a PostgreSQL server, and those of processes that share one.
fn run_on_postgres() -> Result<()> {
    let server = Postgres::start()?;
    let mut result = Ok(());
    for (package, filters) in [("store", &[][..]), ("server", &[]), ("cli", &["faults::", "database::"])] {
        let folder = root().join("crates").join(package).canonicalize()?;
        let mut tests = Command::new(integration_tests(&folder)?);
        tests.current_dir(folder).args(filters).env("TEST_DATABASE_URL", server.url());
        result = result.and(process::run(&mut tests));
    }
    result
}

/// What makes PostgreSQL highly available, for tests that kill its primary.
const FAILOVER: Requirement = Requirement {
    is_met: || is_installed("patroni") && is_installed("etcd"),
    packages: &["patroni", "etcd-server"],
    subject: "the failover of a highly available PostgreSQL",
    part: Part::RustTests("failover"),
};

/// Kills, stops and cuts off servers on a PostgreSQL server, so many times, and kills the primaries of one that is highly
/// available.
pub(crate) fn fault(kills: u32, faults: u32, failovers: u32) -> Result<()> {
    let has_failover = (FAILOVER.is_met)() || install(&FAILOVER);
    if !has_failover {
        process::log(&summary(&[&FAILOVER]));
    }
    let server = Postgres::start()?;
    let folder = root().join("crates/cli").canonicalize()?;
    let mut tests = Command::new(integration_tests(&folder)?);
    tests.current_dir(folder).args(["faults::", "--nocapture"]).env("TEST_DATABASE_URL", server.url());
    if has_failover {
        tests.env("KEYFOB_FAILOVERS", failovers.to_string());
    }
    process::run(tests.env("KEYFOB_KILLS", kills.to_string()).env("KEYFOB_FAULTS", faults.to_string()))
}

/// The program with the integration tests of a package, as it was built with all others: cargo would build it anew for
/// the package alone.
fn integration_tests(folder: &Path) -> Result<PathBuf> {
    let mut build = cargo_command(&["test"]);
    build.args(ALL_CRATES).args(["--no-run", "--message-format=json"]).stderr(Stdio::inherit());
    let output = build.output()?;
    ensure!(output.status.success(), "the tests could not be built");
    let manifest = folder.join("Cargo.toml");
    let messages = output.stdout.split(|byte| *byte == b'\n').flat_map(serde_json::from_slice::<serde_json::Value>);
    messages
        .filter(|message| {
            message.pointer("/target/name").is_some_and(|name| name == "it")
                && message.get("manifest_path").is_some_and(|path| *path == *manifest.to_string_lossy())
        })
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
        .with_context(|| format!("there are no integration tests in {}", folder.display()))
}

/// Installs the packages of a requirement as root on Debian; whether it is met then.
fn install(requirement: &Requirement) -> bool {
    if !is_root() || !is_installed("apt-get") {
        return false;
    }
    let packages = requirement.packages;
    process::log(&format!("installing {}, to test {}", packages.join(" and "), requirement.subject));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null()).stdout(Stdio::null());
        process::run(&mut command).is_ok()
    };
    apt(&["update", "-qq"]) && apt(&[&["install", "-qq", "-y"], packages].concat()) && (requirement.is_met)()
}

fn summary(missing: &[&Requirement]) -> String {
    let line = |requirement: &&Requirement| {
        format!("SKIPPED: {} (install {})\n", requirement.subject, requirement.packages.join(" and "))
    };
    format!("{}{} skipped because a program is missing", missing.iter().map(line).collect::<String>(), missing.len())
}
