//! `keyfob login token`.
use anyhow::{Context as _, ensure};

use crate::{app::App, server_url};

/// Prints the stored key, unless a server was asked for that it does not belong to.
pub(super) fn print_token(app: &App) -> anyhow::Result<()> {
    let session = app.state.session()?.context("no session token found - run 'keyfob login' first")?;
    if let Some((wanted, _)) = app.given_url() {
        let wanted = server_url::parse(wanted)?;
        let stored = app.state.url()?.unwrap_or_default();
        ensure!(
            server_url::host(&wanted) == server_url::host(&stored),
            "file session token storage only supports one server at a time: requested {wanted} but logged into {stored}"
        );
    }
    app.out.line(session.reveal());
    Ok(())
}
