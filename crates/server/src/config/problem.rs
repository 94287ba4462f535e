//! Problems of settings.
use std::fmt;

/// A setting that the server cannot use: its flag, and the problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--{flag}: {problem}")]
pub struct BadSetting {
    flag: &'static str,
    problem: String,
}

impl BadSetting {
    /// A problem of one setting.
    pub(crate) fn new(flag: &'static str, problem: impl fmt::Display) -> Self {
        Self { flag, problem: problem.to_string() }
    }
}

/// All problems of the settings of one part of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct BadSettings(pub(crate) Vec<BadSetting>);

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&each.join("\n"))
    }
}

impl From<BadSetting> for BadSettings {
    fn from(one: BadSetting) -> Self {
        Self(vec![one])
    }
}

impl BadSettings {
    /// Adds a problem of one setting.
    pub(crate) fn note(&mut self, flag: &'static str, problem: impl fmt::Display) {
        self.0.push(BadSetting::new(flag, problem));
    }

    /// Returns what was read, or adds its problems and returns `None`.
    pub(crate) fn take<T>(&mut self, read: Result<T, impl Into<Self>>) -> Option<T> {
        read.map_err(|bad| self.0.extend(bad.into().0)).ok()
    }

    /// Returns two settings that need each other, if both are given. One without the other is added as a problem.
    pub(crate) fn both<A, B>(
        &mut self,
        first: (&'static str, Option<A>),
        second: (&'static str, Option<B>),
    ) -> Option<(A, B)> {
        match (first.1, second.1) {
            (Some(one), Some(other)) => Some((one, other)),
            (None, None) => None,
            (Some(_), None) => {
                self.note(second.0, format!("needed, because there is --{}", first.0));
                None
            }
            (None, Some(_)) => {
                self.note(first.0, format!("needed, because there is --{}", second.0));
                None
            }
        }
    }
}
