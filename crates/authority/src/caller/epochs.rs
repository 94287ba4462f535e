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
pub(crate) struct Epochs<C = AtomicU64> {
    /// Moves on before any other: a fill that it does not move on during has read one state.
    changes: C,
    everybody: C,
    users: Box<[C]>,
    keys: Box<[C]>,
    hasher: RandomState,
}

/// A number that only grows, and that all threads see alike.
pub(crate) trait Counter: Default {
    fn now(&self) -> u64;
    fn move_on(&self);
}

impl Counter for AtomicU64 {
    fn now(&self) -> u64 {
        self.load(Ordering::SeqCst)
    }

    fn move_on(&self) {
        self.fetch_add(1, Ordering::SeqCst);
    }
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
        Self::with_stripes(STRIPES)
    }
}

impl<C: Counter> Epochs<C> {
    fn with_stripes(count: usize) -> Self {
        let stripes = || std::iter::repeat_with(C::default).take(count).collect();
        Self {
            changes: C::default(),
            everybody: C::default(),
            users: stripes(),
            keys: stripes(),
            hasher: RandomState::new(),
        }
    }

    /// The changes so far; taken before the rights of a key are read.
    pub(crate) fn changes(&self) -> Changes {
        Changes(self.changes.now())
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
        self.changes.move_on();
        if reached.everybody {
            self.everybody.move_on();
        }
        for user in &reached.users {
            self.stripe(&self.users, user).map(C::move_on);
        }
        for key in &reached.keys {
            self.stripe(&self.keys, key).map(C::move_on);
        }
    }

    fn of(&self, key: &KeyId, user: UserId) -> Epoch {
        let of_stripe = |stripe: Option<&C>| stripe.map_or(0, C::now);
        Epoch {
            everybody: self.everybody.now(),
            user: of_stripe(self.stripe(&self.users, &user)),
            key: of_stripe(self.stripe(&self.keys, key)),
        }
    }

    fn stripe<'a>(&self, stripes: &'a [C], of: &impl Hash) -> Option<&'a C> {
        let place = self.hasher.hash_one(of) % u64::try_from(stripes.len()).ok()?;
        stripes.get(usize::try_from(place).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// How many interleavings of threads are tried.
    const INTERLEAVINGS: usize = 20_000;

    /// A counter whose every step may be interleaved with those of other threads.
    #[derive(Default)]
    struct Interleaved(shuttle::sync::atomic::AtomicU64);

    impl Counter for Interleaved {
        fn now(&self) -> u64 {
            self.0.load(Ordering::SeqCst)
        }

        fn move_on(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The database has 1 before a change, and 2 after it. Once the change is answered, a key that was read before it is
    /// found by no thread, whether the change was of the key, of its owner or of everybody.
    #[test]
    fn a_fill_that_races_with_a_change_is_not_found_afterwards() {
        let reached = |users: &[UserId], keys: &[KeyId], everybody| Reached {
            users: users.iter().copied().collect(),
            keys: keys.iter().cloned().collect(),
            everybody,
        };
        let key = || KeyId::parse("abcdefghij").unwrap();
        let user = UserId(uuid::Uuid::from_u128(7));
        for change in [reached(&[], &[key()], false), reached(&[user], &[], false), reached(&[], &[], true)] {
            let (found_old, found_new) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
            let counts = (Arc::clone(&found_old), Arc::clone(&found_new));
            shuttle::check_random(move || race(&change, &key(), user, &counts), INTERLEAVINGS);
            for found in [found_old, found_new] {
                assert!(found.load(Ordering::Relaxed) > 0, "some are found before the change, and some after it");
            }
        }
    }

    /// A fill, a change and a look-up, each in a thread of its own.
    fn race(change: &Reached, key: &KeyId, user: UserId, (old, new): &(Arc<AtomicU64>, Arc<AtomicU64>)) {
        use shuttle::{
            sync::{Mutex, atomic::AtomicBool},
            thread,
        };
        let epochs = Arc::new(Epochs::<Interleaved>::with_stripes(1));
        let (database, kept) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(None)));
        let is_answered = Arc::new(AtomicBool::new(false));

        let filling = thread::spawn({
            let (epochs, database, kept, key) =
                (Arc::clone(&epochs), Arc::clone(&database), Arc::clone(&kept), key.clone());
            move || {
                let began = epochs.changes();
                let read = *database.lock().unwrap();
                *kept.lock().unwrap() = epochs.since(began, &key, user).map(|epoch| (epoch, read));
            }
        });
        let changing = thread::spawn({
            let (epochs, is_answered, change) = (Arc::clone(&epochs), Arc::clone(&is_answered), change.clone());
            move || {
                *database.lock().unwrap() = 2;
                epochs.announce(&change);
                is_answered.store(true, Ordering::SeqCst);
            }
        });
        let find = |_| {
            let is_answered = is_answered.load(Ordering::SeqCst);
            let found = *kept.lock().unwrap();
            let found = found.filter(|(epoch, _)| epochs.is_current(*epoch, key, user)).map(|(_, value)| value);
            assert!(found != Some(1) || !is_answered, "a key from before the change was found after its answer");
            match found {
                Some(1) => old.fetch_add(1, Ordering::Relaxed),
                Some(_) => new.fetch_add(1, Ordering::Relaxed),
                None => 0,
            }
        };
        (0..3).map(find).for_each(drop);
        filling.join().unwrap();
        changing.join().unwrap();
        find(3);
    }

    #[test]
    fn a_change_of_one_concerns_no_other() {
        let epochs: Epochs = Epochs::default();
        let key = |text: &str| KeyId::parse(text).unwrap();
        let user = UserId(uuid::Uuid::from_u128(7));
        let own = epochs.of(&key("abcdefghij"), user);
        let other = (0..100).map(|number| key(&format!("abcdefgh{number:02}"))).find(|other| {
            let stripe = |key| std::ptr::from_ref(epochs.stripe(&epochs.keys, key).unwrap());
            stripe(other) != stripe(&key("abcdefghij"))
        });
        epochs.announce(&Reached { keys: [other.unwrap()].into(), ..Reached::default() });
        assert!(epochs.is_current(own, &key("abcdefghij"), user));
        epochs.announce(&Reached { users: [user].into(), ..Reached::default() });
        assert!(!epochs.is_current(own, &key("abcdefghij"), user));
    }
}
