//! `keyfob logout`.
use anyhow::ensure;
use keyfob_client::{Client, Error, StatusCode};

use crate::{invocation::Invocation, state::StateFile, terminal::text::text_of_server};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(
    after_help = "The server deletes the session, and the files that `keyfob login` has stored are removed. If a \
token was stored in place of a session, the server deletes that token. With --token, the server deletes the given token, \
and the stored files stay unless they hold the same.

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
    let is_stored = invocation.uses_stored_session()?;
    ensure!(
        is_stored || invocation.given_token().is_some(),
        "You are not logged in to {url}. Try logging in using 'keyfob login {url}'.",
        url = client.url()
    );
    if !args.yes {
        invocation.prompt().confirm("Are you sure you want to log out?")?;
    }
    let (ended, mut problems) = match end_session(&client).await {
        Ok(ended) => (ended, Vec::new()),
        Err(problem) => (Ended::Now, vec![problem]),
    };
    if is_stored {
        problems.extend(remove_files(invocation));
    }
    ensure!(problems.is_empty(), "Failed to log out.\n\t{}", problems.join("\n\t"));
    Ok(invocation.out.line(match ended {
        _ if is_stored => "You are no longer logged in. You can log in using 'keyfob login <url>'.",
        Ended::Now => "The given token has been deleted. The session that `keyfob login` has stored stays.",
        Ended::Before => {
            "The server does not accept the given token: nothing was deleted. The session that `keyfob login` has stored stays."
        }
    })?)
}

/// When a key ended.
enum Ended {
    /// By this command.
    Now,
    /// The server does not know it, or not any more.
    Before,
}

/// Deletes the key in use on the server; the problem if that failed.
async fn end_session(client: &Client) -> Result<Ended, String> {
    match client.logout().await {
        Ok(()) => Ok(Ended::Now),
        Err(Error::Api(answer)) if answer.status == StatusCode::UNAUTHORIZED => Ok(Ended::Before),
        Err(error) => Err(text_of_server(&format!("logout api: {:#}", anyhow::Error::from(error)))),
    }
}

/// Removes what is stored; the problems with that.
fn remove_files(invocation: &Invocation) -> Vec<String> {
    let remove = |file: StateFile| {
        let removed = invocation.state.remove(file);
        removed.err().map(|error| format!("remove {} file: {error}", file.title()))
    };
    StateFile::ALL.into_iter().filter_map(remove).collect()
}
