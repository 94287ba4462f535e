//! Machines that ask too often are told to slow down (RFC 8628, section 3.5).
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use keyfob_store::UserCode;

use crate::devices::{CODE_LIFE, INTERVAL};

/// How much longer a machine has to wait that asked too soon.
const SLOWER: SignedDuration = SignedDuration::from_secs(5);
/// What the network may take off a machine's patience.
const SLACK: SignedDuration = SignedDuration::from_secs(1);
/// From how many machines on those are forgotten that no longer ask.
const MANY: usize = 1024;

/// When each machine that waits last asked. Those that no longer ask are forgotten once there are many.
#[derive(Debug, Default)]
pub(crate) struct PollIntervals(Mutex<HashMap<UserCode, Poll>>);

#[derive(Clone, Copy, Debug)]
struct Poll {
    last: Timestamp,
    interval: SignedDuration,
}

impl PollIntervals {
    /// Notes a question, and says whether it came too soon after the one before.
    pub(crate) fn is_early(&self, code: &UserCode, now: Timestamp) -> bool {
        let mut polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if polls.len() >= MANY {
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
