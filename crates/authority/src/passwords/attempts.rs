//! A bound on guessing: after so many wrong passwords in a row, no password of the account is checked for a while
//! (NIST SP 800-63B, section 5.2.2; at most 100 failures).
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use keyfob_store::{AttemptBounds, fold_identifier};
use sha2::{Digest as _, Sha256};

/// How many wrong passwords in a row there may be, and how long no other is checked then.
pub(crate) const BOUNDS: AttemptBounds = AttemptBounds { failures: 100, pause: SignedDuration::from_hours(1) };
/// How many addresses without an account are remembered.
const MOST_ADDRESSES: usize = 10_000;

/// Sign-ins with addresses that no user has. They are bounded like all others, so that guessing shows no difference.
/// Only so many are remembered, and not over a restart.
#[derive(Debug, Default)]
pub(crate) struct UnknownAccountAttempts(Mutex<HashMap<[u8; 32], Failures>>);

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Timestamp,
}

impl UnknownAccountAttempts {
    /// Counts an attempt with an address that no user has. During a pause it answers when that ends, and counts
    /// nothing.
    pub(crate) fn attempt(&self, address: &str, now: Timestamp) -> Option<Timestamp> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key: [u8; 32] = Sha256::digest(fold_identifier(address)).into();
        if !known.contains_key(&key) && known.len() >= MOST_ADDRESSES {
            let oldest = known.iter().min_by_key(|(_, failures)| failures.last).map(|(key, _)| *key);
            oldest.and_then(|oldest| known.remove(&oldest));
        }
        let failures = known.entry(key).or_insert(Failures { count: 0, last: now });
        if let Some(until) = BOUNDS.refused_until(failures.count, failures.last, now) {
            return Some(until);
        }
        *failures = Failures { count: failures.count.saturating_add(1), last: now };
        None
    }
}
