//! `keyfob logout`.
use keyfob_client::{Error, StatusCode};

use crate::{invocation::Invocation, state::StateFile};

/// How to sign out.
#[derive(clap::Args)]
#[command(after_help = "The session ends on the server, and what `keyfob login` has stored is removed. Where a token \
was stored in place of a session, that token ends.

Examples:
  keyfob logout       asks first
  keyfob logout -y    does not ask")]
pub(crate) struct LogoutArgs {
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// Ends the session and forgets it, as far as either is possible.
pub(crate) async fn run(invocation: &Invocation, args: &LogoutArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    if !args.yes {
        invocation.prompt().confirm("Are you sure you want to log out?", "yes")?;
    }
    let mut problems = Vec::new();
    match client.logout().await {
        // The session had ended before, which is what was wanted.
        Err(Error::Api(answer)) if answer.status == StatusCode::UNAUTHORIZED => {}
        Err(error) => problems.push(format!("logout api: {:#}", anyhow::Error::from(error))),
        Ok(()) => {}
    }
    for file in StateFile::ALL {
        if let Err(error) = invocation.state.remove(file) {
            problems.push(format!("remove {} file: {error}", file.title()));
        }
    }
    anyhow::ensure!(problems.is_empty(), "Failed to log out.\n\t{}", problems.join("\n\t"));
    invocation.out.line("You are no longer logged in. You can log in using 'keyfob login <url>'.");
    Ok(())
}
