//! `keyfob scopes`.
use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::scopes::{Effect, sentence};

use crate::{
    invocation::Invocation,
    terminal::table::{self, Cell, Chosen, Column, Weight},
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "A table says what each scope permits, and whether that reads, writes, destroys, or is \
unrestricted.

Examples:
  keyfob scopes                     a table on a terminal, else one name per line
  keyfob scopes workspace           scopes with this text in their name
  keyfob scopes -o table | grep destroys
  keyfob scopes -o json             JSON, for programs")]
pub(crate) struct ScopesArgs {
    /// Only scopes with one of these texts in their name
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    /// Output format [default: table on a terminal, else text]
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<ScopesFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ScopesFormat {
    /// One name per line
    #[value(alias = "name")]
    Text,
    /// A table with what each scope permits
    Table,
    /// JSON, an array of names
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScopeColumn {
    Scope,
    Effect,
    Meaning,
}

impl Column<String> for ScopeColumn {
    fn cell(&self, name: &String) -> Cell {
        match self {
            Self::Scope => name.as_str().into(),
            Self::Effect => Effect::of_scope(name).word().into(),
            Self::Meaning => sentence(name).into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Scope => Weight::Key,
            Self::Effect => Weight::Usual,
            Self::Meaning => Weight::Wraps,
        }
    }
}

/// Prints the names that `keyfob tokens create --scope` takes.
pub(crate) async fn run(invocation: &Invocation, args: &ScopesArgs) -> anyhow::Result<()> {
    let mut scopes = invocation.connect()?.list_scopes().await.context("list scopes")?.external;
    scopes.retain(|scope| args.texts.is_empty() || args.texts.iter().any(|text| scope.contains(text.as_str())));
    let usual = if invocation.out.is_for_people() { ScopesFormat::Table } else { ScopesFormat::Text };
    match args.output.unwrap_or(usual) {
        ScopesFormat::Json => invocation.out.json(&scopes)?,
        ScopesFormat::Text => scopes.iter().try_for_each(|scope| invocation.out.line(scope))?,
        ScopesFormat::Table => {
            let columns = [ScopeColumn::Scope, ScopeColumn::Effect, ScopeColumn::Meaning];
            invocation.out.result(&table::render(&columns, Chosen::ByDefault, &scopes, invocation.out.looks(None)))?;
        }
    }
    Ok(())
}
