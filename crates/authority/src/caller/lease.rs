//! For how long a process may decide by what it remembers.
//!
//! INVARIANT: a task that renews a lease has announced every change of rights that was committed before `said`, and all other
//! processes wait for this one since then. So no change that is older than the lease is missing from what is remembered,
//! and none that others believe to be known here.
use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;

/// A lease; where no other process changes rights, it has no end.
pub(crate) struct Lease {
    has_end: bool,
    start: Instant,
    /// In microseconds after the start.
    end: AtomicU64,
    is_over: AtomicBool,
}

impl Lease {
    /// The lease of a process that is alone.
    pub(crate) fn without_end() -> Self {
        Self { has_end: false, ..Self::ended() }
    }

    /// A lease that has ended.
    pub(crate) fn ended() -> Self {
        Self { has_end: true, start: Instant::now(), end: AtomicU64::new(0), is_over: AtomicBool::new(false) }
    }

    /// Whether what is remembered counts now.
    pub(crate) fn is_held(&self) -> bool {
        let is_within = || self.micros(Instant::now()) < self.end.load(Ordering::SeqCst);
        !self.has_end || is_within() && !self.is_over.load(Ordering::SeqCst)
    }

    /// Renews it for this long, counted from before it was said that the changes are going to be read.
    pub(crate) fn renew(&self, said: Instant, length: Duration) {
        self.end.fetch_max(self.micros(said + length), Ordering::SeqCst);
    }

    /// Ends it for good: a later renewal has no effect.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_micros()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn a_lease_counts_from_before_the_question_and_ends_without_an_answer() {
        let lease = Lease::ended();
        assert!(!lease.is_held());
        let asked = Instant::now();
        tokio::time::advance(LENGTH / 2).await;
        lease.renew(asked, LENGTH);
        assert!(lease.is_held());
        tokio::time::advance(LENGTH / 2).await;
        assert!(!lease.is_held());
        // An answer that comes late renews nothing.
        lease.renew(asked, LENGTH);
        assert!(!lease.is_held());
    }

    #[tokio::test(start_paused = true)]
    async fn an_earlier_question_that_is_answered_later_does_not_shorten_it() {
        let lease = Lease::ended();
        let first = Instant::now();
        tokio::time::advance(LENGTH / 2).await;
        lease.renew(Instant::now(), LENGTH);
        lease.renew(first, LENGTH);
        tokio::time::advance(LENGTH / 2).await;
        assert!(lease.is_held());
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_is_alone_holds_it_for_ever() {
        let lease = Lease::without_end();
        tokio::time::advance(LENGTH * 1_000_000).await;
        assert!(lease.is_held());
    }
}
