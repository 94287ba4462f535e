//! Schemathesis against a server: whatever the document allows is answered as the document says, and never with a 5xx.
use std::process::Command;

use anyhow::Result;

use crate::{
    run::to_its_end,
    server::{Server, root},
};

/// The version that is installed; another may ask other things.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Calls that would take the key away with which the others are made.
const SPARED: [&str; 2] = ["sign_out", "change_password"];

/// Tries every operation with so many examples, from this seed.
pub(crate) fn run(examples: u32, seed: u64) -> Result<()> {
    let python = root().join("target/schemathesis");
    let bin = python.join("bin");
    if !bin.join("schemathesis").exists() {
        to_its_end(Command::new("python3").args(["-m", "venv"]).arg(&python))?;
        to_its_end(Command::new(bin.join("pip")).args(["install", "--quiet", SCHEMATHESIS]))?;
    }
    let server = Server::start()?;
    let token = server.token()?;
    let folder = tempfile::tempdir()?;
    // The key is not on the command line, where everybody on the machine could read it.
    std::fs::write(folder.path().join("schemathesis.toml"), "[headers]\nCoder-Session-Token = \"${KEYFOB_TOKEN}\"\n")?;
    let mut command = Command::new(std::path::absolute(bin.join("schemathesis"))?);
    command
        .args(["run", &format!("{}/api/v2/openapi.json", server.url), "--url", &server.url])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--no-color", "--warnings", "off"])
        .args(["--max-examples", &examples.to_string(), "--seed", &seed.to_string()])
        .args(SPARED.iter().flat_map(|operation| ["--exclude-operation-id", operation]))
        .env("KEYFOB_TOKEN", token)
        .current_dir(folder.path());
    to_its_end(&mut command)
}
