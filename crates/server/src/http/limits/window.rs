//! Counting over the last minute: the count of the minute before counts by the part of that minute which is less than a
//! minute ago.
use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;

use super::{Counter, address::Address, names::KnownNames};

/// The length of a window, in seconds.
pub(super) const MINUTE: i64 = 60;
/// How many counters are kept apart.
const MOST: usize = 100_000;
/// How many are shared by all further clients once so many are kept.
const SHARED: u64 = 1024;

/// The counters of all requests of the last two minutes.
#[derive(Debug, Default)]
pub(crate) struct RateWindows {
    counters: Mutex<Counters>,
    hasher: RandomState,
    names: KnownNames,
}

#[derive(Debug, Default)]
struct Counters {
    windows: HashMap<u64, Window>,
    /// The minute in which counters that are not needed any more were last removed.
    swept: i64,
}

impl Counters {
    /// Whether there is room for another counter. Room is made once a minute at most, because that walks over all.
    fn has_room(&mut self, minute: i64) -> bool {
        if self.windows.len() >= MOST && self.swept != minute {
            self.swept = minute;
            self.windows.retain(|_, window| window.minute >= minute - 1);
        }
        self.windows.len() < MOST
    }
}

/// One counter: this minute, and the one before.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    minute: i64,
    count: u32,
    before: u32,
}

/// The state of a counter after a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    /// The request is one too many, and was not counted.
    pub(super) is_over: bool,
    /// How many more there may be.
    pub(super) remaining: u32,
    /// When this minute is over.
    pub(super) reset: Timestamp,
}

impl RateWindows {
    /// The ids behind the names in paths.
    pub(super) fn names(&self) -> &KnownNames {
        &self.names
    }

    /// Counts a request to an address.
    pub(super) fn count(&self, counter: Counter, address: &Address, limit: u32, now: Timestamp) -> Count {
        let minute = now.as_second().div_euclid(MINUTE);
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = self.hasher.hash_one((counter, address));
        if !counters.windows.contains_key(&key) && !counters.has_room(minute) {
            // A client with ever new addresses shares counters with others from here on.
            key = self.hasher.hash_one(counter) % SHARED;
        }
        let window = counters.windows.entry(key).or_default();
        window.move_to(minute);
        let count = window.count_one(limit, now.as_second().rem_euclid(MINUTE));
        let reset = Timestamp::from_second((minute + 1) * MINUTE).unwrap_or(Timestamp::MAX);
        Count { is_over: count.is_none(), remaining: count.unwrap_or(0), reset }
    }
}

impl Window {
    fn move_to(&mut self, minute: i64) {
        if self.minute == minute {
            return;
        }
        let before = if self.minute == minute - 1 { self.count } else { 0 };
        *self = Self { minute, count: 0, before };
    }

    /// How many more there may be, after this one, so many seconds into the minute; none if it is one too many.
    fn count_one(&mut self, limit: u32, seconds: i64) -> Option<u32> {
        let weighted = i64::from(self.before) * (MINUTE - seconds) / MINUTE;
        let now = i64::from(self.count) + weighted + 1;
        if now > i64::from(limit) {
            return None;
        }
        self.count += 1;
        u32::try_from(i64::from(limit) - now).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;
    use crate::http::{limits::Counted, routes::Limiter};

    /// A client with very many addresses fills no memory, and is limited all the same.
    #[test]
    fn counters_are_bounded_in_number() {
        let windows = RateWindows::default();
        let now = Timestamp::UNIX_EPOCH;
        let mut over = 0;
        for number in 0..(MOST as u128 + 50_000) {
            let client = Ipv6Addr::from_bits(number << 64);
            let counter = Counter(Limiter::SignIn, Counted::Address(client.into()));
            over += usize::from(windows.count(counter, &Address::default(), 10, now).is_over);
        }
        let kept = windows.counters.lock().unwrap().windows.len();
        assert!(kept <= MOST + 1024, "{kept}");
        assert!(over > 0);
    }
}
