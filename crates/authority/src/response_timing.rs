//! Answers that take as long whether or not there is such an account, or such a key.
use std::{future::Future, thread, time::Duration};

use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep_until},
};

/// How long a step is for what is done about an address: that takes some milliseconds longer for one that somebody has.
const ADDRESS: Duration = Duration::from_millis(50);
/// How long it is for a key that is not right: one that there is takes some microseconds longer.
const KEY: Duration = Duration::from_millis(2);

/// How long before its end a step is waited for by a thread. The runtime counts in whole milliseconds from the moment at
/// which it begins to wait, so that what is less than one of them would still tell how long the work took.
const EXACT: Duration = Duration::from_millis(2);

/// Something that ends with a whole number of steps: within one, a stranger sees no difference.
pub struct TimeSlot {
    begun: Instant,
    length: Duration,
}

impl TimeSlot {
    /// Begins to look at a key.
    pub fn of_key() -> Self {
        Self { begun: Instant::now(), length: KEY }
    }

    fn of_address() -> Self {
        Self { begun: Instant::now(), length: ADDRESS }
    }

    /// Waits for the end of the step.
    pub async fn end(self) {
        let end = self.begun + self.whole(self.begun.elapsed());
        if let Some(early) = end.checked_sub(EXACT).filter(|early| *early > self.begun) {
            sleep_until(early).await;
        }
        let rest = end.saturating_duration_since(Instant::now());
        #[expect(clippy::disallowed_methods, reason = "there is no event: the time itself is waited for")]
        let wait = move || thread::sleep(rest);
        // It fails when the server stops: whoever waits is not answered then.
        let _ended = spawn_blocking(wait).await;
    }

    /// The least number of whole steps that is longer than this.
    fn whole(&self, elapsed: Duration) -> Duration {
        let steps = elapsed.as_millis() / self.length.as_millis() + 1;
        self.length * u32::try_from(steps).unwrap_or(u32::MAX)
    }
}

/// Does what is to be done about an address, and is done at the end of a step.
pub async fn evenly<T>(work: impl Future<Output = T>) -> T {
    let steps = TimeSlot::of_address();
    let done = work.await;
    steps.end().await;
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_done_within_a_step_ends_with_it() {
        let steps = TimeSlot::of_address();
        for (elapsed, whole) in [(0, 50), (1, 50), (49, 50), (50, 100), (120, 150)] {
            assert_eq!(steps.whole(Duration::from_millis(elapsed)), Duration::from_millis(whole), "{elapsed} ms");
        }
    }
}
