//! Noting that a key was used, and letting sessions slide. Mostly neither waits for the database.
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use keyfob_store::{ApiKey, KeyLoginType, KeyUse};

use super::presented::PresentedKey;
use crate::{Authority, RequestContext, work::write_use};

/// A key's use is noted, and a session slides, at most this often.
const USE_RESOLUTION: SignedDuration = SignedDuration::from_hours(1);
/// A session that slides so near to its stored end does not wait to be written: it must not outlive that end by more than
/// the time until the next writing.
const NEAR_END: SignedDuration = SignedDuration::from_mins(2);

/// A use that is to be noted, and the key as it is then.
pub(super) struct NotedUse {
    used: PresentedKey,
    this: KeyUse,
    now: Timestamp,
}

/// What a use of a key changes of it.
struct Change {
    last_used: Timestamp,
    expires_at: Timestamp,
}

/// What a use now changes of a key; none if nothing, which is mostly so.
fn change_by_use(key: &ApiKey, authority: &Authority, now: Timestamp) -> Option<Change> {
    let is_stale = now.duration_since(key.last_used) > USE_RESOLUTION;
    let expires_at = slide(key, authority, now);
    let last_used = if is_stale { now } else { key.last_used };
    (is_stale || expires_at != key.expires_at).then_some(Change { last_used, expires_at })
}

/// Whether a use of a key now is to be noted.
pub(super) fn is_use_noted(known: &PresentedKey, authority: &Authority) -> bool {
    change_by_use(&known.key, authority, authority.now()).is_some()
}

/// The use of a key, which may let a session slide; none if nothing is to be noted, which is mostly so.
pub(super) fn noted_use(known: &PresentedKey, authority: &Authority, context: &RequestContext) -> Option<NotedUse> {
    let (key, now) = (&known.key, authority.now());
    let Change { last_used, expires_at } = change_by_use(key, authority, now)?;
    let this =
        KeyUse { id: key.id.clone(), last_used, origin: context.origin(), seen_expires_at: key.expires_at, expires_at };
    let mut used = known.clone();
    used.key.last_used = this.last_used;
    used.key.expires_at = this.expires_at;
    used.key.origin = this.origin.clone();
    used.seen = used.seen.at(now);
    Some(NotedUse { used, this, now })
}

impl NotedUse {
    /// Notes it, and gives the key as it is then; none if it is not noted, and the key is as it was. A failure to write
    /// is not the caller's: the key is as good as before.
    pub(super) async fn keep(self, authority: &Authority) -> Option<Arc<PresentedKey>> {
        let Self { mut used, this, now } = self;
        let is_near_end =
            this.seen_expires_at.duration_since(now) < NEAR_END && this.expires_at != this.seen_expires_at;
        let noted = if is_near_end {
            match write_use(authority, &this, used.owner.user.id, now).await {
                Ok(is_noted) => is_noted.then_some(this),
                Err(error) => {
                    tracing::warn!(%error, key.id = %used.key.id, "the use of a key could not be noted");
                    None
                }
            }
        } else {
            authority.store().note_use(this, used.owner.user.id, now)
        };
        used.key.expires_at = noted?.expires_at;
        Some(Arc::new(used))
    }
}

/// The end that a session has after this use.
fn slide(key: &ApiKey, authority: &Authority, now: Timestamp) -> Timestamp {
    let lifetime = SignedDuration::from_secs(key.lifetime_seconds);
    let slides = authority.rules().lifetimes.sessions_slide && key.login_type != KeyLoginType::Token;
    if !slides || key.expires_at.duration_since(now) > lifetime - USE_RESOLUTION {
        return key.expires_at;
    }
    let end = now.checked_add(lifetime).unwrap_or(key.expires_at);
    key.absolute_end.map_or(end, |bound| end.min(bound))
}
