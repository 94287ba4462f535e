//! Whose rights a unit of work changes: what is remembered of them in memory ends with its commit.
use std::collections::BTreeSet;

use crate::{KeyId, UserId};

/// How far a change of a row concerns what callers may do, or what is shown of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nobody's rights.
    Nobody,
    /// Those of a key.
    Key(KeyId),
    /// Those of a user, and of all of the user's keys.
    User(UserId),
    /// Those of all.
    Everybody,
}

/// Whose rights a unit of work has changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Everybody's.
    pub everybody: bool,
    /// Those of these users.
    pub users: BTreeSet<UserId>,
    /// Those of these keys.
    pub keys: BTreeSet<KeyId>,
}

impl Reached {
    /// Whether nobody's rights were changed.
    pub fn is_nobody(&self) -> bool {
        !self.everybody && self.users.is_empty() && self.keys.is_empty()
    }

    pub(crate) fn add(&mut self, reach: Reach) {
        match reach {
            Reach::Nobody => {}
            Reach::Key(key) => drop(self.keys.insert(key)),
            Reach::User(user) => drop(self.users.insert(user)),
            Reach::Everybody => self.everybody = true,
        }
    }
}
