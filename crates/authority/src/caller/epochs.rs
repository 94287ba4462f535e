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

#[cfg(test)]
mod tests {
    use super::*;

    /// One of two that run at the same time, as steps that cannot be divided.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Step {
        Fill(u8),
        Change(u8),
    }

    /// All orders of three steps of one and four of the other.
    fn orders(fill: u8, change: u8) -> Vec<Vec<Step>> {
        let mut all = Vec::new();
        if fill < 3 {
            all.extend(orders(fill + 1, change).into_iter().map(|rest| [vec![Step::Fill(fill)], rest].concat()));
        }
        if change < 4 {
            all.extend(orders(fill, change + 1).into_iter().map(|rest| [vec![Step::Change(change)], rest].concat()));
        }
        if all.is_empty() { vec![Vec::new()] } else { all }
    }

    /// The database has 1 before the change and 2 after it. Whatever the order of a fill and a change of the key, of its
    /// owner or of everybody: once the change is announced, 1 is found by nobody.
    #[test]
    fn a_fill_that_races_with_a_change_is_not_found_afterwards() {
        let (key, user) = (KeyId::parse("abcdefghij").unwrap(), UserId(uuid::Uuid::from_u128(7)));
        let mut kept_new = 0;
        for order in orders(0, 0) {
            for target in ["key", "user", "everybody"] {
                let epochs = Epochs::default();
                let counter = match target {
                    "key" => epochs.stripe(&epochs.keys, &key).unwrap(),
                    "user" => epochs.stripe(&epochs.users, &user).unwrap(),
                    _ => &epochs.everybody,
                };
                let (mut database, mut began, mut read, mut kept) = (1, None, None, None);
                for step in &order {
                    match step {
                        Step::Fill(0) => began = Some(epochs.changes()),
                        Step::Fill(1) => read = Some(database),
                        Step::Fill(_) => {
                            kept = epochs.since(began.unwrap(), &key, user).map(|epoch| (epoch, read.unwrap()));
                        }
                        Step::Change(0) => database = 2,
                        // What `announce` does, one by one.
                        Step::Change(1) => move_on(&epochs.changes),
                        Step::Change(2) => move_on(counter),
                        Step::Change(_) => {}
                    }
                }
                let found = kept.filter(|(epoch, _)| epochs.is_current(*epoch, &key, user)).map(|(_, value)| value);
                assert_ne!(found, Some(1), "{target} {order:?}");
                kept_new += u32::from(found == Some(2));
            }
        }
        assert!(kept_new > 0, "some fills come after the change");
    }

    #[test]
    fn a_change_of_one_concerns_no_other() {
        let epochs = Epochs::default();
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
