//! What the supervisor of the process is told, by the protocol of systemd (`sd_notify(3)`): nothing where the environment
//! names no socket for that.
#[cfg(unix)]
use std::{io, time::Duration};

use tokio::task::JoinHandle;

#[cfg(unix)]
use sd_notify::NotifyState;

/// The least time between two signs of life.
#[cfg(unix)]
const SHORTEST: Duration = Duration::from_millis(1);

/// The server answers.
#[cfg(unix)]
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The server was told to stop.
#[cfg(unix)]
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// The server reads its files again; [`ready`] follows.
#[cfg(unix)]
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => failed(&error),
    }
}

/// Tells again and again that the server lives, if the supervisor waits for that: this comes from a task, so a runtime
/// that does no work any more tells nothing.
#[cfg(unix)]
pub(super) fn watchdog() -> Option<JoinHandle<()>> {
    let patience = sd_notify::watchdog_enabled()?;
    Some(tokio::spawn(async move {
        // Twice as often as needed, as `sd_watchdog_enabled(3)` advises.
        let mut tick = tokio::time::interval((patience / 2).max(SHORTEST));
        loop {
            tick.tick().await;
            tell(&[NotifyState::Watchdog]);
        }
    }))
}

#[cfg(unix)]
fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        failed(&error);
    }
}

#[cfg(unix)]
fn failed(error: &io::Error) {
    tracing::warn!(%error, "the supervisor (NOTIFY_SOCKET) was not told");
}

#[cfg(not(unix))]
pub(super) fn ready() {}

#[cfg(not(unix))]
pub(super) fn stopping() {}

#[cfg(not(unix))]
pub(super) fn reloading() {}

#[cfg(not(unix))]
pub(super) fn watchdog() -> Option<JoinHandle<()>> {
    None
}
