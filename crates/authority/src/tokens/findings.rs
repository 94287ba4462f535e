//! What is worth a look about tokens, and how often it is found.
use jiff::{SignedDuration, Timestamp};
use keyfob_rbac::{Action, ResourceType};
use keyfob_store::{ApiKey, KeyFinding};

use super::ListTokens;
use crate::{AuthorizedStore, ListError};

/// Tokens that were not used for so long are idle.
const IDLE_AFTER: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Tokens that end in this time end soon.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Tokens that do not end in this time end far away.
const FAR_AWAY: SignedDuration = SignedDuration::from_hours(365 * 24);
/// No more than so many are looked at.
const MOST_LOOKED_AT: u64 = 50_000;

/// What is worth a look about a live token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Its owner is suspended.
    OwnerSuspended,
    /// Its owner has left: they are a member of no organization.
    OwnerLeft,
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
    pub const ALL: [Self; 7] = [
        Self::OwnerSuspended,
        Self::OwnerLeft,
        Self::Full,
        Self::NeverUsed,
        Self::Idle,
        Self::EndsFarAway,
        Self::EndsSoon,
    ];

    pub(super) fn sought(self, now: Timestamp) -> KeyFinding {
        let before = |length| now.checked_sub(length).unwrap_or(Timestamp::MIN);
        let after = |length| now.checked_add(length).unwrap_or(Timestamp::MAX);
        match self {
            Self::OwnerSuspended => KeyFinding::OwnerSuspended,
            Self::OwnerLeft => KeyFinding::OwnerInNoOrganization,
            Self::Full => KeyFinding::Full,
            Self::NeverUsed => KeyFinding::NeverUsed,
            Self::Idle => KeyFinding::UnusedSince(before(IDLE_AFTER)),
            Self::EndsFarAway => KeyFinding::EndsAfter(after(FAR_AWAY)),
            Self::EndsSoon => KeyFinding::EndsUntil(after(SOON)),
        }
    }
}

impl AuthorizedStore {
    /// What is worth a look about the live tokens that the caller may see, with the numbers, and a page of the list
    /// beside it. Requires `read` on each token. Fifty thousand tokens are looked at at most: then there are more of
    /// each finding than are counted.
    ///
    /// # Errors
    /// As [`Self::list_tokens`].
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_with_findings(&self, list: ListTokens) -> Result<(Vec<FindingCount>, Vec<ApiKey>), ListError> {
        self.write_uses_for_search().await;
        let keys = self.listed_tokens(list).await?;
        let filter = self.caller.visible(Action::READ, ResourceType::API_KEY);
        let now = self.now();
        let sought = Finding::ALL.map(|finding| finding.sought(now));
        let numbers = self.read().count_findings(&sought, &filter, now, MOST_LOOKED_AT).await?;
        let has_more = !numbers.is_whole;
        let count = |(finding, count)| FindingCount { finding, count, has_more };
        Ok((Finding::ALL.into_iter().zip(numbers.counts).map(count).collect(), keys))
    }

    /// The database compares instants that are written; if they cannot be, those of a moment ago count.
    pub(super) async fn write_uses_for_search(&self) {
        if let Err(error) = self.authority.write_key_uses().await {
            tracing::warn!(%error, "a search does not know the last uses of keys");
        }
    }
}
