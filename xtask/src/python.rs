//! Virtual environments for the Python programs that some tests need.
use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::Result;

use crate::{process, server::root};

/// Whether Python can create virtual environments: Debian packages the parts that this takes apart from `python3`.
pub(crate) fn has_venv() -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import ensurepip, venv"]).stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

/// The programs of the virtual environment `target/<name>`, which is created with these packages when it lacks
/// `program`.
pub(crate) fn environment(name: &str, program: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = root().join("target").join(name);
    let bin = folder.join("bin");
    if !bin.join(program).exists() {
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        process::run(Command::new(bin.join("pip")).args(["install", "--quiet"]).args(packages))?;
    }
    Ok(std::path::absolute(bin)?)
}
