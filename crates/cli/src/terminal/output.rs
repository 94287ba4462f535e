//! The only module that writes to the terminal.
use std::{
    fmt::{Display, Write as _},
    io::{self, IsTerminal as _, Write},
};

use keyfob_server::Clock;
use serde::Serialize;

use super::{
    table::Looks,
    text::{is_harmful, printable_lines},
    time::TimeStyle,
};

/// Standard output for results, standard error for remarks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    colour: bool,
    /// Whether results are for people: tables fit the terminal.
    for_people: bool,
}

/// A result was not written: the command is not done.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to {place}")]
pub(crate) struct Unwritten {
    place: &'static str,
    source: io::Error,
}

impl Unwritten {
    /// Whether the reader has gone, which does not want the rest.
    pub(crate) fn is_reader_gone(&self) -> bool {
        self.source.kind() == io::ErrorKind::BrokenPipe
    }
}

#[expect(clippy::unused_self, reason = "commands reach the terminal through this value alone")]
impl Output {
    /// Colours are used only on a terminal, and not if `NO_COLOR` or `TERM` says so.
    pub(crate) fn new() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let for_people = io::stdout().is_terminal();
        Self { colour: !unwanted && for_people && io::stderr().is_terminal(), for_people }
    }

    /// The same, where whatever reads the results stands for a person.
    pub(crate) fn forced(self, is_forced: bool) -> Self {
        Self { for_people: self.for_people || is_forced, ..self }
    }

    /// Whether a person reads the results.
    pub(crate) fn is_for_people(self) -> bool {
        self.for_people
    }

    /// How tables look: for people as wide as the terminal, for programs as wide as they are.
    pub(crate) fn looks(self, time: Option<TimeStyle>) -> Looks {
        let usual = if self.for_people { TimeStyle::Relative } else { TimeStyle::Absolute };
        Looks { width: self.for_people.then(width), time: time.unwrap_or(usual), now: Clock::System.now() }
    }

    /// Whether results are coloured.
    pub(crate) fn is_coloured(self) -> bool {
        self.colour
    }

    /// A line of the result. What is harmful in it is escaped: it may hold text of a server.
    ///
    /// # Errors
    /// As [`Self::result`].
    pub(crate) fn line(self, text: impl Display) -> Result<(), Unwritten> {
        self.result(&self.safe(&format!("{text}\n")))
    }

    fn safe(self, text: &str) -> String {
        printable_lines(text, self.colour)
    }

    /// The result, unchanged.
    ///
    /// # Errors
    /// [`Unwritten`] when standard output does not take it. A reader that has gone, such as `head`, is no error: it
    /// does not want the rest.
    pub(crate) fn result(self, text: &str) -> Result<(), Unwritten> {
        match write_result(text) {
            Err(unwritten) if unwritten.is_reader_gone() => Ok(()),
            written => written,
        }
    }

    /// The result for programs. What could harm a terminal is escaped as JSON does it, which changes no value.
    pub(crate) fn json(self, value: &impl Serialize) -> anyhow::Result<()> {
        Ok(self.result(&format!("{}\n", escaped_json(&serde_json::to_string_pretty(value)?)))?)
    }

    /// A result for programs that must arrive, on one line; escaped as [`Self::json`] does it.
    pub(crate) fn deliver_json(self, value: &impl Serialize) -> anyhow::Result<()> {
        Ok(self.deliver(&escaped_json(&serde_json::to_string(value)?))?)
    }

    /// A line that must arrive, such as a secret that is shown once.
    ///
    /// # Errors
    /// [`Unwritten`] when standard output does not take it, also because its reader has gone.
    pub(crate) fn deliver(self, line: &str) -> Result<(), Unwritten> {
        write_result(&format!("{line}\n"))
    }

    /// Checks that standard output takes something, as far as that can be known before it is written: before a secret
    /// is made that is shown once.
    ///
    /// # Errors
    /// [`Unwritten`] when it does not, or was closed when the program started.
    pub(crate) fn check(self) -> Result<(), Unwritten> {
        // A full device and a descriptor that is open for reading only refuse to write even nothing.
        let checked = stdout().and_then(|mut stdout| stdout.write(&[]).and_then(|_| refuse_closed(&mut stdout)));
        checked.map_err(unwritten_result)
    }

    /// A remark or an error.
    pub(crate) fn remark(self, text: impl Display) {
        let _closed = self.deliver_remark(text);
    }

    /// A remark that must arrive.
    ///
    /// # Errors
    /// [`Unwritten`] when standard error does not take it.
    pub(crate) fn deliver_remark(self, text: impl Display) -> Result<(), Unwritten> {
        let text = self.safe(&format!("{text}\n"));
        stderr().and_then(|mut stderr| write(&mut stderr, &text)).map_err(unwritten_remark)
    }

    /// Checks that standard error takes something, as [`Self::check`] does for standard output.
    ///
    /// # Errors
    /// [`Unwritten`] when it does not.
    pub(crate) fn check_remarks(self) -> Result<(), Unwritten> {
        stderr().and_then(|mut stderr| stderr.write(&[])).map(drop).map_err(unwritten_remark)
    }

    /// The same before a secret is made that standard error shows once.
    ///
    /// # Errors
    /// [`Unwritten`] when standard error was closed when the program started.
    pub(crate) fn check_remarks_for_secret(self) -> Result<(), Unwritten> {
        stderr().and_then(|mut stderr| refuse_closed(&mut stderr)).map_err(unwritten_remark)
    }

    /// A question, after which the answer is typed.
    pub(crate) fn question(self, text: &str) {
        let mut stderr = io::stderr().lock();
        let _closed = write!(stderr, "{} ", self.safe(text)).and_then(|()| stderr.flush());
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

/// JSON without what could harm a terminal. All such characters are in strings, but for line breaks.
fn escaped_json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _infallible = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// The width of the terminal: what the variable says, else the terminal, else the usual one.
fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).filter(|width| *width > 0);
    let own = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    said.or_else(own).filter(|width| *width > 0).unwrap_or(USUAL_WIDTH)
}

