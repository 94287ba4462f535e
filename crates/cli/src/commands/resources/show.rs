//! `keyfob resources show`.
use super::columns::{ResourceColumn, Shown};
use crate::{arguments::resource::Reference, invocation::Invocation, names::Names, terminal::printing::Printing};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "`keyfob resources acl show` shows with whom it is shared.

Examples:
  keyfob resources show workspace:dev
  keyfob resources show workspace:6f1b1c9e-8f0a-4f5e-9a3d-0d3f5a3c1b2e -o json")]
pub(crate) struct ShowArgs {
    /// Type, and name or id of the resource
    #[arg(value_name = "TYPE:NAME|TYPE:ID")]
    resource: Reference,
    #[command(flatten)]
    printing: Printing<ResourceColumn>,
}

/// Prints the resource.
pub(crate) async fn run(invocation: &Invocation, args: &ShowArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let resource = args.resource.find(&client).await?;
    args.printing.one(invocation.out, &Shown::new(resource, &Names::new(&client)).await?)
}
