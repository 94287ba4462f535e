//! Signals that would end the program and do not end a server: SIGHUP before the server listens for it, and SIGXFSZ, by
//! which the operating system ends what writes to a file beyond the limit on its size.
use std::{ffi::OsString, sync::Once};

use clap::Subcommand as _;

use super::host::HostCommand;

/// SIGXFSZ, as POSIX systems number it on most processors. Without it, the write fails as it does on a full disk.
#[cfg(unix)]
const FILE_TOO_LARGE: i32 = 25;

/// From here on these signals do not end the program.
pub(super) fn outlive() {
    static ONCE: Once = Once::new();
    ONCE.call_once(tell_system);
}

/// The operating system keeps to it when the runtime that told it has gone.
#[cfg(unix)]
fn tell_system() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    let _inside = runtime.enter();
    for outlived in [SignalKind::hangup(), SignalKind::from_raw(FILE_TOO_LARGE)] {
        drop(signal(outlived));
    }
}

/// There are no signals.
#[cfg(not(unix))]
fn tell_system() {}

/// Whether these arguments run a server, as far as that is known before they are parsed: nothing in them may name a
/// command of its host.
pub(super) fn surely_run_a_server(mut arguments: impl Iterator<Item = OsString>) -> bool {
    let names_host_command = |argument: OsString| argument.to_str().is_some_and(HostCommand::has_subcommand);
    arguments.next().is_some_and(|first| first == "server") && !arguments.any(names_host_command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_another_command_is_left_to_the_parser() {
        for (line, is_sure) in [
            ("server", true),
            ("server --data-dir data --tls-enable", true),
            ("server --data-dir config", false),
            ("server config check", false),
            ("server --data-dir data create-admin", false),
            ("server reset-password amy", false),
            ("--verbose server", false),
            ("tokens create --name server", false),
            ("", false),
        ] {
            assert_eq!(surely_run_a_server(line.split_whitespace().map(OsString::from)), is_sure, "{line}");
        }
    }
}
