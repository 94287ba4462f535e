//! Uses of keys that are not written yet. They are gathered in memory and written together, and every read shows them
//! meanwhile.
//!
//! INVARIANT: what is shown is what will be written. A use names the expiry that it saw ([`KeyUse::seen_expires_at`]); on a
//! key that was expired or changed since, it has no effect, neither in a read nor when it is written.
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;

use crate::{ApiKey, KeyId, KeyUse, Store, StoreError, Tx, User, UserId};

/// The maximum number of keys whose uses wait. Beyond it, uses are dropped: that is a loss of accuracy alone.
const MAX_WAITING: usize = 100_000;
/// How many uses one unit of work writes: others wait for it meanwhile.
const BATCH: usize = 500;

/// Uses that wait. Each [`Store`] has its own; apart from one they are for what stands in for a database.
#[derive(Clone, Debug, Default)]
pub struct Uses(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// How many wait, for readers that need not look.
    count: AtomicUsize,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    next: Batch,
    /// What is being written. It is shown until it is committed.
    writing: Batch,
}

#[derive(Clone, Debug, Default)]
struct Batch {
    keys: HashMap<KeyId, KeyUse>,
    users: HashMap<UserId, Timestamp>,
    /// No use in it has seen an end before this one; none where there is no use.
    first_end: Option<Timestamp>,
}

impl Batch {
    fn len(&self) -> usize {
        self.keys.len() + self.users.len()
    }

    fn add_key(&mut self, used: KeyUse) {
        let seen = used.seen_expires_at;
        self.first_end = Some(self.first_end.map_or(seen, |first| first.min(seen)));
        match self.keys.get_mut(&used.id) {
            // The row still has the expiry that the earlier one saw.
            Some(earlier) if earlier.expires_at == used.seen_expires_at => {
                earlier.expires_at = used.expires_at;
                if earlier.last_used <= used.last_used {
                    (earlier.last_used, earlier.origin) = (used.last_used, used.origin);
                }
            }
            _ => drop(self.keys.insert(used.id.clone(), used)),
        }
    }

    fn add_user(&mut self, user: UserId, at: Timestamp) {
        let seen = self.users.entry(user).or_insert(at);
        *seen = at.max(*seen);
    }

    /// Takes up to so many of each.
    fn split(&mut self, at_most: usize) -> Self {
        let keys: Vec<KeyId> = self.keys.keys().take(at_most).cloned().collect();
        let users: Vec<UserId> = self.users.keys().take(at_most).copied().collect();
        let taken = Self {
            keys: keys.into_iter().filter_map(|id| self.keys.remove_entry(&id)).collect(),
            users: users.into_iter().filter_map(|id| self.users.remove_entry(&id)).collect(),
            first_end: self.first_end,
        };
        self.first_end = self.keys.values().map(|used| used.seen_expires_at).min();
        taken
    }
}

impl Uses {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_empty(&self) -> bool {
        self.0.count.load(Ordering::Acquire) == 0
    }

    fn recount(&self, waiting: &Waiting) {
        self.0.count.store(waiting.next.len() + waiting.writing.len(), Ordering::Release);
    }

    /// Notes a use, and gives it as it will be written: a use that waits already has moved the end on, whatever the later
    /// one has seen. None if there are too many.
    pub fn note(&self, used: KeyUse, owner: UserId, at: Timestamp) -> Option<KeyUse> {
        let mut waiting = self.lock();
        let earlier = waiting.next.keys.get(&used.id);
        if earlier.is_none() && waiting.next.keys.len() >= MAX_WAITING {
            return None;
        }
        let end = earlier.or_else(|| waiting.writing.keys.get(&used.id)).map(|earlier| earlier.expires_at);
        let used = match end {
            Some(end) => KeyUse { seen_expires_at: end, expires_at: used.expires_at.max(end), ..used },
            None => used,
        };
        waiting.next.add_user(owner, at);
        waiting.next.add_key(used.clone());
        self.recount(&waiting);
        Some(used)
    }

    /// The keys whose stored end has passed, and that live on by a use that waits. Mostly there are none.
    pub fn outliving(&self, now: Timestamp) -> Vec<KeyId> {
        if self.is_empty() {
            return Vec::new();
        }
        let Waiting { next, writing } = &*self.lock();
        // There may be very many, and mostly no end has passed.
        if [next, writing].iter().filter_map(|batch| batch.first_end).all(|end| end > now) {
            return Vec::new();
        }
        let written_first = writing.keys.values().map(|used| (used, next.keys.get(&used.id).unwrap_or(used)));
        let others = next.keys.values().filter(|used| !writing.keys.contains_key(&used.id)).map(|used| (used, used));
        let outlives = |(first, last): &(&KeyUse, &KeyUse)| first.seen_expires_at <= now && last.expires_at > now;
        written_first.chain(others).filter(outlives).map(|(used, _)| used.id.clone()).collect()
    }

