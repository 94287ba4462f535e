//! `tests/interop`: the server with other projects' programs, a mail server and an `OpenID` Connect provider.
use std::process::Command;

use anyhow::Result;

use crate::{
    process, python,
    server::{program, root},
};

const MAIL_PACKAGES: [&str; 2] = ["aiosmtpd==1.4.6", "trustme==1.2.1"];

/// Sends mails over TLS, by STARTTLS, and while the mail server is down.
pub(crate) fn mail() -> Result<()> {
    let bin = python::environment("mail", "aiosmtpd", &MAIL_PACKAGES)?;
    let mut command = Command::new(bin.join("python"));
    // aiosmtpd warns about the very settings that are under test.
    process::run(command.args(["-W", "ignore"]).arg(root().join("tests/interop/mail.py")).arg(program()?))
}

/// Signs in through an `OpenID` Connect provider.
pub(crate) fn provider() -> Result<()> {
    let program = program()?;
    let folder = root().join("tests/interop");
    process::run(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder))?;
    process::run(Command::new("node").arg("provider.mjs").arg(program).current_dir(&folder))
}
