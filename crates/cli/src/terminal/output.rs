//! The only module that writes to the terminal.
use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write as _},
};

use serde::Serialize;

/// Standard output for results, standard error for remarks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    colour: bool,
}

#[expect(clippy::unused_self, reason = "commands reach the terminal through this value alone")]
impl Output {
    /// Colours are used only on a terminal, and not if `NO_COLOR` or `TERM` says so.
    pub(crate) fn new() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self { colour: !unwanted && io::stdout().is_terminal() && io::stderr().is_terminal() }
    }

    /// Whether results are coloured.
    pub(crate) fn is_coloured(self) -> bool {
        self.colour
    }

    /// A line of the result.
    pub(crate) fn line(self, text: impl Display) {
        self.result(&format!("{text}\n"));
    }

    /// The result, unchanged.
    pub(crate) fn result(self, text: &str) {
        // A closed pipe has no reader for the rest.
        let _closed = io::stdout().lock().write_all(text.as_bytes());
    }

    /// The result for programs.
    pub(crate) fn json(self, value: &impl Serialize) -> anyhow::Result<()> {
        self.line(serde_json::to_string_pretty(value)?);
        Ok(())
    }

    /// A remark or an error.
    pub(crate) fn remark(self, text: impl Display) {
        let _closed = writeln!(io::stderr().lock(), "{text}");
    }

    /// A question, after which the answer is typed.
    pub(crate) fn question(self, text: &str) {
        let mut stderr = io::stderr().lock();
        let _closed = write!(stderr, "{text} ").and_then(|()| stderr.flush());
    }

    /// The text in bold.
    pub(crate) fn bold(self, text: &str) -> String {
        self.styled("1", text)
    }

    /// The text in green, for good news.
    pub(crate) fn green(self, text: &str) -> String {
        self.styled("32", text)
    }

    /// The text in red, for bad news.
    pub(crate) fn red(self, text: &str) -> String {
        self.styled("31", text)
    }

    fn styled(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
