//! Keys as the database of the simulation has them, and what may not become of them.
use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use jiff::{SignedDuration, Timestamp};
use keyfob_store::{ApiKey, KeyId, KeyLoginType, KeyUse, Origin};
use serde::{Deserialize, Serialize};

use super::{LIFETIME, MOST_SKEW};
use crate::caller::presented_by_amy;

/// The row of a key.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    id: String,
    /// Whether it is a session, which slides.
    slides: bool,
    last_used: Timestamp,
    address: IpAddr,
    expires_at: Timestamp,
    is_revoked: bool,
}

impl Row {
    /// A key that is minted now.
    pub(super) fn new(id: String, slides: bool, now: Timestamp) -> Self {
        let expires_at = if slides { now + LIFETIME } else { Timestamp::MAX };
        let (last_used, address) = (Timestamp::UNIX_EPOCH, [127, 0, 0, 1].into());
        Self { id, slides, last_used, address, expires_at, is_revoked: false }
    }

    /// Revokes the key as the program does; `outlives` says whether it lives on by a use that waits. Says whether it did.
    pub(super) fn revoke(&mut self, now: Timestamp, outlives: bool) -> bool {
        if self.is_revoked {
            return false;
        }
        if self.expires_at > now || outlives {
            self.expires_at = now;
        }
        self.is_revoked = true;
        true
    }

    /// Writes a use; says whether it did.
    pub(super) fn write(&mut self, used: &Use) -> bool {
        let mut key = self.key();
        let is_noted = used.to_store().apply(&mut key);
        (self.last_used, self.address) = (key.last_used, key.origin.ip_address);
        (self.expires_at, self.is_revoked) = (key.expires_at, key.is_revoked);
        is_noted
    }

    /// The key, as the program has it.
    pub(super) fn key(&self) -> ApiKey {
        ApiKey {
            login_type: if self.slides { KeyLoginType::Password } else { KeyLoginType::Token },
            lifetime_seconds: LIFETIME.as_secs(),
            last_used: self.last_used,
            expires_at: self.expires_at,
            is_revoked: self.is_revoked,
            origin: Origin { ip_address: self.address, user_agent: String::new() },
            ..presented_by_amy(KeyId::parse(&self.id).unwrap()).key
        }
    }
}

/// A use of a key, on its way.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Use {
    pub(super) id: String,
    last_used: Timestamp,
    address: IpAddr,
    seen_expires_at: Timestamp,
    expires_at: Timestamp,
}

impl Use {
    pub(super) fn of(used: &KeyUse) -> Self {
        Self {
            id: used.id.as_str().to_owned(),
            last_used: used.last_used,
            address: used.origin.ip_address,
            seen_expires_at: used.seen_expires_at,
            expires_at: used.expires_at,
        }
    }

    fn to_store(&self) -> KeyUse {
        KeyUse {
            id: KeyId::parse(&self.id).unwrap(),
            last_used: self.last_used,
            origin: Origin { ip_address: self.address, user_agent: String::new() },
            seen_expires_at: self.seen_expires_at,
            expires_at: self.expires_at,
        }
    }
}

/// What a replica answered to a use of a key.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) key: String,
    pub(super) invoked: Duration,
    pub(super) until: Duration,
    pub(super) what: Claim,
}

/// What an answer says of the end of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// It has not come, and if the key is a session, moves on.
    Lives,
    /// It has come by itself.
    Ended,
    /// Nothing, but the key may have been used, or minted.
    Unknown,
}

/// The rows of all keys, with when each became what it is.
#[derive(Debug, Default)]
pub(super) struct Written(BTreeMap<String, Vec<(Duration, Row)>>);

impl Written {
    pub(super) fn get(&self, key: &str) -> Option<&Row> {
        self.0.get(key)?.last().map(|(_, row)| row)
    }

    pub(super) fn put(&mut self, at: Duration, row: Row) {
        self.0.entry(row.id.clone()).or_default().push((at, row));
    }

    /// How often a session slid.
    pub(super) fn slides(&self) -> usize {
        let pairs = self.0.values().flat_map(|rows| rows.windows(2));
        pairs.filter(|pair| pair[1].1.expires_at > pair[0].1.expires_at).count()
    }

    /// What may not have happened to the rows, nor been answered: see [`went_back`], [`ended_early`] and [`lived_on`].
    pub(super) fn violations(&self, answers: &[Answered]) -> Vec<String> {
        let mut found = Vec::new();
        for (key, rows) in &self.0 {
            let of_key: Vec<&Answered> = answers.iter().filter(|answer| answer.key == *key).collect();
            let pairs = rows.windows(2).map(|pair| (&pair[0].1, &pair[1].1));
            found.extend(pairs.filter_map(|(old, new)| went_back(old, new)));
            found.extend(of_key.iter().filter_map(|answer| ended_early(rows, answer)));
            if rows.iter().all(|(_, row)| row.slides) {
                found.extend(of_key.iter().filter_map(|answer| lived_on(&of_key, answer)));
            }
        }
        found
    }
}

/// What is written of a key stays, unless it goes on or the key is revoked; what is revoked stays as it is.
fn went_back(old: &Row, new: &Row) -> Option<String> {
    let what = if old.is_revoked && old != new {
        "a revoked key changed"
    } else if new.last_used < old.last_used {
        "the last use went back"
    } else if new.expires_at < old.expires_at && !new.is_revoked {
        "the end went back"
    } else {
        return None;
    };
    Some(format!("{what}: {old:?}, then {new:?}"))
}

/// A key does not end before the end that was written when it was asked for.
fn ended_early(rows: &[(Duration, Row)], answer: &Answered) -> Option<String> {
    let (_, row) = rows.iter().rev().find(|(at, _)| *at <= answer.invoked)?;
    let is_early = row.expires_at > wall(answer.until) + MOST_SKEW && !row.is_revoked;
    (answer.what == Claim::Ended && is_early).then_some(format!("ended early: {answer:?} of {row:?}"))
}

/// A session that nobody uses ends: all clocks may be wrong, both of who let it slide and of who looks at its end.
fn lived_on(of_key: &[&Answered], answer: &Answered) -> Option<String> {
    if answer.what != Claim::Lives {
        return None;
    }
    let others = of_key.iter().filter(|other| other.what != Claim::Ended && !std::ptr::eq(**other, answer));
    let last = others.filter(|other| other.invoked <= answer.until).map(|other| other.until).max()?;
    let end = wall(last) + LIFETIME + MOST_SKEW + MOST_SKEW;
    (wall(answer.invoked) >= end).then_some(format!("lived on: {answer:?}, last used by {last:?}"))
}

/// What a clock that is right shows.
pub(super) fn wall(elapsed: Duration) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000) + SignedDuration::try_from(elapsed).unwrap()
}
