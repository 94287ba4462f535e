//! A state in one word.
use std::fmt;

use askama::filters::HtmlSafe;

/// How a state is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Over, or dangerous.
    Bad,
    /// Neither.
    Quiet,
}

/// A state in one word, with a colour that says nothing more than the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Badge {
    pub(crate) tone: Tone,
    /// The word, which is of this program.
    pub(crate) word: &'static str,
}

impl Badge {
    pub(crate) const fn new(tone: Tone, word: &'static str) -> Self {
        Self { tone, word }
    }
}

impl fmt::Display for Badge {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tone = match self.tone {
            Tone::Good => " good",
            Tone::Warn => " warn",
            Tone::Bad => " bad",
            Tone::Quiet => "",
        };
        write!(to, "<span class=\"badge{tone}\">{}</span>", self.word)
    }
}

/// There are only words of this program in it.
impl HtmlSafe for Badge {}
