//! `keyfob organizations show`.
use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::organizations::Organization;
use keyfob_client::ME;

use super::columns::OrganizationColumn;
use crate::{
    arguments::{name::parse_name, organization::OrganizationOption},
    invocation::Invocation,
    terminal::table::{self, Chosen},
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob organizations show                 your only organization
  keyfob organizations show me              all your organizations
  keyfob organizations show acme --only-id")]
pub(crate) struct ShowArgs {
    /// Name or id; `selected` for the organization of --org, else your only one; `me` for all of yours
    #[arg(value_name = "selected|me|NAME|ID", default_value = "selected", value_parser = parse_name)]
    organization: String,
    #[command(flatten)]
    selected: OrganizationOption,
    /// Print only the id
    #[arg(long)]
    only_id: bool,
    /// Columns of the table, separated by commas
    #[arg(
        short,
        long,
        value_name = "COLUMNS",
        value_delimiter = ',',
        ignore_case = true,
        default_value = "id,name,default"
    )]
    column: Vec<OrganizationColumn>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: ShowFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum ShowFormat {
    /// A sentence
    Text,
    /// A table
    Table,
    /// JSON, for programs
    Json,
}

/// Prints the organization.
pub(crate) async fn run(invocation: &Invocation, args: &ShowArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let found: Vec<Organization> = match args.organization.as_str() {
        "selected" => vec![args.selected.find(&client).await?],
        "me" => client.list_user_organizations(ME).await.context("cannot get your organizations")?,
        named => vec![client.organization(named).await.context("cannot get the organization")?],
    };
    if args.only_id {
        for organization in &found {
            invocation.out.line(organization.id)?;
        }
        return Ok(());
    }
    match args.output {
        ShowFormat::Json => invocation.out.json(&found)?,
        ShowFormat::Table => {
            invocation.out.result(&table::render(&args.column, Chosen::ByName, &found, invocation.out.looks(None)))?;
        }
        ShowFormat::Text => {
            for Organization { name, display_name, id, .. } in &found {
                let name = invocation.out.bold(name);
                invocation.out.line(format!("Organization {name} ({display_name}), id {id}"))?;
            }
        }
    }
    Ok(())
}
