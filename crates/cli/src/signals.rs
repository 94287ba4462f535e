//! Signals that would end the program and do not.

/// SIGXFSZ, as POSIX systems number it on most processors.
#[cfg(unix)]
const FILE_TOO_LARGE: i32 = 25;

/// SIGXFSZ, by which the operating system ends what writes to a file beyond the limit on its size, ends this program no
/// more: the write fails as it does on a full disk.
#[cfg(unix)]
pub(crate) fn outlive_file_limits() {
    outlive(tokio::signal::unix::SignalKind::from_raw(FILE_TOO_LARGE));
}

/// SIGHUP ends this program no more.
#[cfg(unix)]
pub(crate) fn outlive_hangups() {
    outlive(tokio::signal::unix::SignalKind::hangup());
}

/// The operating system keeps to it when the runtime that told it has gone.
#[cfg(unix)]
fn outlive(signal: tokio::signal::unix::SignalKind) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    let _inside = runtime.enter();
    drop(tokio::signal::unix::signal(signal));
}

/// There is no such signal.
#[cfg(not(unix))]
pub(crate) fn outlive_file_limits() {}

/// There is no such signal.
#[cfg(not(unix))]
pub(crate) fn outlive_hangups() {}
