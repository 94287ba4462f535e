//! Noting that a key was used, and letting sessions slide. Neither waits for the database.
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use keyfob_store::{ApiKey, KeyLoginType, KeyUse};

use super::presented::PresentedKey;
use crate::{Authority, RequestContext, work::write_uses};

/// A key's use is noted, and a session slides, at most this often.
const USE_RESOLUTION: SignedDuration = SignedDuration::from_hours(1);
/// A key whose stored end is nearer than this is written at once: a restart must not find it expired.
const NEAR_END: SignedDuration = SignedDuration::from_mins(2);

/// Notes the use of a key, and lets a session slide. Gives the key as it is then; none if nothing was to be noted.
pub(super) async fn note_use(
    known: &PresentedKey,
    authority: &Authority,
    context: &RequestContext,
) -> Option<Arc<PresentedKey>> {
    let (key, now) = (&known.key, authority.now());
    let is_stale = now.duration_since(key.last_used) > USE_RESOLUTION;
    let slid = slide(key, authority, now);
    if !is_stale && slid == key.expires_at {
        return None;
    }
    let this_use = KeyUse {
        id: key.id.clone(),
        last_used: if is_stale { now } else { key.last_used },
        origin: context.origin(),
        seen_expires_at: key.expires_at,
        expires_at: slid,
    };
    let mut used = known.clone();
    used.key.last_used = this_use.last_used;
    used.key.expires_at = this_use.expires_at;
    used.key.origin = this_use.origin.clone();
    used.user.last_seen_at = Some(now);
    used.user.updated_at = now;
    let is_near_end = key.expires_at.duration_since(now) < NEAR_END && slid != key.expires_at;
    authority.store().note_use(this_use, used.user.id, now);
    if is_near_end {
        // A failure to write is not the caller's: the key is as good as it was.
        if let Err(error) = write_uses(authority).await {
            tracing::warn!(%error, key.id = %used.key.id, "the use of a key is not written yet");
        }
    }
    Some(Arc::new(used))
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
