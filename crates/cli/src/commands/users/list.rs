//! `keyfob users list`.
use anyhow::Context as _;

use super::columns::UserColumn;
use crate::{invocation::Invocation, pages, terminal::printing::Printing};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob users list
  keyfob users list -c id,username,status
  keyfob users list -o json")]
pub(crate) struct ListArgs {
    /// Only the user with this id on GitHub
    #[arg(long, value_name = "ID")]
    github_user_id: Option<i64>,
    #[command(flatten)]
    printing: Printing<UserColumn>,
}

/// Prints the users, by username.
pub(crate) async fn run(invocation: &Invocation, args: &ListArgs) -> anyhow::Result<()> {
    let search = args.github_user_id.map(|id| format!("github_com_user_id:{id}")).unwrap_or_default();
    let users = pages::users(&invocation.connect()?, &search).await.context("cannot list users")?;
    invocation.refuse_unseen(&users, "users")?;
    args.printing.list(invocation.out, &users, "No users found.")
}
