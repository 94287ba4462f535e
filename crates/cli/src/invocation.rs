//! One run of the program, as every command receives it: the options, the terminal, the stored state and the server.
use std::cell::OnceCell;

use anyhow::Context as _;
use clap::{ArgMatches, parser::ValueSource};
use keyfob_api::secret::SecretText;
use keyfob_client::Client;

use crate::{
    connection::{self, server_url},
    options::GlobalOptions,
    state::StateDir,
    terminal::{output::Output, prompt::Prompt},
};

/// The result of a command that ran without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Success.
    Done,
    /// The answer is no, which scripts read from the exit code.
    Refused,
}

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Flag,
    Environment,
}

/// One run of the program.
pub(crate) struct Invocation {
    pub(crate) options: GlobalOptions,
    pub(crate) out: Output,
    pub(crate) state: StateDir,
    /// The full name of the command, such as `keyfob tokens remove`.
    command: String,
    url_source: Option<Source>,
    token_source: Option<Source>,
    /// The first client of this run: it remembers what the server says about itself.
    client: OnceCell<Client>,
}

impl Invocation {
    pub(crate) fn new(options: GlobalOptions, matches: &ArgMatches, command: String, out: Output) -> Self {
        let source = |id| match matches.value_source(id) {
            Some(ValueSource::CommandLine) => Some(Source::Flag),
            Some(ValueSource::EnvVariable) => Some(Source::Environment),
            _ => None,
        };
        let state = StateDir::new(options.global_config.as_deref());
        let (url_source, token_source) = (source("url"), source("token"));
        Self { options, out, state, command, url_source, token_source, client: OnceCell::new() }
    }

    /// Questions to the person at the terminal.
    pub(crate) fn prompt(&self) -> Prompt {
        Prompt::new(self.out, self.options.force_tty)
    }

    /// The URL on the command line or in the environment.
    pub(crate) fn given_url(&self) -> Option<(&str, Source)> {
        Some((self.options.url.as_deref()?, self.url_source?)).filter(|(url, _)| !url.is_empty())
    }

    /// The token on the command line or in the environment.
    pub(crate) fn given_token(&self) -> Option<(&SecretText, Source)> {
        Some((self.options.token.as_ref()?, self.token_source?)).filter(|(token, _)| !token.reveal().is_empty())
    }

    /// The server to talk to, and the token to use with it. A stored token goes to no server but its own.
    ///
    /// # Errors
    /// When no server is known.
    pub(crate) fn connect(&self) -> anyhow::Result<Client> {
        let url = self.url()?;
        let token = match self.given_token() {
            Some((token, _)) => Some(token.clone()),
            None if self.is_stored_server(&url)? => self.state.session()?,
            None => None,
        };
        self.client_for(&url, token)
    }

    /// Whether the server and the token in use are those that `keyfob login` has stored.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub(crate) fn uses_stored_session(&self) -> anyhow::Result<bool> {
        if !self.is_stored_server(&self.url()?)? {
            return Ok(false);
        }
        let Some((given, _)) = self.given_token() else { return Ok(true) };
        Ok(self.state.session()?.is_some_and(|stored| stored.reveal() == given.reveal()))
    }

    /// A client for any server and token.
    pub(crate) fn client_for(&self, url: &str, token: Option<SecretText>) -> anyhow::Result<Client> {
        let mut builder = connection::builder(&self.options, url, &self.command)?;
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

    fn url(&self) -> anyhow::Result<String> {
        let url = match self.given_url() {
            Some((url, _)) => Some(url.to_owned()),
            None => self.state.url()?,
        };
        let url = url.context("You are not logged in. Try logging in using 'keyfob login <url>'.")?;
        server_url::parse(&url)
    }

    fn is_stored_server(&self, url: &str) -> anyhow::Result<bool> {
        let stored = self.state.url()?;
        Ok(stored.is_some_and(|stored| server_url::parse(&stored).is_ok_and(|stored| stored == url)))
    }
}
