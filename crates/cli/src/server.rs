//! `keyfob server`: the server itself.

/// Runs a server in the foreground
#[derive(clap::Args)]
pub(crate) struct ServerCommand {}

/// Lets the server's settings be given under the names of the original, too.
pub(crate) fn with_environment(command: clap::Command) -> clap::Command {
    command
}

/// Runs until it is told to stop.
#[expect(clippy::unused_async, reason = "the server is yet to come")]
pub(crate) async fn run(_command: ServerCommand) -> anyhow::Result<()> {
    anyhow::bail!("this build holds no server")
}
