//! The ids behind the names in paths, remembered for a minute. A name that changes hands meanwhile is counted for who
//! had it before; nothing else depends on it.
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, PoisonError},
};

use keyfob_authority::Identified;
use uuid::Uuid;

use super::window::MINUTE;
use crate::app::App;

/// How many names are remembered at a time; further ones are looked up each time.
const MOST: usize = 10_000;

/// What a name is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Naming<'a> {
    User,
    /// A user, perhaps as a member of the organization that this segment names.
    Member(&'a str),
    Organization,
}

/// What a key's bearer finds by a name.
#[derive(Clone, Copy, Debug)]
enum Found {
    Id(Uuid),
    /// Nothing that they may read.
    Nothing,
}

/// The ids behind names, as each key may read them.
#[derive(Debug, Default)]
pub(crate) struct KnownNames {
    known: Mutex<Known>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Known {
    minute: i64,
    /// By the hash of the key, the kind and the name.
    found: HashMap<u64, Found>,
}

impl KnownNames {
    /// The id of what a path segment names, if the bearer of this key may read it.
    pub(super) async fn find(&self, app: &App, of: Naming<'_>, segment: &str, caller: &Identified) -> Option<Uuid> {
        match (of, Uuid::try_parse(segment)) {
            (Naming::User | Naming::Member(_), _) if caller.is_named_by(segment) => return Some(caller.user_id().0),
            // An id names itself, but the nil id names the default organization.
            (_, Ok(id)) if !id.is_nil() => return Some(id),
            _ => {}
        }
        let name = self.hasher.hash_one((caller.key_id().as_str(), of, segment.to_ascii_lowercase()));
        let minute = app.clock().now().as_second().div_euclid(MINUTE);
        match self.recall(name, minute) {
            Some(Found::Id(id)) => return Some(id),
            Some(Found::Nothing) => return None,
            None => {}
        }
        let found = match of {
            Naming::User => user_named(app, segment, caller).await,
            Naming::Member(organization) => match user_named(app, segment, caller).await {
                None => app.authority().member_named(segment, organization, caller).await.map(|id| id.0),
                user => user,
            },
            Naming::Organization => app.authority().organization_named(segment, caller).await.map(|id| id.0),
        };
        self.remember(name, minute, found.map_or(Found::Nothing, Found::Id));
        found
    }

    fn recall(&self, name: u64, minute: i64) -> Option<Found> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.found.get(&name).copied().filter(|_| known.minute == minute)
    }

    fn remember(&self, name: u64, minute: i64, found: Found) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.minute != minute {
            *known = Known { minute, found: HashMap::new() };
        }
        if known.found.len() < MOST {
            known.found.insert(name, found);
        }
    }
}

async fn user_named(app: &App, segment: &str, caller: &Identified) -> Option<Uuid> {
    app.authority().user_named(segment, caller).await.map(|id| id.0)
}
