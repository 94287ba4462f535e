//! `keyfob tokens view`.
use super::{
    columns::{Row, TokenColumn},
    find::find,
};
use crate::{
    invocation::Invocation,
    terminal::{
        printing::Format,
        table::{self},
    },
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob tokens view ci
  keyfob tokens view WuoWs4ZsMX -o json")]
pub(crate) struct ViewArgs {
    /// Name or id of the token
    #[arg(value_name = "NAME|ID")]
    key: String,
    /// Columns of the table, separated by commas [default: all]
    #[arg(short, long, value_name = "COLUMNS", value_delimiter = ',', ignore_case = true)]
    column: Vec<TokenColumn>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// Prints the token.
pub(crate) async fn run(invocation: &Invocation, args: &ViewArgs) -> anyhow::Result<()> {
    let key = find(&invocation.connect()?, &args.key).await?;
    if args.output == Format::Json {
        return invocation.out.json(&[key]);
    }
    // The server names owners in lists only.
    let owner = key.user_id.to_string();
    let columns = TokenColumn::chosen(args.column.clone(), true);
    Ok(invocation.out.result(&table::render(&columns, &[Row { key, owner }]))?)
}
