//! Noting that a key was used, and letting sessions slide. Mostly neither waits for the database.
use std::{future::Future, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use keyfob_store::{ApiKey, KeyLoginType, KeyUse, StoreError, UserId};

use super::presented::PresentedKey;
use crate::{Authority, RequestContext, work::write_use};

/// What notes the uses of keys.
pub(crate) trait UseBook: Sync {
    /// How often, and whether sessions slide.
    fn rules(&self) -> UseRules;

    fn now(&self) -> Timestamp;

    /// Notes a use that may wait, and gives it as it will be written; none if it is not noted.
    fn note(&self, used: KeyUse, owner: UserId, at: Timestamp) -> Option<KeyUse>;

    /// Writes a use that must not wait; says whether the key is as it was seen.
    fn write(
        &self,
        used: &KeyUse,
        owner: UserId,
        at: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// How uses of keys are noted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UseRules {
    /// A key's use is noted, and a session slides, at most this often.
    pub(crate) resolution: SignedDuration,
    /// A session that slides so near to its stored end does not wait to be written: it must not outlive that end by more
    /// than the time until the next writing.
    pub(crate) near_end: SignedDuration,
    pub(crate) sessions_slide: bool,
}

impl UseBook for Authority {
    fn rules(&self) -> UseRules {
        let sessions_slide = Self::rules(self).lifetimes.sessions_slide;
        UseRules { resolution: USE_RESOLUTION, near_end: NEAR_END, sessions_slide }
    }

    fn now(&self) -> Timestamp {
        Self::now(self)
    }

    fn note(&self, used: KeyUse, owner: UserId, at: Timestamp) -> Option<KeyUse> {
        self.store().note_use(used, owner, at)
    }

    async fn write(&self, used: &KeyUse, owner: UserId, at: Timestamp) -> Result<bool, StoreError> {
        write_use(self, used, owner, at).await
    }
}

const USE_RESOLUTION: SignedDuration = SignedDuration::from_hours(1);
const NEAR_END: SignedDuration = SignedDuration::from_mins(2);

/// A use that is to be noted, and the key as it is then.
pub(crate) struct NotedUse {
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
fn change_by_use(key: &ApiKey, book: &impl UseBook, now: Timestamp) -> Option<Change> {
    let is_stale = now.duration_since(key.last_used) > book.rules().resolution;
    let expires_at = slide(key, book, now);
    let last_used = if is_stale { now } else { key.last_used };
    (is_stale || expires_at != key.expires_at).then_some(Change { last_used, expires_at })
}

/// Whether a use of a key now is to be noted.
pub(crate) fn is_use_noted(known: &PresentedKey, book: &impl UseBook) -> bool {
    change_by_use(&known.key, book, book.now()).is_some()
}

/// The use of a key, which may let a session slide; none if nothing is to be noted, which is mostly so.
pub(crate) fn noted_use(known: &PresentedKey, book: &impl UseBook, context: &RequestContext) -> Option<NotedUse> {
    let (key, now) = (&known.key, book.now());
    let Change { last_used, expires_at } = change_by_use(key, book, now)?;
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
    pub(crate) async fn keep(self, book: &impl UseBook) -> Option<Arc<PresentedKey>> {
        let Self { mut used, this, now } = self;
        let is_near_end =
            this.seen_expires_at.duration_since(now) < book.rules().near_end && this.expires_at != this.seen_expires_at;
        let noted = if is_near_end {
            match book.write(&this, used.owner.user.id, now).await {
                Ok(is_noted) => is_noted.then_some(this),
                Err(error) => {
                    tracing::warn!(%error, key.id = %used.key.id, "the use of a key could not be noted");
                    None
                }
            }
        } else {
            book.note(this, used.owner.user.id, now)
        };
        used.key.expires_at = noted?.expires_at;
        Some(Arc::new(used))
    }
}

/// The end that a session has after this use.
fn slide(key: &ApiKey, book: &impl UseBook, now: Timestamp) -> Timestamp {
    let lifetime = SignedDuration::from_secs(key.lifetime_seconds);
    let slides = book.rules().sessions_slide && key.login_type != KeyLoginType::Token;
    if !slides || key.expires_at.duration_since(now) > lifetime - book.rules().resolution {
        return key.expires_at;
    }
    let end = now.checked_add(lifetime).unwrap_or(key.expires_at);
    key.absolute_end.map_or(end, |bound| end.min(bound))
}
