//! Searches in texts, without regard to case.
//!
//! Two texts are the same here if Unicode's full case folding makes them the same: `ÜNAL` is `ünal`, `STRASSE` is
//! `straße`. SQLite folds ASCII letters only, so a text is searched for with a pattern that has every case of each
//! letter, as in `[üÜ][nN]`; on PostgreSQL, the same brackets work in regular expressions.
use std::{collections::HashMap, sync::LazyLock};

use sea_query::{Expr, Func, SimpleExpr, extension::sqlite::SqliteExpr as _};

use super::Dialect;

/// The longest pattern that SQLite takes, in bytes.
const MAX_PATTERN: usize = 50_000;

/// Characters that mean something in a pattern of SQLite.
const SPECIAL: [char; 3] = ['*', '?', '['];

/// The cases of all letters.
struct Cases {
    /// For each folded letter, the other characters that fold to it alone.
    others: HashMap<char, Vec<char>>,
    /// Characters that fold to several, with these.
    long: Vec<(char, String)>,
}

static CASES: LazyLock<Cases> = LazyLock::new(|| {
    let mut cases = Cases { others: HashMap::new(), long: Vec::new() };
    // No letter beyond has cases.
    for character in '\0'..='\u{1ffff}' {
        let folded: String = fold(character).collect();
        let mut letters = folded.chars();
        match (letters.next(), letters.next()) {
            (Some(only), None) if only != character => cases.others.entry(only).or_default().push(character),
            (Some(_), Some(_)) => cases.long.push((character, folded)),
            _ => {}
        }
    }
    cases
});

/// A character without its case.
fn fold(character: char) -> impl Iterator<Item = char> {
    // Letters with the same upper case are the same, too: `ς` and `σ`, `ſ` and `s`.
    character.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

impl Dialect {
    /// Whether a text contains another.
    pub(crate) fn contains(self, text: Expr, part: &str) -> SimpleExpr {
        self.matches(text, part, Place::Anywhere)
    }

    /// Whether a text is another.
    pub(crate) fn equals(self, text: Expr, other: &str) -> SimpleExpr {
        self.matches(text, other, Place::Whole)
    }

    fn matches(self, text: Expr, other: &str, place: Place) -> SimpleExpr {
        let folded: String = other.chars().flat_map(fold).collect();
        let pattern: String = folded.chars().map(|folded| self.any_case(folded)).collect();
        // SQLite would end the pattern at this character, which is in no text.
        if folded.contains('\0') || pattern.len() > MAX_PATTERN {
            return Expr::val(false);
        }
        let long = CASES.long.iter().filter(|(_, long)| may_overlap(&folded, long));
        let text = long.fold(text, |text, (short, long)| replaced(text, *short, long));
        match (self, place) {
            (Self::Sqlite, Place::Anywhere) => text.glob(format!("*{pattern}*")),
            (Self::Sqlite, Place::Whole) => text.glob(pattern),
            (Self::Postgres, Place::Anywhere) => is_like(text, pattern),
            (Self::Postgres, Place::Whole) => is_like(text, format!("^{pattern}$")),
        }
    }

    /// The pattern of a letter in every case.
    fn any_case(self, folded: char) -> String {
        match (CASES.others.get(&folded), self) {
            (Some(others), _) => format!("[{folded}{}]", others.iter().collect::<String>()),
            (None, Self::Sqlite) if SPECIAL.contains(&folded) => format!("[{folded}]"),
            (None, Self::Postgres) if folded.is_ascii_punctuation() => format!("\\{folded}"),
            (None, _) => folded.to_string(),
        }
    }
}

/// Where in a text a pattern is looked for.
#[derive(Clone, Copy)]
enum Place {
    Anywhere,
    Whole,
}

/// Whether a text matches a regular expression of PostgreSQL, in which `^` and `$` are the ends of the text.
fn is_like(text: SimpleExpr, pattern: String) -> SimpleExpr {
    Expr::cust_with_exprs(r#"($1 COLLATE "C") ~ $2"#, [text, Expr::val(pattern)])
}

/// Whether a text that contains `part` can contain `long` at the same place, wholly or in part. Else it makes no
/// difference whether a letter was replaced by `long`.
fn may_overlap(part: &str, long: &str) -> bool {
    let splits = long.char_indices().skip(1).map(|(at, _)| long.split_at(at));
    let is_at_an_end = |(head, tail): (&str, &str)| part.starts_with(tail) || part.ends_with(head);
    part.contains(long) || long.contains(part) || splits.into_iter().any(is_at_an_end)
}

fn replaced(text: SimpleExpr, short: char, long: &str) -> SimpleExpr {
    Expr::expr(Func::cust("replace").args([text, Expr::val(short.to_string()), Expr::val(long)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_folds_to_the_same_in_every_case() {
        let folded = |text: String| text.chars().flat_map(fold).collect::<String>();
        for character in '\0'..='\u{1ffff}' {
            let own = folded(character.to_string());
            assert_eq!(folded(own.clone()), own, "{character:?}");
            for other in [character.to_lowercase().to_string(), character.to_uppercase().to_string()] {
                assert_eq!(folded(other), own, "{character:?}");
            }
        }
        assert!(('\u{20000}'..=char::MAX).all(|character| fold(character).eq([character])));
    }

    /// The characters of a class would mean something else in it.
    #[test]
    fn no_letter_with_cases_means_something_in_a_pattern() {
        for (folded, others) in &CASES.others {
            let all: Vec<char> = [*folded].into_iter().chain(others.iter().copied()).collect();
            assert!(!all.iter().any(|one| SPECIAL.contains(one) || "]^-".contains(*one)), "{all:?}");
        }
    }
}
