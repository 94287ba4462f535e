//! `cargo xtask docs`: the reference in `docs/`, made from the handlers and the commands.
use anyhow::Result;

use crate::{
    run::{cargo_command, is_there, say, to_its_end},
    typescript,
};

/// Writes what the tests of these names compare, and the types of the TypeScript client.
pub(crate) fn run() -> Result<()> {
    let tests = ["test", "--package", "keyfob-server", "--package", "keyfob", "--test", "it", "--", "_reference_"];
    to_its_end(cargo_command(&tests).env("KEYFOB_WRITE_DOCS", "1"))?;
    if is_there("npm") {
        return typescript::generate();
    }
    say("SKIPPED: the types of the TypeScript client (install npm)");
    Ok(())
}
