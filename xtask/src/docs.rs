//! `cargo xtask docs`: the reference in `docs/`, generated from the handlers and the commands.
use anyhow::Result;

use crate::{process, typescript};

/// Runs the tests that compare the reference, told to write it instead, and generates the types of the TypeScript
/// client.
pub(crate) fn run() -> Result<()> {
    let tests = ["test", "--package", "keyfob-server", "--package", "keyfob", "--test", "it", "--", "_reference_"];
    process::run(process::cargo_command(&tests).env("KEYFOB_WRITE_DOCS", "1"))?;
    if process::is_installed("npm") {
        return typescript::generate();
    }
    process::log("SKIPPED: the types of the TypeScript client (install npm)");
    Ok(())
}
