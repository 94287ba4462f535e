//! `keyfob tokens view`.
use keyfob_client::ME;
use keyfob_server::Clock;

use super::columns::{Row, TokenColumn};
use crate::{
    arguments::{name::parse_name, token::find_of},
    invocation::Invocation,
    names::Names,
    terminal::{
        printing::{ListFormat, TimeOption},
        table::{self, Chosen},
        text::printable,
    },
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob tokens view ci
  keyfob tokens view deploy --user robot
  keyfob tokens view WuoWs4ZsMX -o json")]
pub(crate) struct ViewArgs {
    /// Name or id of the token
    #[arg(value_name = "NAME|ID", value_parser = parse_name)]
    key: String,
    /// Owner of the token: a username or an id
    #[arg(short, long, value_name = "USER", default_value = ME, hide_default_value = true, value_parser = parse_name)]
    user: String,
    /// Columns of the table, separated by commas [default: all but `parent`; `status` on a terminal]
    #[arg(short, long, value_name = "COLUMNS", value_delimiter = ',', ignore_case = true)]
    column: Vec<TokenColumn>,
    /// Output format; a name is the id of the token
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: ListFormat,
    #[command(flatten)]
    time: TimeOption,
}

/// Prints the token.
pub(crate) async fn run(invocation: &Invocation, args: &ViewArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let key = find_of(&client, &args.user, &args.key).await?;
    match args.output {
        ListFormat::Json => return invocation.out.json(&[key]),
        ListFormat::Name => return Ok(invocation.out.line(printable(&key.id))?),
        ListFormat::Table => {}
    }
    let is_for_people = invocation.out.is_for_people();
    let names = Names::new(&client);
    // The server names owners in lists only.
    let id = key.user_id;
    let owner = if is_for_people { names.user(id).await? } else { None };
    let row = Row::new(key, owner.unwrap_or_else(|| id.to_string()), Clock::System.now());
    let row = if is_for_people { row.named(&names).await? } else { row };
    let (columns, chosen) = if args.column.is_empty() {
        (TokenColumn::usual(is_for_people, true), Chosen::ByDefault)
    } else {
        (args.column.clone(), Chosen::ByName)
    };
    Ok(invocation.out.result(&table::render(&columns, chosen, &[row], invocation.out.looks(args.time.time)))?)
}
