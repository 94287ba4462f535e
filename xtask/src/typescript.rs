//! The TypeScript client: its types match the `OpenAPI` document, and it works against a server.
use std::process::Command;

use anyhow::Result;

use crate::{
    process,
    server::{program, root},
};

/// Compares its types with the reference, and runs its tests.
pub(crate) fn test() -> Result<()> {
    let program = program()?;
    install()?;
    process::run(&mut npm(&["run", "check"]))?;
    process::run(npm(&["test"]).env("KEYFOB", program))
}

/// Generates its types.
pub(crate) fn generate() -> Result<()> {
    install()?;
    process::run(&mut npm(&["run", "generate"]))
}

fn install() -> Result<()> {
    process::run(&mut npm(&["ci", "--no-audit", "--no-fund"]))
}

fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(root().join("clients/typescript"));
    command
}
