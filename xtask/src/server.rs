//! Builds and starts the server that other programs are tested against.
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use crate::process::{ALL_CRATES, cargo};

const PASSWORD: &str = "Sup3rSecret!pw";

/// Builds the program; returns its path. It is built together with the tests: alone it would need its dependencies with
/// other features, which would all have to be built again.
pub(crate) fn program() -> Result<PathBuf> {
    cargo(&[&["test", "--no-run"][..], &ALL_CRATES].concat())?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let name = format!("keyfob{}", std::env::consts::EXE_SUFFIX);
    Ok(std::path::absolute(target.join("debug").join(name))?)
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A running server; dropping it stops the process.
pub(crate) struct Server {
    process: Child,
    home: tempfile::TempDir,
    program: PathBuf,
    pub(crate) url: String,
}

impl Server {
    /// Starts a server in a new folder.
    pub(crate) fn start() -> Result<Self> {
        let (program, home) = (program()?, tempfile::tempdir()?);
        let mut process = Command::new(&program)
            .args(["server", "--http-address", "127.0.0.1:0", "--dangerous-disable-rate-limits", "--data-dir"])
            .arg(home.path().join("data"))
            .env_clear()
            .env("HOME", home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("the server could not be started")?;
        let stdout = process.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let url = lines.find_map(|line| line.split_once("running at ").map(|(_, url)| url.trim().to_owned()));
        let url = url.context("the server did not print its address")?;
        // Read on, or the server blocks once the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { process, home, program, url })
    }

    /// Creates the first user, and a full token of this user.
    pub(crate) fn create_token(&self) -> Result<String> {
        let first = ["--first-user-email", "owner@example.com", "--first-user-username", "owner"];
        let rest = ["--first-user-full-name", "Owner", "--first-user-password", PASSWORD, "--first-user-trial=false"];
        self.keyfob(&[&["login", &self.url][..], &first, &rest].concat())?;
        Ok(self.keyfob(&["tokens", "create", "--scope", "coder:all"])?.trim().to_owned())
    }

    fn keyfob(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.program)
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .stdin(Stdio::null())
            .output()
            .context("a command could not be started")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _killed = self.process.kill();
        let _status = self.process.wait();
    }
}
