//! `keyfob organizations delete`.
use anyhow::Context as _;

use crate::invocation::Invocation;

/// Which organization.
#[derive(clap::Args)]
#[command(after_help = "Members, groups, workspaces and templates have to go first.

Examples:
  keyfob organizations delete acme -y")]
pub(crate) struct DeleteArgs {
    /// The name or the id
    #[arg(value_name = "NAME|ID")]
    organization: String,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// Removes the organization.
pub(crate) async fn run(invocation: &Invocation, args: &DeleteArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let found = client.organization(&args.organization).await.context("get organization")?;
    if !args.yes {
        invocation
            .prompt()
            .confirm(&format!("Are you sure you want to delete the organization {}?", found.name), "no")?;
    }
    client.delete_organization(&found.id.to_string()).await.context("delete organization")?;
    invocation.out.remark(format!("Organization {} has been deleted.", invocation.out.bold(&found.name)));
    Ok(())
}
