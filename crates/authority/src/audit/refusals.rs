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
pub struct Refusal {
    /// Whose; none where nobody was signed in.
    pub user: Option<UserId>,
    /// With which key.
    pub key: Option<KeyId>,
    pub address: IpAddr,
    /// `login`, `create`, `read`, ….
    pub action: String,
    pub resource_type: String,
    pub organization: Option<OrganizationId>,
    pub status: u16,
}

/// Equal refusals.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// None stands for all that were too different to be told apart.
    pub refusal: Option<Refusal>,
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    /// The first request's id and program.
    pub request_id: Uuid,
    pub user_agent: String,
}

/// Refusals that are not recorded yet.
#[derive(Debug, Default)]
pub struct GatheredRefusals(Mutex<HashMap<Option<Refusal>, Gathered>>);

impl GatheredRefusals {
    /// Counts a refusal.
    pub fn add(&self, refusal: Refusal, now: Timestamp, request_id: Uuid, user_agent: &str) {
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
            let refusal = older.refusal.clone().filter(|_| is_known || gathered.len() < MOST);
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
        assert!(kept.len() <= MOST + 1, "{}", kept.len());
        assert_eq!(kept.iter().map(|gathered| gathered.count).sum::<u64>(), 1500);
    }
}
