//! `keyfob organizations list`.
use anyhow::Context as _;

use super::rows::OrganizationColumn;
use crate::{
    app::App,
    table::{self, Format},
};

/// How to print them.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob organizations list
  keyfob organizations list -c name,\"created at\"
  keyfob organizations list -o json")]
pub(crate) struct ListArgs {
    /// Which columns of the table, with commas between them
    #[arg(
        short,
        long,
        value_name = "COLUMNS",
        value_delimiter = ',',
        ignore_case = true,
        default_value = "name,display name,id,default"
    )]
    column: Vec<OrganizationColumn>,
    /// How to print them
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// Prints the organizations.
pub(crate) async fn run(app: &App, args: &ListArgs) -> anyhow::Result<()> {
    let organizations = app.connect()?.organizations().await.context("list organizations")?;
    match args.output {
        Format::Json => app.out.json(&organizations)?,
        Format::Table => app.out.result(&table::render(&args.column, &organizations)),
    }
    Ok(())
}
