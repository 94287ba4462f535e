//! `tests/browser`: people at the console, in a headless Chromium.
use std::process::Command;

use anyhow::Result;

use crate::{
    process::{self, is_installed},
    server::{program, root},
};

/// What it takes: a browser, its driver, and Node.js, which drives it.
pub(crate) fn is_ready() -> bool {
    ["chromium", "chromedriver", "node", "npm"].into_iter().all(is_installed)
}

/// Walks through the console, with scripts and without, and looks for violations of accessibility on every page.
pub(crate) fn test() -> Result<()> {
    let program = program()?;
    let folder = root().join("tests/browser");
    process::run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder))?;
    for walk in ["console.mjs", "administration.mjs"] {
        process::run(Command::new("node").arg(walk).arg(&program).current_dir(&folder))?;
    }
    Ok(())
}
