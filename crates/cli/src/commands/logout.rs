//! `keyfob logout`.
use keyfob_client::{Error, StatusCode};

use crate::{invocation::Invocation, state::StateFile};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(
    after_help = "The server deletes the session, and the files that `keyfob login` has stored are removed. If a \
token was stored in place of a session, the server deletes that token.

Examples:
  keyfob logout       ask for confirmation
  keyfob logout -y    do not ask"
)]
pub(crate) struct LogoutArgs {
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
}

/// Deletes the session on the server and the stored files; a failure of one does not keep the other.
pub(crate) async fn run(invocation: &Invocation, args: &LogoutArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    if !args.yes {
        invocation.prompt().confirm("Are you sure you want to log out?", "yes")?;
    }
    let mut problems = Vec::new();
    match client.logout().await {
        // The session is gone already.
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
