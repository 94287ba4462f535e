//! `keyfob users delete`.
use anyhow::Context as _;

use crate::{arguments::name::parse_name, invocation::Invocation, terminal::problem::Step};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "The command does not ask for confirmation. The username and the e-mail address become free.

Examples:
  keyfob users delete amy")]
pub(crate) struct DeleteArgs {
    /// Username or id
    #[arg(value_name = "USERNAME|ID", value_parser = parse_name)]
    user: String,
}

/// Deletes the user.
pub(crate) async fn run(invocation: &Invocation, args: &DeleteArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let user = client.user(&args.user).await.context("cannot get the user")?;
    client
        .delete_user(&user.id.to_string())
        .await
        .with_context(|| Step::on("cannot delete the user", "user", &user.id))?;
    invocation.out.remark(format!("Successfully deleted {}.", invocation.out.bold(&user.username)));
    Ok(())
}
