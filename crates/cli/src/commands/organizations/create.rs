//! `keyfob organizations create`.
use anyhow::Context as _;
use keyfob_api::organizations::CreateOrganizationRequest;

use crate::terminal::printing::Named as _;
use crate::{arguments::name::parse_name, invocation::Invocation};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "You become a member of the organization.

Examples:
  keyfob organizations create acme -y")]
pub(crate) struct CreateArgs {
    /// Name: letters and digits, with single hyphens between them
    #[arg(value_name = "NAME", value_parser = parse_name)]
    name: String,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Print the new organization on standard output
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<CreatedFormat>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum CreatedFormat {
    /// JSON, for programs
    Json,
    /// The id, for scripts
    Id,
    /// The name, for scripts
    Name,
}

/// Creates the organization.
pub(crate) async fn run(invocation: &Invocation, args: CreateArgs) -> anyhow::Result<()> {
    if !args.yes {
        invocation.prompt().confirm(&format!("Are you sure you want to create the organization {}?", args.name))?;
    }
    let request = CreateOrganizationRequest { name: args.name, ..CreateOrganizationRequest::default() };
    let created =
        invocation.connect()?.create_organization(&request).await.context("cannot create the organization")?;
    invocation.out.remark(format!(
        "Organization {} ({}) has been created!",
        invocation.out.bold(&created.name),
        created.id
    ));
    match args.output {
        Some(CreatedFormat::Json) => invocation.out.json(&created),
        Some(CreatedFormat::Id) => Ok(invocation.out.line(created.id)?),
        Some(CreatedFormat::Name) => Ok(invocation.out.line(created.name())?),
        None => Ok(()),
    }
}
