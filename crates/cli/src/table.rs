//! Tables, and the choice of their columns.
use clap::{ValueEnum, builder::EnumValueParser};
use comfy_table::{Table, presets};
use serde::Serialize;

use crate::output::Output;

/// What a command answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns, for people.
    Table,
    /// For programs.
    Json,
}

/// One column of a table of `Row`s; its name is the one on the command line.
pub(crate) trait Column<Row>: ValueEnum {
    /// What the column shows of a row.
    fn cell(&self, row: &Row) -> String;
}

/// Columns of which a command shows some when none are asked for.
pub(crate) trait Columns: ValueEnum + Send + Sync + 'static {
    /// Their names, with commas between them.
    const USUAL: &'static str;
}

/// How to print rows: the options of every command that does.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Printing<C: Columns> {
    /// Which columns of the table, with commas between them
    #[arg(short, long, value_name = "COLUMNS", value_delimiter = ',', ignore_case = true, default_value = C::USUAL,
        value_parser = EnumValueParser::<C>::new())]
    column: Vec<C>,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

impl<C: Columns> Printing<C> {
    /// Prints the rows, which are no table if there are none: then people read the remark.
    pub(crate) fn list<Row: Serialize>(&self, out: Output, rows: &[Row], none: &str) -> anyhow::Result<()>
    where
        C: Column<Row>,
    {
        match self.output {
            Format::Json => out.json(&rows)?,
            Format::Table if rows.is_empty() => out.remark(none),
            Format::Table => out.result(&render(&self.column, rows)),
        }
        Ok(())
    }

    /// Prints one thing: an object for programs, a line for people.
    pub(crate) fn one<Row: Serialize>(&self, out: Output, row: &Row) -> anyhow::Result<()>
    where
        C: Column<Row>,
    {
        match self.output {
            Format::Json => out.json(row)?,
            Format::Table => out.result(&render(&self.column, std::slice::from_ref(row))),
        }
        Ok(())
    }
}

/// The rows under a line of upper-case names.
pub(crate) fn render<Row, C: Column<Row>>(columns: &[C], rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(columns.iter().map(name));
    table.add_rows(rows.iter().map(|row| columns.iter().map(|column| printable(&column.cell(row)))));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

fn name(column: &impl ValueEnum) -> String {
    column.to_possible_value().map(|value| value.get_name().to_uppercase()).unwrap_or_default()
}

/// Names may hold anything; on a terminal, control characters could do harm.
pub(crate) fn printable(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, ValueEnum)]
    enum Letters {
        Name,
        #[value(name = "last used")]
        LastUsed,
    }

    impl Column<(&str, &str)> for Letters {
        fn cell(&self, row: &(&str, &str)) -> String {
            match self {
                Self::Name => row.0.to_owned(),
                Self::LastUsed => row.1.to_owned(),
            }
        }
    }

    #[test]
    fn columns_are_aligned_under_upper_case_names() {
        let rows = [("ci", "never"), ("a longer one", "today")];
        insta::assert_snapshot!(render(&[Letters::Name, Letters::LastUsed], &rows), @r"
        NAME          LAST USED
        ci            never
        a longer one  today
        ");
    }

    #[test]
    fn control_characters_of_a_name_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mred\nb"), "a\\u{1b}[31mred\\nb");
    }
}
