//! Answers whose time does not tell whether an account or a key exists, nor, on the page that explains decisions, an object.
use std::{future::Future, thread, time::Duration};

use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep_until},
};

/// The length of a slot for work on an e-mail address: for one that a user has, it takes some milliseconds longer.
const ADDRESS: Duration = Duration::from_millis(50);
/// The length of a slot for a key that is refused: for an id that exists, it takes some microseconds longer.
const KEY: Duration = Duration::from_millis(2);

/// The length of a slot for a question about an object that may be hidden: for one that exists, it takes about a
/// millisecond longer.
const OBJECT: Duration = Duration::from_millis(10);

/// How long before the end of a slot a thread takes over the waiting. The runtime counts in whole milliseconds from the
/// moment at which it begins to wait, so the fraction of a millisecond would still tell how long the work took.
const EXACT: Duration = Duration::from_millis(2);

/// A span of time whose length is a multiple of a fixed one. An answer at its end does not tell how long the work in it
/// took.
#[derive(Debug)]
pub struct TimeSlot {
    begun: Instant,
    length: Duration,
}

impl TimeSlot {
    /// Begins a slot for looking at a key.
    pub fn of_key() -> Self {
        Self { begun: Instant::now(), length: KEY }
    }

    /// Begins a slot for a question about an object.
    pub fn of_object() -> Self {
        Self { begun: Instant::now(), length: OBJECT }
    }

    /// Begins a slot for work on an e-mail address.
    fn of_address() -> Self {
        Self { begun: Instant::now(), length: ADDRESS }
    }

    /// Waits for the end of the slot.
    pub async fn end(self) {
        let end = self.begun + self.whole(self.begun.elapsed());
        if let Some(early) = end.checked_sub(EXACT).filter(|early| *early > self.begun) {
            sleep_until(early).await;
        }
        let rest = end.saturating_duration_since(Instant::now());
        #[expect(clippy::disallowed_methods, reason = "there is no event: the time itself is waited for")]
        let wait = move || thread::sleep(rest);
        // It fails when the server stops: no answer goes out then.
        let _ended = spawn_blocking(wait).await;
    }

    /// The shortest multiple of the slot's length that is longer than this.
    fn whole(&self, elapsed: Duration) -> Duration {
        let lengths = elapsed.as_millis() / self.length.as_millis() + 1;
        self.length * u32::try_from(lengths).unwrap_or(u32::MAX)
    }
}

/// Does work on an e-mail address in a slot: it returns at the end of the slot.
pub async fn in_time_slot<T>(work: impl Future<Output = T>) -> T {
    let slot = TimeSlot::of_address();
    let done = work.await;
    slot.end().await;
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_within_a_slot_ends_with_it() {
        let slot = TimeSlot::of_address();
        for (elapsed, whole) in [(0, 50), (1, 50), (49, 50), (50, 100), (120, 150)] {
            assert_eq!(slot.whole(Duration::from_millis(elapsed)), Duration::from_millis(whole), "{elapsed} ms");
        }
    }
}
