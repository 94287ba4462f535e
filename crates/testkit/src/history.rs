//! What happened to keys, and whether it may have happened: one judge of histories, real and simulated.
use std::{collections::BTreeMap, fmt, time::Duration};

/// An instant, counted from the beginning of the history, by one clock.
pub type At = Duration;

/// Something that a client did with a key, and what it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A key was minted; the server had acknowledged it by then.
    Minted {
        /// When the answer came.
        acknowledged: At,
    },
    /// A key was used.
    Used {
        /// The replica.
        replica: usize,
        /// When the request began.
        invoked: At,
        /// What came of it.
        outcome: Outcome,
    },
    /// A key was expired or deleted.
    Revoked {
        /// The replica that was asked.
        replica: usize,
        /// When the request began.
        invoked: At,
        /// When it was answered that it is done; none if no such answer came.
        acknowledged: Option<At>,
        /// Whether the answer says that every replica has confirmed it.
        everywhere: bool,
    },
}

/// What came of using a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server acted for its owner.
    Accepted,
    /// The server said that it is no good.
    Refused,
    /// No answer, or one that says to try again.
    Unanswered,
}

/// What happened to all keys.
#[derive(Clone, Debug, Default)]
pub struct History(BTreeMap<String, Vec<Event>>);

/// Something that may not have happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The key.
    pub key: String,
    /// What is wrong.
    pub what: &'static str,
    /// The use.
    pub used: Event,
    /// The revocation or the minting that it contradicts.
    pub against: Event,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {}: {}: {:?} against {:?}", self.key, self.what, self.used, self.against)
    }
}

impl History {
    /// Adds an event of a key.
    pub fn add(&mut self, key: &str, event: Event) {
        self.0.entry(key.to_owned()).or_default().push(event);
    }

    /// The events of another history, too.
    pub fn extend(&mut self, other: Self) {
        for (key, events) in other.0 {
            self.0.entry(key).or_default().extend(events);
        }
    }

    /// How many uses had this outcome.
    pub fn count(&self, wanted: Outcome) -> usize {
        let all = self.0.values().flatten();
        all.filter(|event| matches!(event, Event::Used { outcome, .. } if *outcome == wanted)).count()
    }

    /// How many revocations were acknowledged.
    pub fn revocations(&self) -> usize {
        let all = self.0.values().flatten();
        all.filter(|event| matches!(event, Event::Revoked { acknowledged: Some(_), .. })).count()
    }

    /// What may not have happened, if a replica may accept a revoked key for so long after another has acknowledged that:
    ///
    /// - A use that begins after a revocation was acknowledged is not accepted: on the replica that acknowledged it, and
    ///   on all if they have confirmed it; on others when the bound has passed.
    /// - A use that begins after the key was acknowledged, and ends before a revocation begins, is not refused.
    pub fn violations(&self, bound: Duration) -> Vec<Violation> {
        let of_key = |(key, events): (&String, &Vec<Event>)| {
            let mut found = Vec::new();
            for used in events {
                for against in events {
                    if let Some(what) = contradiction(used, against, events, bound) {
                        found.push(Violation { key: key.clone(), what, used: used.clone(), against: against.clone() });
                    }
                }
            }
            found
        };
        self.0.iter().flat_map(of_key).collect()
    }

    /// How long after its acknowledgement a revocation was last ignored by another replica, for each that was.
    pub fn propagation(&self) -> Vec<Duration> {
        let mut late = Vec::new();
        for events in self.0.values() {
            for revoked in events {
                let Event::Revoked { replica: by, acknowledged: Some(done), .. } = revoked else { continue };
                let accepted = events.iter().filter_map(|event| match event {
                    Event::Used { replica, invoked, outcome: Outcome::Accepted } if replica != by => {
                        invoked.checked_sub(*done)
                    }
                    _ => None,
                });
                late.push(accepted.max().unwrap_or_default());
            }
        }
        late.sort_unstable();
        late
    }
}

fn contradiction(used: &Event, against: &Event, all: &[Event], bound: Duration) -> Option<&'static str> {
    let Event::Used { replica, invoked, outcome } = used else { return None };
    match (outcome, against) {
        (Outcome::Accepted, Event::Revoked { replica: by, acknowledged: Some(done), everywhere, .. }) => {
            let grace = if by == replica || *everywhere { Duration::ZERO } else { bound };
            (*invoked > *done + grace).then_some("accepted after it was revoked")
        }
        (Outcome::Refused, Event::Minted { acknowledged }) => {
            let is_revoked = all.iter().any(|event| matches!(event, Event::Revoked { .. }));
            (invoked > acknowledged && !is_revoked).then_some("refused though it was never revoked")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Duration = Duration::from_secs(2);

    fn at(milliseconds: u64) -> At {
        Duration::from_millis(milliseconds)
    }

    fn used(replica: usize, when: u64, outcome: Outcome) -> Event {
        Event::Used { replica, invoked: at(when), outcome }
    }

    fn revoked(everywhere: bool) -> Event {
        Event::Revoked { replica: 0, invoked: at(100), acknowledged: Some(at(200)), everywhere }
    }

    fn faults(events: &[Event]) -> usize {
        let mut history = History::default();
        for event in events {
            history.add("k", event.clone());
        }
        history.violations(BOUND).len()
    }

    #[test]
    fn a_use_after_an_acknowledged_revocation_is_judged_by_where_it_was() {
        use Outcome::Accepted;
        for (replica, when, everywhere, expected) in [
            (0, 199, false, 0),
            (0, 201, false, 1),
            (1, 2_100, false, 0),
            (1, 2_201, false, 1),
            (1, 201, true, 1),
            (1, 150, true, 0),
        ] {
            let found = faults(&[revoked(everywhere), used(replica, when, Accepted)]);
            assert_eq!(found, expected, "replica {replica} at {when}, everywhere: {everywhere}");
        }
    }

    #[test]
    fn an_acknowledged_key_is_refused_only_after_somebody_revoked_it() {
        let minted = Event::Minted { acknowledged: at(10) };
        assert_eq!(faults(&[minted.clone(), used(0, 20, Outcome::Refused)]), 1);
        assert_eq!(faults(&[minted.clone(), used(0, 20, Outcome::Unanswered)]), 0);
        assert_eq!(faults(&[minted.clone(), revoked(false), used(0, 150, Outcome::Refused)]), 0);
        // A revocation without an answer may have been made.
        let unanswered = Event::Revoked { replica: 0, invoked: at(100), acknowledged: None, everywhere: false };
        assert_eq!(faults(&[minted.clone(), unanswered.clone(), used(0, 150, Outcome::Refused)]), 0);
        assert_eq!(faults(&[minted, unanswered, used(0, 150, Outcome::Accepted)]), 0);
    }
}
