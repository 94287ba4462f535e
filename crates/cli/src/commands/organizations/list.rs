//! `keyfob organizations list`.
use anyhow::Context as _;

use super::columns::OrganizationColumn;
use crate::{invocation::Invocation, terminal::printing::Printing};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob organizations list
  keyfob organizations list -c name,\"created at\"
  keyfob organizations list -o json")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    printing: Printing<OrganizationColumn>,
}

/// Prints the organizations.
pub(crate) async fn run(invocation: &Invocation, args: &ListArgs) -> anyhow::Result<()> {
    let organizations = invocation.connect()?.list_organizations().await.context("cannot list organizations")?;
    invocation.refuse_unseen(&organizations, "organizations")?;
    args.printing.list(invocation.out, &organizations, "No organizations found.")
}
