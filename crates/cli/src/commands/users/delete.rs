//! `keyfob users delete`.
use anyhow::Context as _;

use crate::{arguments::name::parse_name, invocation::Invocation, terminal::problem::Step};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "The username and the e-mail address become free.

Examples:
  keyfob users delete amy
  keyfob users delete amy -y    do not ask")]
pub(crate) struct DeleteArgs {
    /// Username or id
    #[arg(value_name = "USERNAME|ID", value_parser = parse_name)]
    user: String,
    /// Do not ask for confirmation; the command asks on a terminal
    #[arg(short, long)]
    yes: bool,
}

/// Deletes the user.
pub(crate) async fn run(invocation: &Invocation, args: &DeleteArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let user = client.user(&args.user).await.context("cannot get the user")?;
    if !args.yes {
        let question = format!("Are you sure you want to delete the user {}?", user.username);
        invocation.prompt().confirm_on_terminal(&question)?;
    }
    client
        .delete_user(&user.id.to_string())
        .await
        .with_context(|| Step::on("cannot delete the user", "user", &user.id))?;
    invocation.out.remark(format!("Successfully deleted {}.", invocation.out.bold(&user.username)));
    Ok(())
}
