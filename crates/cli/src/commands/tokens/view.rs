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

/// Which token, and how to print it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob tokens view ci
  keyfob tokens view WuoWs4ZsMX -o json")]
pub(crate) struct ViewArgs {
    /// The token's name or id
    #[arg(value_name = "NAME|ID")]
    key: String,
    /// Which columns of the table, with commas between them [default: all]
    #[arg(short, long, value_name = "COLUMNS", value_delimiter = ',', ignore_case = true)]
    column: Vec<TokenColumn>,
    /// How to print it
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
    invocation.out.result(&table::render(&TokenColumn::chosen(args.column.clone(), true), &[Row { key, owner }]));
    Ok(())
}
