//! Running other programs, and printing progress.
use std::{
    ffi::OsString,
    io::Write as _,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

/// Selects every crate of the workspace but the benchmarks: they are no tests, and Cedar and criterion are slow to
/// build.
pub(crate) const ALL_CRATES: [&str; 3] = ["--workspace", "--exclude", "keyfob-bench"];

/// Prints a line of progress to standard error.
pub(crate) fn log(text: &str) {
    // A closed standard error is no reason to stop.
    let _ignored = writeln!(std::io::stderr(), "{text}");
}

/// A call of the cargo that runs this task.
pub(crate) fn cargo_command(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Runs cargo and waits for it.
pub(crate) fn cargo(arguments: &[&str]) -> Result<()> {
    run(&mut cargo_command(arguments))
}

/// Prints a command, runs it and waits for it; an exit code other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = command_line(command);
    log(&format!("$ {line}"));
    let status = command.status().with_context(|| format!("`{line}` could not be started"))?;
    ensure!(status.success(), "`{line}` failed: {status}");
    Ok(())
}

fn command_line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Whether a program is on the path.
pub(crate) fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
