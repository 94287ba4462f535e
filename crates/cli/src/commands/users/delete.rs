//! `keyfob users delete`.
use anyhow::Context as _;

use crate::invocation::Invocation;

/// Which user.
#[derive(clap::Args)]
#[command(after_help = "It does not ask. The name and the address are free again.

Examples:
  keyfob users delete amy")]
pub(crate) struct DeleteArgs {
    /// The username or the id
    #[arg(value_name = "USERNAME|ID")]
    user: String,
}

/// Removes the user.
pub(crate) async fn run(invocation: &Invocation, args: &DeleteArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let user = client.user(&args.user).await.context("fetch user")?;
    client.delete_user(&user.id.to_string()).await.context("delete user")?;
    invocation.out.remark(format!("Successfully deleted {}.", invocation.out.bold(&user.username)));
    Ok(())
}
