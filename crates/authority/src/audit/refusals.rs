//! Refusals are gathered before they are recorded: equal ones become one record, and the number of different ones is
//! bounded, so that no client can fill the disk by being refused.
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;
use keyfob_store::{KeyId, OrganizationId, UserId};
use uuid::Uuid;

/// How many different refusals are gathered at a time; the others are counted together.
const MAX_DIFFERENT: usize = 200;

/// A refusal, as far as refusals are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// The user who was refused; none where the request had no valid key.
    pub user: Option<UserId>,
    /// The key of the request.
    pub key: Option<KeyId>,
    /// The address of the client.
    pub address: IpAddr,
    /// `login`, `create`, `read`, ….
    pub action: String,
    /// The type of the object.
    pub resource_type: String,
    /// The organization of the object, where it is known.
    pub organization: Option<OrganizationId>,
    /// The status that the front answered.
    pub status: u16,
}

/// Equal refusals.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The refusal; none stands for all that were too many to be told apart.
    pub refusal: Option<Refusal>,
    /// How many there were.
    pub count: u64,
    /// When the first one was.
    pub first: Timestamp,
    /// When the last one was.
    pub last: Timestamp,
    /// The id of the first request.
    pub request_id: Uuid,
    /// The client's program in the first request.
    pub user_agent: String,
}

/// Refusals that are not recorded yet.
#[derive(Debug, Default)]
pub struct GatheredRefusals(Mutex<HashMap<Option<Refusal>, Gathered>>);

impl GatheredRefusals {
    /// Counts a refusal.
    pub(crate) fn add(&self, refusal: Refusal, now: Timestamp, request_id: Uuid, user_agent: &str) {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = gathered.contains_key(&Some(refusal.clone()));
        let refusal = (is_known || gathered.len() < MAX_DIFFERENT).then_some(refusal);
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
    pub fn take(&self) -> Vec<Gathered> {
        let mut gathered: Vec<_> =
            std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_values().collect();
        gathered.sort_by_key(|gathered| (gathered.first, gathered.request_id));
        gathered
    }

    /// Puts back what could not be recorded; what has come since is added to it.
    pub fn put_back(&self, taken: Vec<Gathered>) {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for older in taken {
            let is_known = gathered.contains_key(&older.refusal);
            let refusal = older.refusal.clone().filter(|_| is_known || gathered.len() < MAX_DIFFERENT);
            match gathered.get_mut(&refusal) {
                Some(newer) => {
                    newer.count = newer.count.saturating_add(older.count);
                    newer.first = newer.first.min(older.first);
                }
                None => drop(gathered.insert(refusal.clone(), Gathered { refusal, ..older })),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16) -> Refusal {
        Refusal {
            user: None,
            key: None,
            address: IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            action: "read".to_owned(),
            resource_type: "user".to_owned(),
            organization: None,
            status,
        }
    }

    /// A disk that stays full must not fill the memory.
    #[test]
    fn what_cannot_be_recorded_stays_bounded_and_counted() {
        let refusals = GatheredRefusals::default();
        for round in 0..5_u16 {
            let taken = refusals.take();
            for status in 0..300 {
                refusals.add(refusal(round * 300 + status), Timestamp::UNIX_EPOCH, Uuid::nil(), "");
            }
            refusals.put_back(taken);
        }
        let kept = refusals.take();
        assert!(kept.len() <= MAX_DIFFERENT + 1, "{}", kept.len());
        assert_eq!(kept.iter().map(|gathered| gathered.count).sum::<u64>(), 1500);
    }
}
