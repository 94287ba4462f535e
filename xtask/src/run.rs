//! Running other programs, and saying what is done.
use std::{
    ffi::OsString,
    io::Write as _,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

/// Says something to whoever waits.
pub(crate) fn say(text: &str) {
    // Nobody may be listening any more: that is no reason to stop.
    let _unheard = writeln!(std::io::stderr(), "{text}");
}

/// The cargo that runs this task.
pub(crate) fn cargo_command(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// Runs cargo to its end.
pub(crate) fn cargo(arguments: &[&str]) -> Result<()> {
    to_its_end(&mut cargo_command(arguments))
}

/// Runs a command to its end, in the sight of whoever waits.
pub(crate) fn to_its_end(command: &mut Command) -> Result<()> {
    say(&format!("$ {}", shown(command)));
    let status = command.status().with_context(|| format!("`{}` could not be started", shown(command)))?;
    ensure!(status.success(), "`{}` failed: {status}", shown(command));
    Ok(())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Whether a program is there.
pub(crate) fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
