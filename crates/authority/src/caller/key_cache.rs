//! Verified keys with their owners and compiled rights, in memory.
//!
//! INVARIANT: what is found here is what the database would give. An entry has the epoch that it was read in
//! ([`Epochs`]), and is found in that epoch alone; a fill that races with a change is not kept. Nothing is remembered of
//! keys that do not exist or may not act.
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use keyfob_rbac::SharedTables;
use keyfob_store::{KeyId, Reached};
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter, sync::Cache};
use tokio::time::Instant;

use super::{
    PresentedKey,
    epochs::{Changes, Epoch, Epochs},
    lease::Lease,
    shared::SharedRights,
};

/// How many bytes all entries take together, about.
const CAPACITY: u64 = 128 * 1024 * 1024;
/// How many bytes an entry takes on average; only for the first size of the table.
const USUAL_WEIGHT: u64 = 1536;

/// The cache, and the epochs that its entries are of.
pub(crate) struct KeyCache {
    entries: Cache<KeyId, Entry, ByBytes, DefaultHashBuilder, Evictions>,
    epochs: Epochs,
    lease: Lease,
    tables: SharedTables,
    shared: SharedRights,
    hits: AtomicU64,
    misses: AtomicU64,
    evictions: Evictions,
}

#[derive(Clone)]
struct Entry {
    known: Arc<PresentedKey>,
    epoch: Epoch,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<KeyId, Entry> for ByBytes {
    fn weight(&self, _: &KeyId, entry: &Entry) -> u64 {
        entry.known.bytes
    }
}

/// Counts the entries that had to make room for others.
#[derive(Clone, Debug, Default)]
struct Evictions(Arc<AtomicU64>);

impl Lifecycle<KeyId, Entry> for Evictions {
    /// What leaves the cache: it is dropped when the cache is no longer locked.
    type RequestState = Option<Entry>;

    fn before_evict(&self, _: &mut Option<Entry>, _: &KeyId, _: &mut Entry) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    // Also called for an entry in whose place another of the same key comes.
    fn on_evict(&self, leaving: &mut Option<Entry>, _: KeyId, entry: Entry) {
        *leaving = Some(entry);
    }
}

/// How the cache is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheUsage {
    /// How often a key was found.
    pub hits: u64,
    /// How often it was not, and the database was read.
    pub misses: u64,
    /// How many keys were forgotten to make room for others.
    pub evictions: u64,
    /// How many keys there are.
    pub keys: u64,
    /// How many bytes they take, about.
    pub bytes: u64,
}

impl KeyCache {
    /// An empty cache, in which keys count for as long as the lease is held.
    pub(crate) fn new(lease: Lease) -> Self {
        let items = usize::try_from(CAPACITY / USUAL_WEIGHT).unwrap_or(usize::MAX);
        let evictions = Evictions::default();
        Self {
            entries: Cache::with(items, CAPACITY, ByBytes, DefaultHashBuilder::default(), evictions.clone()),
            epochs: Epochs::default(),
            lease,
            tables: SharedTables::default(),
            shared: SharedRights::default(),
            hits: AtomicU64::default(),
            misses: AtomicU64::default(),
            evictions,
        }
    }

    /// The tables that compiled subjects share.
    pub(crate) fn tables(&self) -> &SharedTables {
        &self.tables
    }

    /// What keys in memory share.
    pub(crate) fn shared(&self) -> &SharedRights {
        &self.shared
    }

    /// Whether what is remembered counts now.
    pub(crate) fn holds_lease(&self) -> bool {
        self.lease.is_held()
    }

    /// Renews the lease for this long, counted from before it was said that the changes are going to be read that are
    /// announced by now.
    pub(crate) fn renew_lease(&self, said: Instant, length: Duration) {
        self.lease.renew(said, length);
    }

    /// What is remembered counts no more.
    pub(crate) fn end_lease(&self) {
        self.lease.end();
    }

    /// Begins a fill: what is read from now on may be kept if nothing changes meanwhile.
    pub(crate) fn begin(&self) -> Changes {
        self.epochs.changes()
    }

    /// The key, as the database has it now.
    pub(crate) fn find(&self, id: &KeyId) -> Option<(Arc<PresentedKey>, Epoch)> {
        let found = self.peek(id);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// The same, not counted.
    pub(crate) fn peek(&self, id: &KeyId) -> Option<(Arc<PresentedKey>, Epoch)> {
        let found = self.entries.get(id).filter(|entry| self.is_current(entry.epoch, &entry.known));
        found.map(|entry| (entry.known, entry.epoch))
    }

    /// Counts a key that was found by [`Self::peek`].
    pub(crate) fn count_hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether a key that was found in this epoch is still as the database has it.
    pub(crate) fn is_current(&self, epoch: Epoch, known: &PresentedKey) -> bool {
        self.lease.is_held() && self.epochs.is_current(epoch, &known.key.id, known.key.user_id)
    }

    /// Keeps what was read since a fill began, unless any rights have changed since.
    pub(crate) fn keep(&self, began: Changes, known: &Arc<PresentedKey>) {
        if let Some(epoch) = self.epochs.since(began, &known.key.id, known.key.user_id) {
            self.replace(epoch, known);
        }
    }

    /// Keeps a key with its latest use, in the epoch that it was found in.
    pub(crate) fn replace(&self, epoch: Epoch, known: &Arc<PresentedKey>) {
        self.entries.insert(known.key.id.clone(), Entry { known: Arc::clone(known), epoch });
    }

    /// Forgets all whose rights a committed unit of work has changed.
    pub(crate) fn announce(&self, reached: &Reached) {
        self.epochs.announce(reached);
        for key in &reached.keys {
            self.entries.remove(key);
        }
    }

    /// Forgets all keys, and keeps none that is being read.
    pub(crate) fn forget_all(&self) {
        self.epochs.announce(&Reached { everybody: true, ..Reached::default() });
    }

    /// How the cache is used.
    pub(crate) fn usage(&self) -> CacheUsage {
        CacheUsage {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            evictions: self.evictions.0.load(Ordering::Relaxed),
            keys: u64::try_from(self.entries.len()).unwrap_or(u64::MAX),
            bytes: self.entries.weight(),
        }
    }
}
