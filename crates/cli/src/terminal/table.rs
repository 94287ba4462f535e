//! Tables that fit the terminal.
use clap::ValueEnum;
use jiff::Timestamp;
use keyfob_api::time::Time;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr;

use super::{
    text::printable,
    time::{TimeStyle, shown},
};

/// What stands between two columns.
const GAP: usize = 2;
/// Columns that wrap are not made narrower than their longest word, or than this, while there are columns to leave out.
const NARROW: usize = 30;

/// One column of a table of `Row`s; its name is the one on the command line.
pub(crate) trait Column<Row>: ValueEnum {
    /// The text of a row's cell in this column.
    fn cell(&self, row: &Row) -> Cell;

    /// What becomes of the column where the table is too wide.
    fn weight(&self) -> Weight {
        Weight::Usual
    }
}

/// The content of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Time(Time),
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Time> for Cell {
    fn from(at: Time) -> Self {
        Self::Time(at)
    }
}

/// What becomes of a column where the table is too wide. The lightest are left out first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// It is left out first, such as an id beside a name.
    Light,
    /// It is left out where wrapping does not help.
    Usual,
    /// Its cells are wrapped; it is left out late.
    Wraps,
    /// It stays: it says what a row is about.
    Key,
}

/// How tables look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looks {
    /// How wide they may be; any width for programs that read them.
    pub(crate) width: Option<usize>,
    pub(crate) time: TimeStyle,
    pub(crate) now: Timestamp,
}

/// Whether columns may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// By the program, which may leave some out.
    ByDefault,
    /// By the person who asked for them.
    ByName,
}

/// A column with its header and its cells, one per row.
struct Laid {
    weight: Weight,
    texts: Vec<String>,
    /// The width of the longest text.
    natural: usize,
    width: usize,
    longest_word: usize,
    /// The width of the widest character, as a person counts them: none is cut.
    widest: usize,
}

