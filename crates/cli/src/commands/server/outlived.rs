//! Keeps SIGHUP from ending a server before it listens for it.
use std::{ffi::OsString, sync::Once};

use clap::Subcommand as _;

use super::host::HostCommand;
use crate::signals;

/// From here on SIGHUP does not end the program.
pub(super) fn outlive() {
    static ONCE: Once = Once::new();
    ONCE.call_once(signals::outlive_hangups);
}

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
