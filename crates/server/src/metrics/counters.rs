//! Counters of one family, each made when it is first counted.
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError, RwLock},
};

use metrics::{Counter, Label};

use super::families::{Families, Family};

/// The counters of a family. Labels are only written for a key that was not counted before.
#[derive(Debug)]
pub(super) struct Counters<K> {
    families: Arc<Families>,
    family: Family,
    known: RwLock<HashMap<K, Counter>>,
}

impl<K: Eq + Hash> Counters<K> {
    /// No counters yet.
    pub(super) fn new(families: Arc<Families>, family: Family) -> Self {
        Self { families, family, known: RwLock::default() }
    }

    /// Counts one more.
    pub(super) fn count(&self, key: K, labels: impl FnOnce() -> Vec<Label>) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = known.get(&key) {
            return counter.increment(1);
        }
        drop(known);
        let counter = self.families.counter(self.family, labels());
        counter.increment(1);
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(key, counter);
    }
}