/// The width of a terminal that does not say its own.
const USUAL_WIDTH: usize = 80;

fn write_result(text: &str) -> Result<(), Unwritten> {
    stdout().and_then(|mut stdout| write(&mut stdout, text)).map_err(unwritten_result)
}

fn write(stream: &mut impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}

fn unwritten_result(source: io::Error) -> Unwritten {
    Unwritten { place: "standard output", source }
}

fn unwritten_remark(source: io::Error) -> Unwritten {
    Unwritten { place: "standard error", source }
}

/// A stream of the program as a file: the standard library's own count a write to a closed one as done.
#[cfg(unix)]
fn as_file(stream: &impl std::os::fd::AsFd) -> io::Result<std::fs::File> {
    Ok(stream.as_fd().try_clone_to_owned()?.into())
}

#[cfg(unix)]
fn stdout() -> io::Result<std::fs::File> {
    as_file(&io::stdout())
}

#[cfg(unix)]
fn stderr() -> io::Result<std::fs::File> {
    as_file(&io::stderr())
}

/// Refuses a stream that was closed when the program started. The standard library has opened `/dev/null` in its place,
/// for reading, too; who discards output opens it for writing only.
#[cfg(unix)]
fn refuse_closed(stream: &mut std::fs::File) -> io::Result<()> {
    use std::{io::Read as _, os::unix::fs::MetadataExt as _};
    let null = std::fs::metadata("/dev/null").map(|null| null.rdev());
    // Whatever else is read here would be lost.
    let is_null = null.is_ok_and(|null| stream.metadata().is_ok_and(|stream| stream.rdev() == null));
    if is_null && stream.read(&mut [0]).is_ok() {
        return Err(io::Error::other("it is closed"));
    }
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as elsewhere")]
fn refuse_closed(_stream: &mut impl Write) -> io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as elsewhere")]
fn stdout() -> io::Result<io::Stdout> {
    Ok(io::stdout())
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as elsewhere")]
fn stderr() -> io::Result<io::Stderr> {
    Ok(io::stderr())
}
