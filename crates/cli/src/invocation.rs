//! One run of the program, as every command receives it: the options, the terminal, the stored state and the server.
use std::cell::OnceCell;

use clap::{ArgMatches, parser::ValueSource};
use keyfob_api::secret::SecretText;
use keyfob_client::Client;

use crate::{
    connection::{self, server_url},
    options::GlobalOptions,
    state::StateDir,
    terminal::{output::Output, problem::Problem, prompt::Prompt},
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

/// The key that requests carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyInUse {
    /// None is known.
    None,
    /// None is known for this server: the stored one is for another, at this URL.
    OfAnotherServer(String),
    /// The one of `--token`.
    Flag,
    /// The one in this variable of the environment.
    Variable(&'static str),
    /// The one that `keyfob login` has stored.
    Stored,
    /// The one of another option of the command.
    Other(&'static str),
}

impl KeyInUse {
    /// Its name in messages.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Self::None | Self::OfAnotherServer(_) => "no key".to_owned(),
            Self::Flag => "the key given by --token".to_owned(),
            Self::Variable(name) => format!("the key in {name}"),
            Self::Stored => "the stored session".to_owned(),
            Self::Other(flag) => format!("the key given by {flag}"),
        }
    }
}

/// An error of a request with another key than the one in use, and the option that gave that key.
#[derive(Debug, thiserror::Error)]
#[error("with the key given by {0}")]
pub(crate) struct UsedKey(pub(crate) &'static str);

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
    /// When no server is known, and when a flag for one of them is empty.
    pub(crate) fn connect(&self) -> anyhow::Result<Client> {
        self.refuse_empty()?;
        let url = self.url()?;
        let token = self.token_for(&url)?;
        self.client_for(&url, token)
    }

    /// The id of the key that [`Self::connect`] uses, which is the first part of its token.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub(crate) fn key_id(&self) -> anyhow::Result<Option<String>> {
        let token = self.token_for(&self.url()?)?;
        Ok(token.and_then(|token| Some(token.reveal().split_once('-')?.0.to_owned())))
    }

    /// The token to use with a server.
    fn token_for(&self, url: &str) -> anyhow::Result<Option<SecretText>> {
        match self.given_token() {
            Some((token, _)) => Ok(Some(token.clone())),
            None if self.is_stored_server(url)? => self.state.session(),
            None => Ok(None),
        }
    }

    /// The key that [`Self::connect`] uses.
    pub(crate) fn key_in_use(&self) -> KeyInUse {
        match self.given_token() {
            Some((_, Source::Flag)) => return KeyInUse::Flag,
            Some((_, Source::Environment)) => return KeyInUse::Variable(token_variable()),
            None => {}
        }
        let is_stored = self.state.session().is_ok_and(|session| session.is_some());
        let is_for_it = self.url().is_ok_and(|url| self.is_stored_server(&url).unwrap_or_default());
        match (is_stored, is_for_it) {
            (true, true) => KeyInUse::Stored,
            (true, false) => match self.state.url() {
                Ok(Some(other)) => KeyInUse::OfAnotherServer(other),
                _ => KeyInUse::None,
            },
            (false, _) => KeyInUse::None,
        }
    }

    /// How a suggested command is given the key in use, where that takes something.
    pub(crate) fn with_the_same_key(&self) -> &'static str {
        if self.key_in_use() == KeyInUse::Flag { "with the same --token, " } else { "" }
    }

    /// The full name of the command, such as `keyfob tokens remove`.
    pub(crate) fn command(&self) -> &str {
        &self.command
    }

    /// Refuses a list that is empty because the key may see nothing of it.
    ///
    /// # Errors
    /// With what the key lacks.
    pub(crate) fn refuse_unseen<Row>(&self, rows: &[Row], of: &str) -> anyhow::Result<()> {
        let missing = self.used_client().map(Client::missing).unwrap_or_default();
        let Some(permission) = missing.first().filter(|_| rows.is_empty()) else { return Ok(()) };
        let what = format!("cannot list {of}: {} lacks {}", self.key_in_use().in_words(), missing.join(", "));
        let same = self.with_the_same_key();
        let next = format!("{same}'keyfob authcheck {permission} --owner me --any-organization --explain' says why");
        Err(Problem::new(what, next).into())
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

    /// Refuses flags without a value: a script's variable is empty, and another server or key would be used.
    ///
    /// # Errors
    /// When the URL or the token on the command line is empty.
    pub(crate) fn refuse_empty(&self) -> anyhow::Result<()> {
        let is_empty_url = self.options.url.as_deref().is_some_and(str::is_empty);
        let is_empty_token = self.options.token.as_ref().is_some_and(|token| token.reveal().trim().is_empty());
        for (flag, is_empty) in [
            ("--url", is_empty_url && self.url_source == Some(Source::Flag)),
            ("--token", is_empty_token && self.token_source == Some(Source::Flag)),
        ] {
            anyhow::ensure!(!is_empty, "{flag} is empty: give a value, or leave it out to use the stored one");
        }
        Ok(())
    }

    fn url(&self) -> anyhow::Result<String> {
        let url = match self.given_url() {
            Some((url, _)) => Some(url.to_owned()),
            None => self.state.url()?,
        };
        match url {
            Some(url) => server_url::parse(&url),
            None if self.given_token().is_some() => {
                let next = "set KEYFOB_URL, or name the server with --url";
                Err(Problem::new("there is a token, but no server", next).into())
            }
            None => anyhow::bail!("You are not logged in. Try logging in using 'keyfob login <url>'."),
        }
    }

    fn is_stored_server(&self, url: &str) -> anyhow::Result<bool> {
        let stored = self.state.url()?;
        Ok(stored.is_some_and(|stored| server_url::parse(&stored).is_ok_and(|stored| stored == url)))
    }
}

/// The variable that the token comes from.
pub(crate) fn token_variable() -> &'static str {
    let own = "KEYFOB_SESSION_TOKEN";
    let is_own = std::env::var_os(own).is_some_and(|value| !value.is_empty());
    if is_own { own } else { "CODER_SESSION_TOKEN" }
}
