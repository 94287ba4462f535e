//! Permissions, compiled: one bit for each type and action.
use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use crate::{Action, Catalogue, Permission, ResourceType};

/// The vote of permissions on an action at one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vote {
    /// A negative permission matches.
    Deny,
    /// No permission matches.
    Abstain,
    /// A positive permission matches, and no negative one.
    Allow,
}

/// The votes on all actions of one type, a bit for each.
///
/// INVARIANT: no bit is set in both numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    allow: u64,
    deny: u64,
}

impl Row {
    #[inline]
    pub(crate) fn vote(self, action: Action) -> Vote {
        if self.allow & action.bit() != 0 {
            Vote::Allow
        } else if self.deny & action.bit() != 0 {
            Vote::Deny
        } else {
            Vote::Abstain
        }
    }

    fn add(&mut self, bits: u64, negate: bool) {
        if negate {
            self.deny |= bits;
        } else {
            self.allow |= bits;
        }
        self.allow &= !self.deny;
    }

    /// For each action, the higher of the two votes.
    fn higher(self, other: Self) -> Self {
        Self { allow: self.allow | other.allow, deny: self.deny & other.deny }
    }
}

/// The permissions of one level: a row for each type; the first row is for types that are not in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows(Box<[Row]>);

impl Rows {
    pub(crate) fn compile<'a>(catalogue: &Catalogue, permissions: impl IntoIterator<Item = &'a Permission>) -> Self {
        let mut rows = vec![Row::default(); catalogue.rows()];
        for permission in permissions.into_iter().filter(|permission| permission.is_known(catalogue)) {
            let bits = permission.action.map_or(u64::MAX, Action::bit);
            let add = |row: &mut Row| row.add(bits, permission.negate);
            match permission.resource_type {
                None => rows.iter_mut().for_each(add),
                Some(of) => rows.get_mut(of.row()).into_iter().for_each(add),
            }
        }
        Self(rows.into())
    }

    pub(crate) fn allows(&self, action: Action, of: ResourceType) -> bool {
        self.0.get(of.row()).is_some_and(|row| row.vote(action) == Vote::Allow)
    }

    /// Whether the other rows allow everything that these allow.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(own, other)| own.allow & !other.allow == 0)
    }

    /// The number of allowed bits.
    pub(crate) fn size(&self) -> u32 {
        self.0.iter().map(|row| row.allow.count_ones()).sum()
    }
}

/// The votes of one side, roles or scopes, in one place: on all objects there, and on the subject's own.
///
/// In an organization these are the levels organization and member; outside of organizations, site and user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Pair {
    pub(crate) all: Row,
    pub(crate) own: Row,
}

/// The votes of both sides on one type in one place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Sides {
    pub(crate) roles: Pair,
    pub(crate) scope: Pair,
}

impl Sides {
    /// The votes of four levels: roles on all and on own objects, then scopes.
    pub(crate) fn of(levels: [Rows; 4]) -> Box<[Self]> {
        let [roles_all, roles_own, scope_all, scope_own] = levels.map(|rows| rows.0.into_iter());
        let roles = roles_all.zip(roles_own).map(|(all, own)| Pair { all, own });
        let scope = scope_all.zip(scope_own).map(|(all, own)| Pair { all, own });
        roles.zip(scope).map(|(roles, scope)| Self { roles, scope }).collect()
    }

    /// For each action, the higher of the two votes.
    pub(crate) fn higher(self, other: &Self) -> Self {
        Self { roles: self.roles.higher(other.roles), scope: self.scope.higher(other.scope) }
    }
}

impl Pair {
    fn higher(self, other: Self) -> Self {
        Self { all: self.all.higher(other.all), own: self.own.higher(other.own) }
    }
}

/// The permitted actions in one place, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Permitted {
    /// On objects of others.
    others: u64,
    /// On the subject's own objects.
    own: u64,
}

impl Permitted {
    #[inline]
    pub(crate) fn allows(self, action: Action, owned: bool) -> bool {
        (if owned { self.own } else { self.others }) & action.bit() != 0
    }
}

/// The result of the votes on one type in one place, computed beforehand, so that a decision only tests a bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(align(32))]
pub(crate) struct Cell {
    /// What both roles and scopes permit.
    pub(crate) permitted: Permitted,
    /// What scopes alone permit, for access lists, which replace the roles' permission.
    pub(crate) by_scope: Permitted,
    /// The votes themselves, for explanations.
    pub(crate) votes: Sides,
}

/// A place, which decides which votes on own objects count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Whether objects there are in no organization, so that the user level counts.
    pub(crate) is_outside: bool,
    /// Whether the subject can own objects there at the member level.
    pub(crate) has_members_own: bool,
}

