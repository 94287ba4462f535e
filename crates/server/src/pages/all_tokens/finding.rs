//! What is worth a look about tokens, in words.
use keyfob_authority::tokens::{Finding, FindingCount};

/// A finding as the page shows it: a filter with its number.
pub(super) struct Line {
    /// What names it in addresses.
    pub(super) name: &'static str,
    pub(super) words: &'static str,
    /// What it means, and what to do.
    pub(super) about: &'static str,
    pub(super) count: u64,
    pub(super) has_more: bool,
    pub(super) is_chosen: bool,
}

impl Line {
    pub(super) fn new(FindingCount { finding, count, has_more }: FindingCount, chosen: Option<Finding>) -> Self {
        let (words, about) = words(finding);
        Self { name: name(finding), words, about, count, has_more, is_chosen: chosen == Some(finding) }
    }
}

/// The finding that an address names.
pub(super) fn named(text: &str) -> Option<Finding> {
    Finding::ALL.into_iter().find(|finding| name(*finding) == text)
}

fn name(finding: Finding) -> &'static str {
    match finding {
        Finding::OwnerSuspended => "owner-suspended",
        Finding::OwnerLeft => "owner-left",
        Finding::Full => "full",
        Finding::NeverUsed => "never-used",
        Finding::Idle => "idle",
        Finding::EndsFarAway => "ends-far-away",
        Finding::EndsSoon => "ends-soon",
    }
}

fn words(finding: Finding) -> (&'static str, &'static str) {
    match finding {
        Finding::OwnerSuspended => (
            "Owner suspended",
            "They are refused now, and work again once their owner is activated. Expire those that are to stay cut off.",
        ),
        Finding::OwnerLeft => (
            "Owner in no organization",
            "Their owners are in no organization any more. They still work for what needs none: expire those that nobody needs.",
        ),
        Finding::Full => (
            "May do everything",
            "They may do everything that their owners may. Ask their owners to replace them by tokens with the scopes that they need.",
        ),
        Finding::NeverUsed => ("Never used", "No request was ever made with them, so nothing depends on them yet."),
        Finding::Idle => (
            "Idle for 90 days",
            "They were used before, and not in the last 90 days. Ask their owners, or expire them.",
        ),
        Finding::EndsFarAway => (
            "End in over a year",
            "If one leaks, it works for a long time. Ask their owners to replace them by tokens with a shorter lifetime.",
        ),
        Finding::EndsSoon => ("End within 7 days", "Programs that use them stop then. Tell their owners."),
    }
}
