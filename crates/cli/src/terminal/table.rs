//! Tables.
use clap::ValueEnum;
use comfy_table::{Table, presets};

use super::text::printable;

/// One column of a table of `Row`s; its name is the one on the command line.
pub(crate) trait Column<Row>: ValueEnum {
    /// The text of a row's cell in this column.
    fn cell(&self, row: &Row) -> String;
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
}
