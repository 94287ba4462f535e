//! `keyfob resources show`.
use super::{
    Reference,
    rows::{ResourceColumn, USUAL},
};
use crate::{
    app::App,
    table::{self, Format},
};

/// Which resource, and how to print it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob resources show workspace:dev
  keyfob resources show workspace:6f1b1c9e-8f0a-4f5e-9a3d-0d3f5a3c1b2e -o json")]
pub(crate) struct ShowArgs {
    /// The type, and the name or the id
    #[arg(value_name = "TYPE:NAME|TYPE:ID")]
    resource: Reference,
    /// Which columns of the table, with commas between them
    #[arg(short, long, value_name = "COLUMNS", value_delimiter = ',', ignore_case = true, default_value = USUAL)]
    column: Vec<ResourceColumn>,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// Prints the resource.
pub(crate) async fn run(app: &App, args: &ShowArgs) -> anyhow::Result<()> {
    let resource = args.resource.find(&app.connect()?).await?;
    match args.output {
        Format::Json => app.out.json(&resource)?,
        Format::Table => app.out.result(&table::render(&args.column, &[resource])),
    }
    Ok(())
}
