//! From options to a client of the server.
pub(crate) mod server_url;

use std::process::{Command, Stdio};

use anyhow::Context as _;
use keyfob_client::{Client, ClientBuilder};

use crate::options::GlobalOptions;

/// A client of this server without a key, with the headers and certificates that the options name. The server sees
/// which command it serves.
pub(crate) fn builder(options: &GlobalOptions, url: &str, command: &str) -> anyhow::Result<ClientBuilder> {
    let mut builder = Client::builder(url).user_agent(user_agent(command));
    for header in headers(options)?.iter().filter(|header| !header.is_empty()) {
        // Not the whole text: the value may be a credential.
        let (name, value) = header.split_once('=').context("a header must be NAME=VALUE")?;
        builder = builder.header(name, value);
    }
    if let Some(file) = &options.client_tls_ca_file {
        builder = builder.ca_file(file);
    }
    match (&options.client_tls_cert_file, &options.client_tls_key_file) {
        (Some(certificate), Some(key)) => Ok(builder.client_certificate(certificate, key)),
        (None, None) => Ok(builder),
        _ => anyhow::bail!("--client-tls-cert-file and --client-tls-key-file must be given together"),
    }
}

fn user_agent(command: &str) -> String {
    let (version, os, arch) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    format!("keyfob-cli/{version} ({os}/{arch}; {command})")
}

fn headers(options: &GlobalOptions) -> anyhow::Result<Vec<String>> {
    // A variable may end in a newline, as files do.
    let mut headers: Vec<_> =
        options.header.iter().map(|header| header.trim_end_matches(['\r', '\n']).into()).collect();
    if let Some(command) = options.header_command.as_deref().filter(|command| !command.is_empty()) {
        headers.extend(lines_of(command)?);
    }
    Ok(headers)
}

/// The lines that a shell command prints.
fn lines_of(command: &str) -> anyhow::Result<Vec<String>> {
    let (shell, flag) = if cfg!(windows) { ("cmd.exe", "/c") } else { ("sh", "-c") };
    let output = Command::new(shell)
        .args([flag, command])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run the header command")?;
    anyhow::ensure!(output.status.success(), "the header command failed with {}", output.status);
    let text = String::from_utf8(output.stdout).context("cannot read what the header command prints")?;
    Ok(text.lines().map(|line| line.trim().to_owned()).collect())
}
