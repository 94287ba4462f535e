//! The TypeScript client: its types are those of the document, and it works against a server.
use std::process::Command;

use anyhow::Result;

use crate::{
    run::to_its_end,
    server::{program, root},
};

fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(root().join("clients/typescript"));
    command
}

fn install() -> Result<()> {
    to_its_end(&mut npm(&["ci", "--no-audit", "--no-fund"]))
}

/// Checks its types against the reference, and tests it.
pub(crate) fn test() -> Result<()> {
    let program = program()?;
    install()?;
    to_its_end(&mut npm(&["run", "check"]))?;
    to_its_end(npm(&["test"]).env("KEYFOB", program))
}

/// Writes its types anew.
pub(crate) fn generate() -> Result<()> {
    install()?;
    to_its_end(&mut npm(&["run", "generate"]))
}
