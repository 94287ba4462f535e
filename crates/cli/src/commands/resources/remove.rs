//! `keyfob resources remove`.
use anyhow::Context as _;

use crate::{arguments::resource::Reference, invocation::Invocation, terminal::problem::Step};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob resources remove workspace:dev
  keyfob resources remove workspace:6f1b1c9e-8f0a-4f5e-9a3d-0d3f5a3c1b2e -y")]
pub(crate) struct RemoveArgs {
    /// Type, and name or id of the resource
    #[arg(value_name = "TYPE:NAME|TYPE:ID")]
    resource: Reference,
    /// Do not ask for confirmation; the command asks on a terminal
    #[arg(short, long)]
    yes: bool,
}

/// Deletes the resource. An id is not looked up first.
pub(crate) async fn run(invocation: &Invocation, args: &RemoveArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let id = match uuid::Uuid::try_parse(&args.resource.name) {
        Ok(id) => id,
        Err(_) => args.resource.find(&client).await?.id,
    };
    let resource_type = &args.resource.resource_type;
    if !args.yes {
        let question = format!("Are you sure you want to delete {resource_type}:{}?", args.resource.name);
        invocation.prompt().confirm_on_terminal(&question)?;
    }
    let deleted = client.delete_resource(resource_type, id).await;
    deleted.with_context(|| Step::on("cannot delete the resource", resource_type, &id))?;
    Ok(invocation.out.line("Resource has been removed.")?)
}
