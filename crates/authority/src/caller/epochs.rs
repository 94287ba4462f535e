//! Which rights have changed since they were read: what makes the cache of keys exact.
//!
//! INVARIANT: a unit of work is announced here after it was committed and before it is answered, also when its request was
//! given up meanwhile. So whoever reads an epoch, and then the database, has rights that are at least as new as the epoch;
//! and once a change is answered, no earlier epoch is current.
use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use keyfob_store::{KeyId, Reached, UserId};

/// Users and keys share epochs, so that their number is bounded: a change of one may seem to be a change of a few others.
const STRIPES: usize = 4096;

/// Counters that move on with every change of rights.
pub(crate) struct Epochs {
    /// Moves on before any other: a fill that it does not move on during has read one state.
    changes: AtomicU64,
    everybody: AtomicU64,
    users: Box<[AtomicU64]>,
    keys: Box<[AtomicU64]>,
    hasher: RandomState,
}

/// When the rights of a key were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch {
    everybody: u64,
    user: u64,
    key: u64,
}

/// The number of all changes of rights up to an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Changes(u64);

impl Default for Epochs {
    fn default() -> Self {
        let stripes = || std::iter::repeat_with(AtomicU64::default).take(STRIPES).collect();
        Self {
            changes: AtomicU64::default(),
            everybody: AtomicU64::default(),
            users: stripes(),
            keys: stripes(),
            hasher: RandomState::new(),
        }
    }
}

impl Epochs {
    /// The changes so far; taken before the rights of a key are read.
    pub(crate) fn changes(&self) -> Changes {
        Changes(self.changes.load(Ordering::SeqCst))
    }

    /// The epoch of rights that were read since then; none if any rights have changed meanwhile.
    pub(crate) fn since(&self, began: Changes, key: &KeyId, user: UserId) -> Option<Epoch> {
        let epoch = self.of(key, user);
        (self.changes() == began).then_some(epoch)
    }

    /// Whether the rights of a key are still those of that epoch.
    pub(crate) fn is_current(&self, epoch: Epoch, key: &KeyId, user: UserId) -> bool {
        self.of(key, user) == epoch
    }

    /// Ends the epochs of all whose rights were changed.
    pub(crate) fn announce(&self, reached: &Reached) {
        if reached.is_nobody() {
            return;
        }
        move_on(&self.changes);
        if reached.everybody {
            move_on(&self.everybody);
        }
        for user in &reached.users {
            self.stripe(&self.users, user).map(move_on);
        }
        for key in &reached.keys {
            self.stripe(&self.keys, key).map(move_on);
        }
    }

    fn of(&self, key: &KeyId, user: UserId) -> Epoch {
        let of_stripe = |stripe: Option<&AtomicU64>| stripe.map_or(0, |stripe| stripe.load(Ordering::SeqCst));
        Epoch {
            everybody: self.everybody.load(Ordering::SeqCst),
            user: of_stripe(self.stripe(&self.users, &user)),
            key: of_stripe(self.stripe(&self.keys, key)),
        }
    }

    fn stripe<'a>(&self, stripes: &'a [AtomicU64], of: &impl Hash) -> Option<&'a AtomicU64> {
        let place = self.hasher.hash_one(of) % STRIPES as u64;
        stripes.get(usize::try_from(place).ok()?)
    }
}

fn move_on(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::SeqCst);
}
