//! Machines that ask too often are told to slow down (RFC 8628, section 3.5).
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use keyfob_store::UserCode;

use crate::devices::{CODE_LIFE, INTERVAL};

/// How much longer a machine that asked too soon has to wait.
const SLOWER: SignedDuration = SignedDuration::from_secs(5);
/// How much earlier than the interval a request may come, because networks delay unevenly.
const SLACK: SignedDuration = SignedDuration::from_secs(1);
/// From how many machines on the ones that no longer ask are forgotten.
const FORGET_FROM: usize = 1024;

/// When each machine that waits last asked.
#[derive(Debug, Default)]
pub(crate) struct PollIntervals(Mutex<HashMap<UserCode, Poll>>);

#[derive(Clone, Copy, Debug)]
struct Poll {
    last: Timestamp,
    interval: SignedDuration,
}

impl PollIntervals {
    /// Notes a request, and says whether it came too soon after the one before.
    pub(crate) fn is_early(&self, code: &UserCode, now: Timestamp) -> bool {
        let mut polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if polls.len() >= FORGET_FROM {
            polls.retain(|_, poll| now.duration_since(poll.last) < CODE_LIFE);
        }
        let Some(poll) = polls.get_mut(code) else {
            polls.insert(code.clone(), Poll { last: now, interval: INTERVAL });
            return false;
        };
        let is_early = now.duration_since(poll.last) + SLACK < poll.interval;
        poll.last = now;
        if is_early {
            poll.interval += SLOWER;
        }
        is_early
    }
}
