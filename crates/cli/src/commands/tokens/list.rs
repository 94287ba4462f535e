//! `keyfob tokens list`.
use anyhow::Context as _;
use keyfob_client::{ME, TokensFilter};

use super::columns::{Row, TokenColumn};
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
  keyfob tokens list
  keyfob tokens list --all -c owner,name,\"expires at\"
  keyfob tokens list --include-expired -o json")]
pub(crate) struct ListArgs {
    /// List the tokens of all users, as far as you may read them
    #[arg(short, long)]
    all: bool,
    /// List expired tokens, too
    #[arg(long)]
    include_expired: bool,
    /// Columns of the table, separated by commas [default: all; `owner` only with --all]
    #[arg(short, long, value_name = "COLUMNS", value_delimiter = ',', ignore_case = true)]
    column: Vec<TokenColumn>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// Prints the tokens, by id.
pub(crate) async fn run(invocation: &Invocation, args: ListArgs) -> anyhow::Result<()> {
    let filter = TokensFilter { include_all: args.all, include_expired: args.include_expired };
    let mut tokens = invocation.connect()?.list_tokens(ME, filter).await.context("list tokens")?;
    tokens.sort_unstable_by(|one, other| one.key.id.cmp(&other.key.id));
    if args.output == Format::Json {
        return invocation.out.json(&tokens.into_iter().map(|token| token.key).collect::<Vec<_>>());
    }
    if tokens.is_empty() {
        invocation.out.remark("No tokens found.");
        return Ok(());
    }
    let rows: Vec<_> = tokens.into_iter().map(|token| Row { key: token.key, owner: token.username }).collect();
    invocation.out.result(&table::render(&TokenColumn::chosen(args.column, args.all), &rows))?;
    Ok(())
}
