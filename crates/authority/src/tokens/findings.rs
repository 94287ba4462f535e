//! What is worth a look about tokens, and how often it is found.
use jiff::{SignedDuration, Timestamp};
use keyfob_rbac::{Action, ResourceType};
use keyfob_store::KeyFinding;

use crate::{AuthorizedStore, Refused};

/// Tokens that were not used for so long are idle.
const IDLE_AFTER: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Tokens that end in this time end soon.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Tokens that do not end in this time end far away.
const FAR_AWAY: SignedDuration = SignedDuration::from_hours(365 * 24);
/// No more than so many are counted.
const MOST_COUNTED: u64 = 1000;

/// What is worth a look about a live token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Its owner is suspended.
    OwnerSuspended,
    /// It is full: whoever holds it may do everything that its owner may.
    Full,
    /// It was never used.
    NeverUsed,
    /// It was not used for 90 days.
    Idle,
    /// It ends in more than a year.
    EndsFarAway,
    /// It ends within seven days.
    EndsSoon,
}

/// How many tokens there are to which a finding applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingCount {
    /// What is found.
    pub finding: Finding,
    /// How often, as far as it is counted.
    pub count: u64,
    /// Whether there are more.
    pub has_more: bool,
}

impl Finding {
    /// All of them, in the order of their weight.
    pub const ALL: [Self; 6] =
        [Self::OwnerSuspended, Self::Full, Self::NeverUsed, Self::Idle, Self::EndsFarAway, Self::EndsSoon];

    pub(super) fn sought(self, now: Timestamp) -> KeyFinding {
        let before = |length| now.checked_sub(length).unwrap_or(Timestamp::MIN);
        let after = |length| now.checked_add(length).unwrap_or(Timestamp::MAX);
        match self {
            Self::OwnerSuspended => KeyFinding::OwnerSuspended,
            Self::Full => KeyFinding::Full,
            Self::NeverUsed => KeyFinding::NeverUsed,
            Self::Idle => KeyFinding::UnusedSince(before(IDLE_AFTER)),
            Self::EndsFarAway => KeyFinding::EndsAfter(after(FAR_AWAY)),
            Self::EndsSoon => KeyFinding::EndsUntil(after(SOON)),
        }
    }
}

impl AuthorizedStore {
    /// How many live tokens that the caller may see each finding applies to; of each, a thousand are counted at most.
    /// Requires `read` on each token.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn count_findings(&self) -> Result<Vec<FindingCount>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::API_KEY);
        self.write_uses_for_search().await;
        let now = self.now();
        let mut counts = Vec::with_capacity(Finding::ALL.len());
        for finding in Finding::ALL {
            let found = self.read().count_findings(finding.sought(now), &filter, now, MOST_COUNTED + 1).await?;
            counts.push(FindingCount { finding, count: found.min(MOST_COUNTED), has_more: found > MOST_COUNTED });
        }
        Ok(counts)
    }

    /// The database compares instants that are written; if they cannot be, those of a moment ago count.
    pub(super) async fn write_uses_for_search(&self) {
        if let Err(error) = self.authority.write_key_uses().await {
            tracing::warn!(%error, "a search does not know the last uses of keys");
        }
    }
}
