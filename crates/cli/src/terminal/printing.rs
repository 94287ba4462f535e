//! Rows as a table of chosen columns, or as JSON.
use clap::{ValueEnum, builder::EnumValueParser};
use serde::Serialize;

use super::{
    output::Output,
    table::{Column, render},
};

/// Output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table, for people.
    Table,
    /// JSON, for programs.
    Json,
}

/// Columns of which a command prints some by default.
pub(crate) trait Columns: ValueEnum + Send + Sync + 'static {
    /// Their names, with commas between them.
    const USUAL: &'static str;
}

/// The options of every command that prints rows.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Printing<C: Columns> {
    /// Columns of the table, separated by commas
    #[arg(short, long, value_name = "COLUMNS", value_delimiter = ',', ignore_case = true, default_value = C::USUAL,
        value_parser = EnumValueParser::<C>::new())]
    column: Vec<C>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

impl<C: Columns> Printing<C> {
    /// Prints the rows. Without any there is no table: people read the remark instead.
    pub(crate) fn list<Row: Serialize>(&self, out: Output, rows: &[Row], none: &str) -> anyhow::Result<()>
    where
        C: Column<Row>,
    {
        match self.output {
            Format::Json => out.json(&rows)?,
            Format::Table if rows.is_empty() => out.remark(none),
            Format::Table => out.result(&render(&self.column, rows))?,
        }
        Ok(())
    }

    /// Prints one row: an object for programs, a line for people.
    pub(crate) fn one<Row: Serialize>(&self, out: Output, row: &Row) -> anyhow::Result<()>
    where
        C: Column<Row>,
    {
        match self.output {
            Format::Json => out.json(row)?,
            Format::Table => out.result(&render(&self.column, std::slice::from_ref(row)))?,
        }
        Ok(())
    }
}
