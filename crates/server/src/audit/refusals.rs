//! Refusals are gathered before they are recorded: equal ones become one record, and there are only so many of them, so
//! that nobody can fill the disk by being refused.
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use keyfob_store::{KeyId, OrganizationId, UserId};
use uuid::Uuid;

/// How many different refusals are gathered at a time; the others are counted together.
const MOST: usize = 200;

/// What makes refusals equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Refusal {
    /// Whose; none where nobody was signed in.
    pub(crate) user: Option<UserId>,
    /// With which key.
    pub(crate) key: Option<KeyId>,
    pub(crate) address: IpAddr,
    /// `login`, `create`, `read`, ….
    pub(crate) action: String,
    pub(crate) resource_type: String,
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) status: u16,
}

/// Equal refusals.
#[derive(Clone, Debug)]
pub(crate) struct Gathered {
    /// None stands for all that were too different to be told apart.
    pub(crate) refusal: Option<Refusal>,
    pub(crate) count: u64,
    pub(crate) first: Timestamp,
    pub(crate) last: Timestamp,
    /// The first request's id and program.
    pub(crate) request_id: Uuid,
    pub(crate) user_agent: String,
}

/// Refusals that are not recorded yet.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<HashMap<Option<Refusal>, Gathered>>);

impl Refusals {
    /// Counts a refusal.
    pub(crate) fn add(&self, refusal: Refusal, now: Timestamp, request_id: Uuid, user_agent: &str) {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = gathered.contains_key(&Some(refusal.clone()));
        let refusal = (is_known || gathered.len() < MOST).then_some(refusal);
        let entry = gathered.entry(refusal.clone()).or_insert_with(|| Gathered {
            refusal,
            count: 0,
            first: now,
            last: now,
            request_id,
            user_agent: user_agent.to_owned(),
        });
        entry.count = entry.count.saturating_add(1);
        entry.last = now;
    }

    /// Takes what was gathered, in the order in which it began.
    pub(crate) fn take(&self) -> Vec<Gathered> {
        let mut gathered: Vec<_> =
            std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_values().collect();
        gathered.sort_by_key(|gathered| (gathered.first, gathered.request_id));
        gathered
    }

    /// Puts back what could not be recorded; what has come since is added to it.
    pub(crate) fn put_back(&self, taken: Vec<Gathered>) {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for older in taken {
            match gathered.get_mut(&older.refusal) {
                Some(newer) => {
                    newer.count = newer.count.saturating_add(older.count);
                    newer.first = older.first;
                }
                None => {
                    gathered.insert(older.refusal.clone(), older);
                }
            }
        }
    }
}
