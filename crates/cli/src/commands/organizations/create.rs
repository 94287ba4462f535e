//! `keyfob organizations create`.
use anyhow::Context as _;
use keyfob_api::organizations::CreateOrganizationRequest;

use crate::invocation::Invocation;

/// What to make.
#[derive(clap::Args)]
#[command(after_help = "You are a member of it from then on.

Examples:
  keyfob organizations create acme -y")]
pub(crate) struct CreateArgs {
    /// Letters and digits, with single hyphens between
    #[arg(value_name = "NAME")]
    name: String,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// Makes the organization.
pub(crate) async fn run(invocation: &Invocation, args: CreateArgs) -> anyhow::Result<()> {
    if !args.yes {
        invocation
            .prompt()
            .confirm(&format!("Are you sure you want to create the organization {}?", args.name), "yes")?;
    }
    let request = CreateOrganizationRequest { name: args.name, ..CreateOrganizationRequest::default() };
    let made = invocation.connect()?.create_organization(&request).await.context("create organization")?;
    invocation.out.remark(format!("Organization {} ({}) has been created!", invocation.out.bold(&made.name), made.id));
    Ok(())
}
