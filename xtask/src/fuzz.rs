//! Schemathesis against a server: every request that the `OpenAPI` document allows gets an answer that the document
//! describes, and never a 5xx.
use std::process::Command;

use anyhow::Result;

use crate::{process, python, server::Server};

/// The version that is installed; another version may generate other requests.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Operations after which the fuzzer's own key would be refused.
const EXCLUDED_OPERATIONS: [&str; 2] = ["sign_out", "change_password"];

/// Tries every operation with this many examples, generated from this seed.
pub(crate) fn run(examples: u32, seed: u64) -> Result<()> {
    let bin = python::environment("schemathesis", "schemathesis", &[SCHEMATHESIS])?;
    let server = Server::start()?;
    let token = server.create_token()?;
    let folder = tempfile::tempdir()?;
    // The token is not on the command line, which every user of the machine can read.
    std::fs::write(folder.path().join("schemathesis.toml"), "[headers]\nCoder-Session-Token = \"${KEYFOB_TOKEN}\"\n")?;
    let mut command = Command::new(bin.join("schemathesis"));
    command
        .args(["run", &format!("{}/api/v2/openapi.json", server.url), "--url", &server.url])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--no-color", "--warnings", "off"])
        .args(["--max-examples", &examples.to_string(), "--seed", &seed.to_string()])
        .args(EXCLUDED_OPERATIONS.iter().flat_map(|operation| ["--exclude-operation-id", operation]))
        .env("KEYFOB_TOKEN", token)
        .current_dir(folder.path());
    process::run(&mut command)
}
