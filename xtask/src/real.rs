//! The server with real parts around it: a mail server, and an `OpenID` Connect provider.
use std::process::Command;

use anyhow::Result;

use crate::{
    run::to_its_end,
    server::{program, root},
};

const MAIL_PACKAGES: [&str; 2] = ["aiosmtpd==1.4.6", "trustme==1.2.1"];

/// Mails over TLS, by STARTTLS, and while the mail server is away.
pub(crate) fn mail() -> Result<()> {
    let python = root().join("target/mail");
    if !python.join("bin/aiosmtpd").exists() {
        to_its_end(Command::new("python3").args(["-m", "venv"]).arg(&python))?;
        to_its_end(Command::new(python.join("bin/pip")).args(["install", "--quiet"]).args(MAIL_PACKAGES))?;
    }
    let mut command = Command::new(python.join("bin/python"));
    // What the library warns of is what is tested.
    to_its_end(command.args(["-W", "ignore"]).arg(root().join("xtask/real/mail.py")).arg(program()?))
}

/// Sign-in by a provider.
pub(crate) fn provider() -> Result<()> {
    let program = program()?;
    let folder = root().join("xtask/real");
    to_its_end(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder))?;
    to_its_end(Command::new("node").arg("provider.mjs").arg(program).current_dir(&folder))
}