/// The cells of all types in one place.
#[derive(Clone, Debug)]
pub(crate) struct Table(Arc<[Cell]>);

impl PartialEq for Table {
    /// Shared tables are equal without a look at their cells.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Table {
    /// Where the table is in memory: the same for all that share it.
    pub(crate) fn place(&self) -> *const Cell {
        self.0.as_ptr()
    }

    /// How many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }

    /// How many share it.
    pub(crate) fn owners(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// The table for objects outside of organizations, or in one that the subject is not a member of.
    pub(crate) fn outside(everywhere: &[Sides]) -> Self {
        let place = Place { is_outside: true, has_members_own: false };
        Self(
            everywhere.iter().map(|votes| Cell { votes: *votes, ..Cell::of(votes, Sides::default(), place) }).collect(),
        )
    }

    /// The table for an organization that the subject is a member of.
    pub(crate) fn inside(everywhere: &[Sides], there: &[Sides], place: Place) -> Self {
        Self(everywhere.iter().zip(there).map(|(everywhere, there)| Cell::of(everywhere, *there, place)).collect())
    }

    #[inline]
    pub(crate) fn cell(&self, of: ResourceType) -> &Cell {
        self.0.get(of.row()).unwrap_or(NOTHING)
    }
}

/// Tables that many subjects share, because most users have the same roles, and most tokens the same scopes.
///
/// # Examples
/// ```
/// use keyfob_rbac::{Catalogue, Id, Scope, SharedTables, Subject};
///
/// let (catalogue, tables) = (Catalogue::built_in(), SharedTables::default());
/// let subject = |name| Subject::compile(&catalogue, Id::from(name), &[], &[], &Scope::everything()).sharing(&tables);
/// let (amy, bob) = (subject("amy"), subject("bob"));
/// assert!(amy.own_bytes() < amy.bytes() && bob.own_bytes() < bob.bytes());
/// ```
#[derive(Default)]
pub struct SharedTables {
    hasher: RandomState,
    known: Mutex<KnownTables>,
}

#[derive(Default)]
struct KnownTables {
    by_hash: HashMap<u64, Vec<Weak<[Cell]>>>,
    /// How many there may be before those are looked for that nothing uses any more.
    limit: usize,
}

impl fmt::Debug for SharedTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedTables").finish_non_exhaustive()
    }
}

impl SharedTables {
    /// The same table, in the one place of all that are equal to it.
    pub(crate) fn share(&self, table: Table) -> Table {
        let hash = self.hasher.hash_one(&table.0);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let same = known.by_hash.get(&hash).into_iter().flatten().filter_map(Weak::upgrade);
        if let Some(same) = same.into_iter().find(|known| **known == *table.0) {
            return Table(same);
        }
        known.by_hash.entry(hash).or_default().push(Arc::downgrade(&table.0));
        known.forget_unused();
        table
    }
}

impl KnownTables {
    fn forget_unused(&mut self) {
        const FEW: usize = 256;
        if self.by_hash.len() > self.limit.max(FEW) {
            self.by_hash.retain(|_, tables| {
                tables.retain(|table| table.strong_count() > 0);
                !tables.is_empty()
            });
            self.limit = self.by_hash.len().saturating_mul(2);
        }
    }
}

const ABSTAINING: Pair = Pair { all: Row { allow: 0, deny: 0 }, own: Row { allow: 0, deny: 0 } };
const NONE: Permitted = Permitted { others: 0, own: 0 };
/// The cell of a type that is not in the catalogue.
const NOTHING: &Cell = &Cell { permitted: NONE, by_scope: NONE, votes: Sides { roles: ABSTAINING, scope: ABSTAINING } };

impl Cell {
    fn of(everywhere: &Sides, there: Sides, place: Place) -> Self {
        let roles = outcome(everywhere.roles, there.roles, place);
        let by_scope = outcome(everywhere.scope, there.scope, place);
        let permitted = Permitted { others: roles.others & by_scope.others, own: roles.own & by_scope.own };
        Self { permitted, by_scope, votes: there }
    }
}

/// The cascade of levels, for all actions at once.
fn outcome(everywhere: Pair, there: Pair, place: Place) -> Permitted {
    let site = |lower: u64| everywhere.all.allow | !everywhere.all.deny & lower;
    let user = if place.is_outside { everywhere.own.allow } else { 0 };
    let member = if place.has_members_own { there.own.allow & !there.all.deny } else { 0 };
    Permitted { others: site(there.all.allow), own: site(user | there.all.allow | member) }
}
