//! `cargo xtask docs`: the reference in `docs/`, made from the handlers and the commands.
use anyhow::Result;

use crate::run::{cargo_command, to_its_end};

/// Writes what the tests of these names compare.
pub(crate) fn run() -> Result<()> {
    let tests = ["test", "--package", "keyfob-server", "--package", "keyfob", "--test", "it", "--", "_reference_"];
    to_its_end(cargo_command(&tests).env("KEYFOB_WRITE_DOCS", "1"))
}