    /// Uses to be written now; none where none wait, or some are being written.
    pub fn to_write(&self) -> Option<WritingUses> {
        let batch = self.begin_writing()?;
        Some(WritingUses { uses: self.clone(), batch, is_committed: false })
    }

    /// Begins to write some of what waits; none where that is under way already, or nothing waits.
    fn begin_writing(&self) -> Option<Batch> {
        let mut waiting = self.lock();
        if waiting.writing.len() > 0 || waiting.next.len() == 0 {
            return None;
        }
        waiting.writing = waiting.next.split(BATCH);
        Some(waiting.writing.clone())
    }

    /// Ends it. What was not committed waits again, unless there is something newer.
    fn end_writing(&self, is_committed: bool) {
        let mut waiting = self.lock();
        let written = std::mem::take(&mut waiting.writing);
        if !is_committed {
            let newer = std::mem::replace(&mut waiting.next, written);
            for (user, at) in newer.users {
                waiting.next.add_user(user, at);
            }
            for used in newer.keys.into_values() {
                waiting.next.add_key(used);
            }
        }
        self.recount(&waiting);
    }

    /// Adds its latest use to a key.
    pub fn apply_to_key(&self, key: &mut ApiKey) {
        if self.is_empty() {
            return;
        }
        let waiting = self.lock();
        for batch in [&waiting.writing, &waiting.next] {
            if let Some(used) = batch.keys.get(&key.id) {
                used.apply(key);
            }
        }
    }

    /// Adds when a user was last seen.
    pub(crate) fn apply_to_user(&self, user: &mut User) {
        if self.is_empty() || user.deleted {
            return;
        }
        let waiting = self.lock();
        for batch in [&waiting.writing, &waiting.next] {
            if let Some(at) = batch.users.get(&user.id) {
                user.last_seen_at = Some(user.last_seen_at.map_or(*at, |seen| seen.max(*at)));
                user.updated_at = user.updated_at.max(*at);
            }
        }
    }
}

impl KeyUse {
    /// Does to a key what [`Tx::record_key_use`] does to its row; says whether it did. A key that was used later, as
    /// another process noted it, keeps that time, and where that was.
    pub fn apply(&self, key: &mut ApiKey) -> bool {
        if key.is_revoked || key.expires_at != self.seen_expires_at {
            return false;
        }
        key.expires_at = self.expires_at;
        if key.last_used <= self.last_used {
            key.last_used = self.last_used;
            key.origin = self.origin.clone();
        }
        true
    }
}

/// Uses that a unit of work writes. Dropped before they are [`written`](Self::written), they wait again.
#[derive(Debug)]
pub struct WritingUses {
    uses: Uses,
    batch: Batch,
    is_committed: bool,
}

impl WritingUses {
    /// The uses of keys among them.
    pub fn of_keys(&self) -> impl Iterator<Item = &KeyUse> {
        self.batch.keys.values()
    }

    /// The unit of work that wrote them was committed.
    pub fn written(mut self) {
        self.is_committed = true;
    }
}

impl Drop for WritingUses {
    fn drop(&mut self) {
        self.uses.end_writing(self.is_committed);
    }
}

impl Store {
    /// Notes that a key was used, and its owner seen, at this instant. It is written later ([`Self::uses_to_write`]), and
    /// shown at once. Gives the use as it will be written; none if too many wait, and it is not noted.
    pub fn note_use(&self, used: KeyUse, owner: UserId, at: Timestamp) -> Option<KeyUse> {
        self.uses.note(used, owner, at)
    }

    /// Uses to be written now; none where none wait, or some are being written.
    pub fn uses_to_write(&self) -> Option<WritingUses> {
        self.uses.to_write()
    }
}

impl Tx {
    /// Writes these uses. Keys and users that were changed in the meantime stay as they are, and what is remembered of
    /// such keys ends.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn write_uses(&mut self, uses: &WritingUses) -> Result<(), StoreError> {
        for used in uses.batch.keys.values() {
            self.record_key_use(used).await?;
        }
        for (user, at) in &uses.batch.users {
            self.see_user(*user, *at).await?;
        }
        Ok(())
    }
}
