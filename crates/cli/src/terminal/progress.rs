//! How far something long has come.
use std::io::IsTerminal as _;

use super::output::Output;

/// Says how far something has come, to people who watch.
#[derive(Clone, Copy)]
pub(crate) struct Progress {
    out: Output,
    /// What is counted, such as `records`.
    noun: &'static str,
    is_watched: bool,
}

/// After how many of them something is said.
const SAID_EVERY: u64 = 10_000;

impl Progress {
    /// For results that are printed when all is read.
    pub(crate) fn new(out: Output, noun: &'static str) -> Self {
        Self { out, noun, is_watched: std::io::stderr().is_terminal() }
    }

    /// For results that are printed meanwhile: who sees them needs no more.
    pub(crate) fn beside_results(out: Output, noun: &'static str) -> Self {
        let own = Self::new(out, noun);
        Self { is_watched: own.is_watched && !std::io::stdout().is_terminal(), ..own }
    }

    /// That so many are done, of so many where that is known. Those since the last time count.
    pub(crate) fn at(self, before: u64, done: u64, all: Option<u64>) {
        if self.is_watched && before / SAID_EVERY < done / SAID_EVERY {
            let of = all.map(|all| format!(" of {all}")).unwrap_or_default();
            self.out.remark(format!("{done}{of} {}", self.noun));
        }
    }
}
