//! Rows as a table of chosen columns, as JSON, or as bare names.
use clap::{Args, ValueEnum, builder::EnumValueParser};
use serde::Serialize;

use super::{
    output::Output,
    table::{Chosen, Column, render},
    time::TimeStyle,
};

/// Output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table, for people.
    Table,
    /// JSON, for programs.
    Json,
}

/// Output formats of rows that have a name each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// A table, for people
    Table,
    /// JSON, for programs
    Json,
    /// One word a line, for scripts: what other commands take as NAME or ID
    Name,
}

/// Output formats of a result that people read as a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TextFormat {
    /// Text, for people
    Text,
    /// JSON, for programs
    Json,
}

/// How tables show times.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct TimeOption {
    /// How to show times [default: relative on a terminal, else absolute]
    #[arg(long, value_name = "STYLE")]
    pub(crate) time: Option<TimeStyle>,
}

/// What a row is called in scripts.
pub(crate) trait Named {
    /// The one word that other commands take.
    fn name(&self) -> String;
}

/// Columns of which a command prints some by default.
pub(crate) trait Columns: ValueEnum + Send + Sync + 'static {
    /// Their names, with commas between them.
    const USUAL: &'static str;
}

/// The options of every command that prints rows.
#[derive(Clone, Debug, Args)]
pub(crate) struct Printing<C: Columns> {
    // The default is in the help text alone: columns that a person asks for are never left out, the usual ones either.
    #[arg(short, long, value_name = "COLUMNS", value_delimiter = ',', ignore_case = true, help = help_of::<C>(),
        value_parser = EnumValueParser::<C>::new())]
    column: Vec<C>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: ListFormat,
    #[command(flatten)]
    time: TimeOption,
}

impl<C: Columns> Printing<C> {
    /// Whether a table is printed, so that what only people read is worth looking up.
    pub(crate) fn is_table(&self) -> bool {
        self.output == ListFormat::Table
    }

    /// Whether a table with the usual columns is printed.
    pub(crate) fn is_usual_table(&self) -> bool {
        self.is_table() && self.chosen() == Chosen::ByDefault
    }

    /// Whether a table is printed that has this column.
    pub(crate) fn shows(&self, column: &C) -> bool
    where
        C: PartialEq,
    {
        let columns = if self.chosen() == Chosen::ByDefault { usual() } else { self.column.clone() };
        self.is_table() && columns.contains(column)
    }

    fn chosen(&self) -> Chosen {
        if self.column.is_empty() { Chosen::ByDefault } else { Chosen::ByName }
    }

    /// Prints the rows. Without any there is no table: people read the remark instead.
    pub(crate) fn list<Row: Serialize + Named>(&self, out: Output, rows: &[Row], none: &str) -> anyhow::Result<()>
    where
        C: Column<Row>,
    {
        match self.output {
            ListFormat::Json => out.json(&rows)?,
            ListFormat::Name => rows.iter().try_for_each(|row| out.line(super::text::printable(&row.name())))?,
            ListFormat::Table if rows.is_empty() => out.remark(none),
            ListFormat::Table => self.table(out, rows)?,
        }
        Ok(())
    }

    /// Prints one row: an object for programs, a line for people.
    pub(crate) fn one<Row: Serialize + Named>(&self, out: Output, row: &Row) -> anyhow::Result<()>
    where
        C: Column<Row>,
    {
        match self.output {
            ListFormat::Json => out.json(row)?,
            ListFormat::Name => out.line(super::text::printable(&row.name()))?,
            ListFormat::Table => self.table(out, std::slice::from_ref(row))?,
        }
        Ok(())
    }

    fn table<Row>(&self, out: Output, rows: &[Row]) -> anyhow::Result<()>
    where
        C: Column<Row>,
    {
        let chosen = self.chosen();
        let columns = if chosen == Chosen::ByDefault { usual() } else { self.column.clone() };
        Ok(out.result(&render(&columns, chosen, rows, out.looks(self.time.time)))?)
    }
}

fn help_of<C: Columns>() -> String {
    format!("Columns of the table, separated by commas [default: {}]", C::USUAL)
}

/// The columns that are printed by default.
fn usual<C: Columns>() -> Vec<C> {
    C::USUAL.split(',').filter_map(|name| C::from_str(name, true).ok()).collect()
}
