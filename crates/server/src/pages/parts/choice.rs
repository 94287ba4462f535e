//! A value to choose, in a list (`forms::choice`) or by a box.

/// A value to choose.
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) words: String,
    pub(crate) is_chosen: bool,
    /// Whether it is only shown.
    pub(crate) is_greyed: bool,
}

impl Choice {
    /// A value with its words, and whether it is chosen now.
    pub(crate) fn new(value: impl Into<String>, words: impl Into<String>, is_chosen: bool) -> Self {
        Self { value: value.into(), words: words.into(), is_chosen, is_greyed: false }
    }

    /// Values that are known, with the one that is chosen.
    pub(crate) fn among(known: &[(&str, &str)], chosen: &str) -> Vec<Self> {
        known.iter().map(|(value, words)| Self::new(*value, *words, *value == chosen)).collect()
    }
}
