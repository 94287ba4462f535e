//! What every client command starts from: the options, the stored state, the terminal, the server.
use std::{cell::OnceCell, process::Stdio};

use anyhow::Context as _;
use clap::{ArgMatches, parser::ValueSource};
use keyfob_api::secret::SecretText;
use keyfob_client::{Client, ClientBuilder};

use crate::{args::GlobalArgs, output::Output, prompt::Prompt, server_url, state::StateDir};

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Flag,
    Environment,
}

/// One run of the program.
pub(crate) struct App {
    pub(crate) global: GlobalArgs,
    pub(crate) out: Output,
    pub(crate) state: StateDir,
    /// The whole name of the command, such as `keyfob tokens remove`.
    command: String,
    url_source: Option<Source>,
    token_source: Option<Source>,
    /// Remembers what the server says of itself.
    client: OnceCell<Client>,
}

impl App {
    pub(crate) fn new(global: GlobalArgs, matches: &ArgMatches, command: String, out: Output) -> anyhow::Result<Self> {
        let source = |id| match matches.value_source(id) {
            Some(ValueSource::CommandLine) => Some(Source::Flag),
            Some(ValueSource::EnvVariable) => Some(Source::Environment),
            _ => None,
        };
        let state = StateDir::new(global.global_config.as_deref())?;
        let (url_source, token_source) = (source("url"), source("token"));
        Ok(Self { global, out, state, command, url_source, token_source, client: OnceCell::new() })
    }

    /// Asks the person at the terminal.
    pub(crate) fn prompt(&self) -> Prompt {
        Prompt::new(self.out, self.global.force_tty)
    }

    /// The URL on the command line or in the environment.
    pub(crate) fn given_url(&self) -> Option<(&str, Source)> {
        Some((self.global.url.as_deref()?, self.url_source?)).filter(|(url, _)| !url.is_empty())
    }

    /// The key on the command line or in the environment.
    pub(crate) fn given_token(&self) -> Option<(&SecretText, Source)> {
        Some((self.global.token.as_ref()?, self.token_source?)).filter(|(token, _)| !token.reveal().is_empty())
    }

    /// The server to talk to.
    ///
    /// # Errors
    /// When nobody said which.
    pub(crate) fn url(&self) -> anyhow::Result<String> {
        let url = match self.given_url() {
            Some((url, _)) => Some(url.to_owned()),
            None => self.state.url()?,
        };
        let url = url.context("You are not logged in. Try logging in using 'keyfob login <url>'.")?;
        server_url::parse(&url)
    }

    /// The server to talk to, and the key to use with it. A stored key goes to no server but its own.
    pub(crate) fn connect(&self) -> anyhow::Result<Client> {
        let url = self.url()?;
        let token = match self.given_token() {
            Some((token, _)) => Some(token.clone()),
            None if self.is_stored_server(&url)? => self.state.session()?,
            None => None,
        };
        self.client_for(&url, token)
    }

    /// A client for any server and key.
    pub(crate) fn client_for(&self, url: &str, token: Option<SecretText>) -> anyhow::Result<Client> {
        let mut builder = self.with_options(Client::builder(url).user_agent(self.user_agent()))?;
        if let Some(token) = token {
            builder = builder.session_token(token);
        }
        let client = builder.build()?;
        self.client.get_or_init(|| client.clone());
        Ok(client)
    }

    /// The first client of this run, if there was one.
    pub(crate) fn used_client(&self) -> Option<&Client> {
        self.client.get()
    }

    fn is_stored_server(&self, url: &str) -> anyhow::Result<bool> {
        let stored = self.state.url()?;
        Ok(stored.is_some_and(|stored| server_url::parse(&stored).is_ok_and(|stored| stored == url)))
    }

    fn user_agent(&self) -> String {
        let (version, os, arch) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
        format!("keyfob-cli/{version} ({os}/{arch}; {})", self.command)
    }

    fn with_options(&self, mut builder: ClientBuilder) -> anyhow::Result<ClientBuilder> {
        let mut headers = self.global.header.clone();
        if let Some(command) = self.global.header_command.as_deref().filter(|command| !command.is_empty()) {
            headers.extend(lines_of(command)?);
        }
        for header in headers.iter().filter(|header| !header.is_empty()) {
            // Not the whole text: the value may be a credential.
            let (name, value) = header.split_once('=').context("a header must be NAME=VALUE")?;
            builder = builder.header(name, value);
        }
        if let Some(file) = &self.global.client_tls_ca_file {
            builder = builder.ca_file(file);
        }
        match (&self.global.client_tls_cert_file, &self.global.client_tls_key_file) {
            (Some(certificate), Some(key)) => Ok(builder.client_certificate(certificate, key)),
            (None, None) => Ok(builder),
            _ => anyhow::bail!("--client-tls-cert-file and --client-tls-key-file go together"),
        }
    }
}

/// What a command of the person's choice prints.
fn lines_of(command: &str) -> anyhow::Result<Vec<String>> {
    let (shell, flag) = if cfg!(windows) { ("cmd.exe", "/c") } else { ("sh", "-c") };
    let output = std::process::Command::new(shell)
        .args([flag, command])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("run the header command")?;
    anyhow::ensure!(output.status.success(), "the header command failed with {}", output.status);
    let text = String::from_utf8(output.stdout).context("read what the header command prints")?;
    Ok(text.lines().map(|line| line.trim().to_owned()).collect())
}
