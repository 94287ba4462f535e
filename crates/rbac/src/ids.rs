//! Collections by id, with look-ups that allocate nothing.
use std::collections::HashMap;

use foldhash::fast::FixedState;

use uuid::Uuid;

use crate::{Id, OwnedId};

/// A map by id. UUIDs are kept as numbers, because those hash faster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IdMap<T> {
    uuids: HashMap<u128, T, FixedState>,
    /// Ids that are not UUIDs are rare, so they are searched one by one.
    others: Vec<(OwnedId, T)>,
}

impl<T> IdMap<T> {
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.uuids.values().chain(self.others.iter().map(|(_, value)| value))
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.uuids.values_mut().chain(self.others.iter_mut().map(|(_, value)| value))
    }

    pub(crate) fn len(&self) -> usize {
        self.uuids.len() + self.others.len()
    }
}

impl<T> Default for IdMap<T> {
    fn default() -> Self {
        Self { uuids: HashMap::default(), others: Vec::new() }
    }
}

/// In the machine's byte order, which is fastest: the number is never shown.
fn key(id: Uuid) -> u128 {
    u128::from_ne_bytes(id.into_bytes())
}

impl<T> IdMap<T> {
    /// Adds an entry. The map must not have one for this id.
    pub(crate) fn insert(&mut self, id: OwnedId, value: T) {
        match id {
            OwnedId::Uuid(id) => drop(self.uuids.insert(key(id), value)),
            other => self.others.push((other, value)),
        }
    }

    #[inline]
    pub(crate) fn get(&self, id: Id<'_>) -> Option<&T> {
        match id {
            Id::Uuid(id) => self.uuids.get(&key(id)),
            other => self.get_other(other),
        }
    }

    #[cold]
    fn get_other(&self, id: Id<'_>) -> Option<&T> {
        self.others.iter().find(|(known, _)| known.as_id() == id).map(|(_, value)| value)
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.uuids.is_empty() && self.others.is_empty()
    }

    /// All entries, in the order of their ids.
    pub(crate) fn sorted(&self) -> Vec<(OwnedId, &T)> {
        // As UUIDs are ordered: by their first byte first.
        let number = |key: u128| u128::from_be_bytes(key.to_ne_bytes());
        let mut uuids: Vec<_> = self.uuids.iter().map(|(id, value)| (number(*id), value)).collect();
        uuids.sort_unstable_by_key(|(number, _)| *number);
        let mut all: Vec<_> = self.others.iter().map(|(id, value)| (id.clone(), value)).collect();
        all.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
        let texts = all.split_off(all.partition_point(|(id, _)| *id == OwnedId::None));
        all.extend(uuids.into_iter().map(|(number, value)| (OwnedId::Uuid(Uuid::from_u128(number)), value)));
        all.extend(texts);
        all
    }
}

/// A set of ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct IdSet(IdMap<()>);

impl IdSet {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn insert(&mut self, id: OwnedId) {
        self.0.insert(id, ());
    }

    #[inline]
    pub(crate) fn contains(&self, id: Id<'_>) -> bool {
        self.0.get(id).is_some()
    }

    /// All ids, in order.
    pub(crate) fn sorted(&self) -> Vec<OwnedId> {
        self.0.sorted().into_iter().map(|(id, ())| id).collect()
    }
}

impl FromIterator<OwnedId> for IdSet {
    fn from_iter<I: IntoIterator<Item = OwnedId>>(ids: I) -> Self {
        let mut set = Self::default();
        ids.into_iter().for_each(|id| set.insert(id));
        set
    }
}
