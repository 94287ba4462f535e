//! `keyfob organizations delete`.
use anyhow::Context as _;

use crate::{arguments::name::parse_name, invocation::Invocation, terminal::problem::Step};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Its members, groups, workspaces and templates must be deleted first.

Examples:
  keyfob organizations delete acme -y")]
pub(crate) struct DeleteArgs {
    /// Name or id of the organization
    #[arg(value_name = "NAME|ID", value_parser = parse_name)]
    organization: String,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
}

/// Deletes the organization.
pub(crate) async fn run(invocation: &Invocation, args: &DeleteArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let found = client.organization(&args.organization).await.context("cannot get the organization")?;
    if !args.yes {
        invocation.prompt().confirm(&format!("Are you sure you want to delete the organization {}?", found.name))?;
    }
    let deleted = client.delete_organization(&found.id.to_string()).await;
    deleted.with_context(|| Step::on("cannot delete the organization", "organization", &found.id))?;
    invocation.out.remark(format!("Organization {} has been deleted.", invocation.out.bold(&found.name)));
    Ok(())
}
