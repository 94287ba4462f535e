//! What keys in memory have in common: the owner, and the rights of keys with the same scopes and allow list.
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use keyfob_store::UserId;

use super::presented::{KeyRights, Owner};

/// With how many values the unused ones are removed first.
const FIRST_SWEEP: usize = 1024;

/// The owners and rights that keys in memory use. It holds weak references alone.
#[derive(Default)]
pub(crate) struct SharedRights {
    hasher: RandomState,
    owners: Mutex<Known<UserId, Owner>>,
    rights: Mutex<Known<u64, KeyRights>>,
}

/// Values by their keys: of several with the same key, the latest.
struct Known<K, V> {
    values: HashMap<K, Weak<V>>,
    sweep_at: usize,
}

impl<K, V> Default for Known<K, V> {
    fn default() -> Self {
        Self { values: HashMap::new(), sweep_at: FIRST_SWEEP }
    }
}

impl<K: std::hash::Hash + Eq, V: PartialEq> Known<K, V> {
    /// The value that is in use, if it is equal; else this one.
    fn share(&mut self, key: K, value: V) -> Arc<V> {
        if let Some(used) = self.values.get(&key).and_then(Weak::upgrade).filter(|used| **used == value) {
            return used;
        }
        if self.values.len() >= self.sweep_at {
            self.values.retain(|_, value| value.strong_count() > 0);
            self.sweep_at = FIRST_SWEEP.max(2 * self.values.len());
        }
        let value = Arc::new(value);
        self.values.insert(key, Arc::downgrade(&value));
        value
    }
}

impl SharedRights {
    /// Returns the owner and the rights, as one with those of other keys in memory that are equal.
    pub(super) fn share(&self, owner: Owner, rights: KeyRights) -> (Arc<Owner>, Arc<KeyRights>) {
        let (user, key) = (owner.user.id, self.key_of(owner.user.id, &rights));
        let owner = self.owners.lock().unwrap_or_else(PoisonError::into_inner).share(user, owner);
        let rights = self.rights.lock().unwrap_or_else(PoisonError::into_inner).share(key, rights);
        (owner, rights)
    }

    /// A number for the rights of a user's keys with the same scopes and allow list.
    fn key_of(&self, user: UserId, rights: &KeyRights) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        user.hash(&mut hasher);
        rights.scopes.hash(&mut hasher);
        for entry in rights.allow_list.entries() {
            entry.hash(&mut hasher);
        }
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use keyfob_rbac::{AllowList, Catalogue, Id, Scope, Subject};
    use uuid::Uuid;

    use super::*;
    use crate::caller::{KeyTexts, amy};

    fn of_amy(catalogue: &Arc<Catalogue>, organizations: u128, scope: &str, allow: &str) -> (Owner, KeyRights) {
        let user = amy(UserId(Uuid::from_u128(7)));
        let scopes = vec![catalogue.scope(scope).unwrap()];
        let allow_list = AllowList::parse(catalogue, &[allow]).unwrap();
        let expanded = Scope::expand(catalogue, &scopes).unwrap().restricted_to(&allow_list);
        let subject = Arc::new(Subject::compile(catalogue, Id::from(user.id.0), &[], &[], &expanded));
        let organizations = (0..organizations).map(|n| keyfob_store::OrganizationId(Uuid::from_u128(n))).collect();
        (
            Owner::of(user, organizations),
            KeyRights {
                texts: KeyTexts::default(),
                scopes,
                allow_list,
                subject,
                shown: crate::caller::Shown::default(),
            },
        )
    }

    #[test]
    fn keys_share_what_is_equal_and_nothing_else() {
        let (catalogue, shared) = (Catalogue::built_in(), SharedRights::default());
        let share = |organizations, scope, allow| {
            let (owner, rights) = of_amy(&catalogue, organizations, scope, allow);
            shared.share(owner, rights)
        };
        let (owner, rights) = share(1, "workspace:read", "*:*");
        let (same_owner, same_rights) = share(1, "workspace:read", "*:*");
        assert!(Arc::ptr_eq(&owner, &same_owner) && Arc::ptr_eq(&rights, &same_rights));
        for (scope, allow) in [("workspace:ssh", "*:*"), ("workspace:read", "workspace:*")] {
            let (same_owner, other) = share(1, scope, allow);
            assert!(Arc::ptr_eq(&owner, &same_owner) && !Arc::ptr_eq(&rights, &other), "{scope} {allow}");
        }
        // When a user was seen is known to each key by itself.
        let (mut seen, rights_then) = of_amy(&catalogue, 1, "workspace:read", "*:*");
        (seen.user.last_seen_at, seen.user.updated_at) = (Some(Timestamp::MAX), Timestamp::MAX);
        assert!(Arc::ptr_eq(&owner, &shared.share(seen, rights_then).0));
        let (mut renamed, rights_then) = of_amy(&catalogue, 1, "workspace:read", "*:*");
        "ben".clone_into(&mut renamed.user.username);
        assert!(!Arc::ptr_eq(&owner, &shared.share(renamed, rights_then).0));
        // A user who is a member of another organization meanwhile is another owner, from then on.
        let (moved, _) = share(2, "workspace:read", "*:*");
        let (moved_again, _) = share(2, "workspace:read", "*:*");
        assert!(!Arc::ptr_eq(&owner, &moved) && Arc::ptr_eq(&moved, &moved_again));
    }

    #[test]
    fn what_nothing_uses_any_more_is_forgotten() {
        let mut known = Known::default();
        let kept = known.share(0, 0);
        for n in 1..10 * FIRST_SWEEP {
            known.share(n, n);
        }
        assert!(known.values.len() <= 2 * FIRST_SWEEP && Arc::ptr_eq(&known.share(0, 0), &kept));
    }
}
