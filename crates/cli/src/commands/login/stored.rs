//! `keyfob login token`.
use anyhow::{Context as _, ensure};

use crate::{connection::server_url, invocation::Invocation};

/// Prints the stored token, unless it belongs to another server than the given one.
pub(super) fn print_token(invocation: &Invocation) -> anyhow::Result<()> {
    let session = invocation.state.session()?.context("no session token found - run 'keyfob login' first")?;
    if let Some((wanted, _)) = invocation.given_url() {
        let wanted = server_url::parse(wanted)?;
        let stored = invocation.state.url()?.unwrap_or_default();
        ensure!(
            server_url::host(&wanted) == server_url::host(&stored),
            "file session token storage only supports one server at a time: requested {wanted} but logged into {stored}"
        );
    }
    Ok(invocation.out.deliver(session.reveal())?)
}
