//! `keyfob organizations list`.
use anyhow::Context as _;

use super::rows::OrganizationColumn;
use crate::{app::App, table::Printing};

/// How to print them.
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
pub(crate) async fn run(app: &App, args: &ListArgs) -> anyhow::Result<()> {
    let organizations = app.connect()?.organizations().await.context("list organizations")?;
    args.printing.list(app.out, &organizations, "No organizations found.")
}