/// The rows under a line of upper-case names.
pub(crate) fn render<Row, C: Column<Row>>(columns: &[C], chosen: Chosen, rows: &[Row], looks: Looks) -> String {
    let lay = |column: &C| {
        let cells = rows.iter().map(|row| match column.cell(row) {
            Cell::Text(text) => printable(&text),
            Cell::Time(at) => shown(at, looks.time, looks.now),
        });
        let texts: Vec<String> = std::iter::once(name(column)).chain(cells).collect();
        let width = texts.iter().map(|text| text.width()).max().unwrap_or_default();
        let words = texts.iter().flat_map(|text| text.split(' ')).map(UnicodeWidthStr::width);
        let longest_word = words.max().unwrap_or_default();
        let characters = texts.iter().flat_map(|text| text.graphemes(true)).map(UnicodeWidthStr::width);
        let widest = characters.max().unwrap_or_default();
        Laid { weight: column.weight(), texts, natural: width, width, longest_word, widest }
    };
    let mut laid: Vec<Laid> = columns.iter().map(lay).collect();
    if let Some(width) = looks.width {
        fit(&mut laid, width.max(1), chosen);
    }
    let lines = (0..=rows.len()).flat_map(|row| lines(&laid, row));
    lines.fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

fn total(laid: &[Laid]) -> usize {
    laid.iter().map(|column| column.width).sum::<usize>() + GAP * laid.len().saturating_sub(1)
}

/// Makes columns narrower, and leaves some out, until all are as wide as the terminal.
fn fit(laid: &mut Vec<Laid>, width: usize, chosen: Chosen) {
    loop {
        // What was taken while more columns were there is given back.
        for column in laid.iter_mut() {
            column.width = column.natural;
        }
        narrow(laid, width, |column| column.weight == Weight::Wraps, |column| column.longest_word.min(NARROW));
        if total(laid) <= width {
            return;
        }
        let lightest = laid.iter().enumerate().rev().min_by_key(|(_, column)| column.weight);
        match lightest.filter(|(_, column)| chosen == Chosen::ByDefault && column.weight < Weight::Key) {
            Some((at, _)) if laid.len() > 1 => drop(laid.remove(at)),
            _ => return narrow(laid, width, |_| true, |column| column.widest),
        }
    }
}

/// Takes from the widest of these columns as long as the table is too wide, but not below their least width.
fn narrow(laid: &mut [Laid], width: usize, may: impl Fn(&Laid) -> bool, least: impl Fn(&Laid) -> usize) {
    let mut excess = total(laid).saturating_sub(width);
    while excess > 0 {
        let widest =
            laid.iter_mut().filter(|column| may(column) && column.width > least(column)).max_by_key(|it| it.width);
        let Some(widest) = widest else { return };
        widest.width -= 1;
        excess -= 1;
    }
}

/// The lines of a row: several where cells are wrapped.
fn lines(laid: &[Laid], row: usize) -> Vec<String> {
    let cell = |column: &Laid| {
        let text = column.texts.get(row).map_or("", String::as_str);
        // Nothing is measured character by character where all of it fits.
        if column.width < column.natural { wrapped(text, column.width) } else { vec![text.to_owned()] }
    };
    let cells: Vec<Vec<String>> = laid.iter().map(cell).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or_default();
    let line = |at: usize| {
        let parts = cells.iter().zip(laid).map(|(cell, column)| {
            let text = cell.get(at).map_or("", String::as_str);
            format!("{text}{}", " ".repeat(column.width.saturating_sub(text.width())))
        });
        parts.collect::<Vec<_>>().join(&" ".repeat(GAP))
    };
    (0..height).map(line).collect()
}

/// The text in lines of at most this width, broken between words, or where there is no other place.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        let last = lines.last().map_or(0, |line| line.width());
        if last > 0 && last + word.trim_end().width() > width {
            lines.push(String::new());
        }
        // By what a person counts as one character, which may be several.
        for character in word.graphemes(true) {
            let Some(line) = lines.last_mut() else { break };
            let length = line.len();
            line.push_str(character);
            if line.width() > width && length > 0 {
                line.truncate(length);
                if character != " " {
                    lines.push(character.to_owned());
                }
            }
        }
    }
    lines
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
        Scopes,
        Id,
    }

    struct Row(&'static str, Time, &'static str);

    impl Column<Row> for Letters {
        fn cell(&self, row: &Row) -> Cell {
            match self {
                Self::Name => row.0.into(),
                Self::LastUsed => row.1.into(),
                Self::Scopes => row.2.into(),
                Self::Id => "6f1b1c9e-8f0a-4f5e-9a3d-0d3f5a3c1b2e".into(),
            }
        }

        fn weight(&self) -> Weight {
            match self {
                Self::Name => Weight::Key,
                Self::LastUsed => Weight::Usual,
                Self::Scopes => Weight::Wraps,
                Self::Id => Weight::Light,
            }
        }
    }

    const COLUMNS: [Letters; 4] = [Letters::Name, Letters::LastUsed, Letters::Scopes, Letters::Id];

    fn now() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn rows() -> [Row; 2] {
        let used = Time("2026-01-02T03:00:05Z".parse().unwrap());
        [Row("ci", Time::UNSET, "workspace:read, template:read, workspace:ssh"), Row("a longer one", used, "coder:all")]
    }

    fn looks(width: usize) -> Looks {
        Looks { width: Some(width), time: TimeStyle::Relative, now: now() }
    }

    #[test]
    fn columns_are_aligned_under_upper_case_names() {
        let looks = Looks { width: None, time: TimeStyle::Absolute, now: now() };
        insta::assert_snapshot!(render(&COLUMNS[..2], Chosen::ByDefault, &rows(), looks), @r"
        NAME          LAST USED
        ci            never
        a longer one  2026-01-02T03:00:05Z
        ");
    }

    #[test]
    fn a_table_fits_the_terminal_by_leaving_out_the_lightest_and_wrapping() {
        insta::assert_snapshot!(render(&COLUMNS, Chosen::ByDefault, &rows(), looks(60)), @r"
        NAME          LAST USED      SCOPES
        ci            never          workspace:read, template:read,
                                     workspace:ssh
        a longer one  4 minutes ago  coder:all
        ");
    }

    #[test]
    fn no_table_is_wider_than_the_terminal() {
        for width in 1..150 {
            for chosen in [Chosen::ByDefault, Chosen::ByName] {
                let table = render(&COLUMNS, chosen, &rows(), looks(width));
                // One letter a column is the least.
                let least = if chosen == Chosen::ByName { 4 + 3 * GAP } else { 1 };
                let widest = table.lines().map(UnicodeWidthStr::width).max().unwrap();
                assert!(widest <= width.max(least), "{width}\n{table}");
            }
        }
    }

    /// What a person sees as one character, in one or two columns of the terminal.
    const CLUSTERS: [&str; 6] = ["👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "e\u{301}", "漢", "👍🏽"];

    /// The clusters of a text, in order: none is cut.
    fn clusters(text: &str) -> Vec<&str> {
        text.graphemes(true).filter(|cluster| !cluster.trim().is_empty()).collect()
    }

    #[test]
    fn joined_characters_are_neither_cut_nor_miscounted() {
        let all = CLUSTERS.concat();
        let row = |name| Row(name, Time::UNSET, "x");
        let rows = [row(&*all.clone().leak()), row("漢字"), row("plain")];
        let in_pipe = Looks { width: None, time: TimeStyle::Absolute, now: now() };
        let table = render(&COLUMNS[..2], Chosen::ByDefault, &rows, in_pipe);
        assert_eq!(table.lines().count(), 4, "one line a row\n{table}");
        let starts: Vec<usize> = table
            .lines()
            .skip(1)
            .map(|line| line.split_once("never").map_or(0, |(before, _)| before.width()))
            .collect();
        assert_eq!(starts, [all.width() + GAP; 3], "{table}");
        for width in 2..20 {
            let lines = wrapped(&all, width);
            assert_eq!(clusters(&lines.concat()), clusters(&all), "{width}: {lines:?}");
            assert!(lines.iter().all(|line| line.width() <= width), "{width}: {lines:?}");
            assert!(lines.iter().all(|line| clusters(line).iter().all(|own| CLUSTERS.contains(own))), "{lines:?}");
        }
    }

    #[test]
    fn columns_that_were_asked_for_are_never_left_out() {
        let table = render(&COLUMNS, Chosen::ByName, &rows(), looks(60));
        let heads: String = table.chars().filter(char::is_ascii_uppercase).collect();
        assert_eq!(heads.len(), "NAMELASTUSEDSCOPESID".len(), "{table}");
    }
}
