//! Questions to the person at the terminal; a pipe may answer them, too.
use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use inquire::{InquireError, Password, PasswordDisplayMode, Text, ui::RenderConfig};
use keyfob_api::secret::SecretText;

use super::output::Output;

/// The person said no or pressed Ctrl-C: the command fails without a message.
#[derive(Debug, thiserror::Error)]
#[error("declined")]
pub(crate) struct Declined;

/// Asks questions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prompt {
    out: Output,
    interactive: bool,
}

impl Prompt {
    /// With `force_tty`, a pipe counts as a terminal.
    pub(crate) fn new(out: Output, force_tty: bool) -> Self {
        Self { out, interactive: force_tty || io::stdin().is_terminal() }
    }

    /// Whether a person can be asked.
    pub(crate) fn is_interactive(self) -> bool {
        self.interactive
    }

    /// A line of text; an empty answer takes the default.
    pub(crate) fn line(self, question: &str, default: &str) -> anyhow::Result<String> {
        let answer = if io::stdin().is_terminal() {
            let prompt = Text::new(question).with_render_config(self.looks());
            let prompt = if default.is_empty() { prompt } else { prompt.with_default(default) };
            prompt.prompt().map_err(give_up)?
        } else {
            self.out.question(question);
            read_line()?
        };
        Ok(if answer.is_empty() { default.to_owned() } else { answer })
    }

    /// A line that the terminal does not show.
    pub(crate) fn hidden(self, question: &str) -> anyhow::Result<SecretText> {
        if !io::stdin().is_terminal() {
            self.out.question(question);
            return Ok(SecretText::new(read_line()?));
        }
        let prompt = Password::new(question).without_confirmation().with_display_mode(PasswordDisplayMode::Hidden);
        Ok(SecretText::new(prompt.with_render_config(self.looks()).prompt().map_err(give_up)?.trim()))
    }

    /// A new password; the question is repeated until both answers are the same.
    pub(crate) fn new_password(self) -> anyhow::Result<SecretText> {
        loop {
            let first = self.hidden("Enter a password:")?;
            let second = self.hidden("Confirm password:")?;
            if first.reveal() == second.reveal() {
                return Ok(first);
            }
            self.out.remark("Passwords do not match");
        }
    }

    /// Asks a question that must be answered with yes.
    ///
    /// # Errors
    /// [`Declined`] for every other answer.
    pub(crate) fn confirm(self, question: &str, default: &str) -> anyhow::Result<()> {
        let answer = self.line(&format!("{question} (yes/no)"), default)?;
        let is_yes = ["yes", "y"].iter().any(|yes| answer.trim().eq_ignore_ascii_case(yes));
        if is_yes { Ok(()) } else { Err(Declined.into()) }
    }

    fn looks(self) -> RenderConfig<'static> {
        if self.out.is_coloured() { RenderConfig::default_colored() } else { RenderConfig::empty() }
    }
}

fn read_line() -> anyhow::Result<String> {
    let mut line = String::new();
    let length = io::stdin().read_line(&mut line).context("read standard input")?;
    anyhow::ensure!(length > 0, "standard input ended before an answer was read");
    Ok(line.trim().to_owned())
}

fn give_up(error: InquireError) -> anyhow::Error {
    match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => Declined.into(),
        error => error.into(),
    }
}
