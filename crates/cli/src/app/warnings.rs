//! Warnings of the server beside its answers, printed on standard error.
use keyfob_api::{COMPATIBLE_VERSION, SERVER_VERSION, time::distance};
use keyfob_client::Client;
use keyfob_server::Clock;

use crate::{invocation::Invocation, terminal::text::printable};

/// Prints the warnings that came with the answers to a command.
pub(crate) async fn print(invocation: &Invocation) {
    let Some(client) = invocation.used_client() else { return };
    if let Some(version) = client.build_version().filter(|_| !invocation.options.no_version_warning) {
        warn_of_version(invocation, client, &version).await;
    }
    let now = Clock::System.now();
    // A number of seconds that leads behind all times says nothing.
    if let Some(expiry) = client.expires_in().and_then(|left| now.checked_add(left).ok()) {
        invocation.out.remark(format!("The key in use expires {}.", distance(expiry, now)));
    }
    if !invocation.options.no_feature_warning {
        client.entitlement_warnings().iter().for_each(|warning| invocation.out.remark(printable(warning)));
    }
}

async fn warn_of_version(invocation: &Invocation, client: &Client, version: &str) {
    let shown = printable(version);
    if version.contains("-devel") || version.contains("-rc.") {
        invocation.out.remark(format!("The server runs a development version ({shown})."));
    }
    if !is_mismatch(version) {
        return;
    }
    invocation.out.remark(format!("Version mismatch: this is {SERVER_VERSION}, the server is {shown}."));
    // Only advice: a server without it is not an error.
    if let Ok(info) = client.without_session_token().build_info().await
        && !info.upgrade_message.is_empty()
    {
        invocation.out.remark(printable(&info.upgrade_message));
    }
}

/// Whether the major or the minor version differs: that of Keyfob if both are Keyfob, else that of Coder.
fn is_mismatch(server: &str) -> bool {
    match (own_version(server), own_version(SERVER_VERSION)) {
        (Some(theirs), Some(ours)) => major_minor(theirs) != major_minor(ours),
        _ => major_minor(server) != major_minor(COMPATIBLE_VERSION),
    }
}

fn own_version(text: &str) -> Option<&str> {
    text.split_once("+keyfob.").map(|(_, version)| version)
}

fn major_minor(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.trim_start_matches('v').split(['.', '-', '+']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_major_and_minor_versions_count() {
        assert!(!is_mismatch(SERVER_VERSION));
        assert!(!is_mismatch("v2.34.0"));
        assert!(!is_mismatch("v2.34.7-devel+abcdef"));
        assert!(is_mismatch("v2.33.0"));
        assert!(is_mismatch("v3.34.0"));
        assert!(is_mismatch("v2.34.0+keyfob.99.0.0"));
    }
}
