//! `keyfob organizations show`.
use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::organizations::Organization;
use keyfob_client::ME;

use super::rows::OrganizationColumn;
use crate::{arguments::organization, invocation::Invocation, terminal::table};

/// Which organization, and how to print it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob organizations show                 the one that you are a member of
  keyfob organizations show me              all that you are a member of
  keyfob organizations show acme --only-id")]
pub(crate) struct ShowArgs {
    /// `selected`, `me`, the name or the id
    #[arg(value_name = "selected|me|NAME|ID", default_value = "selected")]
    organization: String,
    /// Print nothing but the id
    #[arg(long)]
    only_id: bool,
    /// Which columns of the table, with commas between them
    #[arg(
        short,
        long,
        value_name = "COLUMNS",
        value_delimiter = ',',
        ignore_case = true,
        default_value = "id,name,default"
    )]
    column: Vec<OrganizationColumn>,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: ShowFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum ShowFormat {
    /// A sentence
    Text,
    /// Aligned columns
    Table,
    /// For programs
    Json,
}

/// Prints the organization.
pub(crate) async fn run(invocation: &Invocation, args: &ShowArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let found: Vec<Organization> = match args.organization.as_str() {
        "selected" => vec![organization::find(&client, None).await?],
        "me" => client.organizations_of(ME).await.context("get organizations")?,
        named => vec![client.organization(named).await.context("get organization")?],
    };
    if args.only_id {
        for organization in &found {
            invocation.out.line(organization.id);
        }
        return Ok(());
    }
    match args.output {
        ShowFormat::Json => invocation.out.json(&found)?,
        ShowFormat::Table => invocation.out.result(&table::render(&args.column, &found)),
        ShowFormat::Text => {
            for Organization { name, display_name, id, .. } in &found {
                invocation.out.line(format!("Organization {} ({display_name}), id {id}", invocation.out.bold(name)));
            }
        }
    }
    Ok(())
}
