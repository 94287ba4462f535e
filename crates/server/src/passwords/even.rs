//! Answers that take as long whether or not there is such an account.
use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep_until};

/// Answers go out at the end of steps of this length. What is done for an account, and not for others, is a small part
/// of one: a stranger sees the same step.
const STEP: Duration = Duration::from_millis(50);

/// Does the work, and is done at the end of a step.
pub(crate) async fn evenly<T>(work: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let done = work.await;
    sleep_until(end_of_step(begun, begun.elapsed())).await;
    done
}

fn end_of_step(begun: Instant, elapsed: Duration) -> Instant {
    let whole = elapsed.as_millis() / STEP.as_millis();
    begun + STEP * u32::try_from(whole + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_done_within_a_step_ends_with_it() {
        let begun = Instant::now();
        for (elapsed, end) in [(0, 50), (1, 50), (49, 50), (50, 100), (120, 150)] {
            let expected = begun + Duration::from_millis(end);
            assert_eq!(end_of_step(begun, Duration::from_millis(elapsed)), expected, "{elapsed} ms");
        }
    }
}
