//! Questions to the person at the terminal; a pipe may answer them, too.
use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use inquire::{InquireError, Password, PasswordDisplayMode, Text, ui::RenderConfig};
use keyfob_api::secret::SecretText;

use super::{output::Output, problem::Problem, text::printable};

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

    /// A line of text; an empty answer takes the default. Where nobody can answer, the error names the flag that does.
    pub(crate) fn line(self, question: &str, default: &str, flag: &str) -> anyhow::Result<String> {
        let answer = if io::stdin().is_terminal() {
            let question = printable(question);
            let prompt = Text::new(&question).with_render_config(self.looks());
            let prompt = if default.is_empty() { prompt } else { prompt.with_default(default) };
            prompt.prompt().map_err(give_up)?
        } else {
            self.out.question(question);
            self.read_line(flag)?
        };
        Ok(if answer.is_empty() { default.to_owned() } else { answer })
    }

    /// A line that the terminal does not show; as [`Self::line`].
    pub(crate) fn hidden(self, question: &str, flag: &str) -> anyhow::Result<SecretText> {
        if !io::stdin().is_terminal() {
            self.out.question(question);
            return Ok(SecretText::new(self.read_line(flag)?));
        }
        let prompt = Password::new(question).without_confirmation().with_display_mode(PasswordDisplayMode::Hidden);
        Ok(SecretText::new(prompt.with_render_config(self.looks()).prompt().map_err(give_up)?.trim()))
    }

    /// A new password; the question is repeated until both answers are the same.
    pub(crate) fn new_password(self, flag: &str) -> anyhow::Result<SecretText> {
        loop {
            let first = self.hidden("Enter a password:", flag)?;
            let second = self.hidden("Confirm password:", flag)?;
            if first.reveal() == second.reveal() {
                return Ok(first);
            }
            self.out.remark("Passwords do not match");
        }
    }

    /// Asks a question that must be answered with yes; an empty answer is no.
    ///
    /// # Errors
    /// [`Declined`] for every other answer.
    pub(crate) fn confirm(self, question: &str) -> anyhow::Result<()> {
        let answer = self.line(&format!("{question} (yes/no)"), "no", "--yes")?;
        let is_yes = ["yes", "y"].iter().any(|yes| answer.trim().eq_ignore_ascii_case(yes));
        if is_yes { Ok(()) } else { Err(Declined.into()) }
    }

    /// The same on a terminal alone: scripts that end something do so without a question.
    ///
    /// # Errors
    /// As [`Self::confirm`].
    pub(crate) fn confirm_on_terminal(self, question: &str) -> anyhow::Result<()> {
        if self.interactive { self.confirm(question) } else { Ok(()) }
    }

    fn read_line(self, flag: &str) -> anyhow::Result<String> {
        let mut line = String::new();
        if io::stdin().read_line(&mut line).context("cannot read standard input")? > 0 {
            return Ok(line.trim().to_owned());
        }
        // The question stands on a line that nobody ends.
        self.out.remark("");
        let next = format!("without a terminal, answer the question with {flag}");
        Err(Problem::new("standard input ended before an answer was read", next).into())
    }

    fn looks(self) -> RenderConfig<'static> {
        if self.out.is_coloured() { RenderConfig::default_colored() } else { RenderConfig::empty() }
    }
}

fn give_up(error: InquireError) -> anyhow::Error {
    match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => Declined.into(),
        error => error.into(),
    }
}
