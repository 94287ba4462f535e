//! `keyfob users delete`.
use anyhow::Context as _;

use crate::app::App;

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
pub(crate) async fn run(app: &App, args: &DeleteArgs) -> anyhow::Result<()> {
    let client = app.connect()?;
    let user = client.user(&args.user).await.context("fetch user")?;
    client.delete_user(&user.id.to_string()).await.context("delete user")?;
    app.out.remark(format!("Successfully deleted {}.", app.out.bold(&user.username)));
    Ok(())
}
