//! The grammar of searches (`docs/compatibility.md`): `status:active,dormant "two words" amy`.
use std::str::FromStr;

use jiff::{Timestamp, civil::Date};
use keyfob_api::error::Validation;
use keyfob_authority::data::KeyId;
use uuid::Uuid;

use crate::http::{error::ApiError, extract::number_problem};

/// A search, taken apart. Reading a key takes it out; a key that is left at the end is not one of the list's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    terms: Vec<(String, String)>,
    words: Vec<String>,
    wrong: Vec<Validation>,
    /// The values of keys as they were written.
    written: Vec<String>,
}

impl Search {
    /// Takes a search apart, its ASCII letters lower-cased: that is how lists compare.
    pub(crate) fn parse(text: &str) -> Self {
        let values = split(text, |character| character.is_whitespace() || character == ':');
        let written = values.into_iter().map(|value| value.trim_matches('"').to_owned()).collect();
        let mut search = Self { written, ..Self::default() };
        for element in split(&text.to_ascii_lowercase(), char::is_whitespace) {
            if element.starts_with(':') || element.ends_with(':') {
                search.complain("q", format!("Query element \"{element}\" cannot start or end with ':'"));
                continue;
            }
            match split(&element, |character| character == ':').as_slice() {
                [word] => search.words.push(word.clone()),
                [key, value] => search.terms.push((key.clone(), value.trim_matches('"').to_owned())),
                _ => search.complain("q", format!("Query element \"{element}\" can only contain 1 ':'")),
            }
        }
        search
    }

    fn complain(&mut self, field: &str, detail: String) {
        self.wrong.push(Validation::new(field, detail));
    }

    fn take(&mut self, key: &str) -> Vec<String> {
        let (taken, left) = std::mem::take(&mut self.terms).into_iter().partition(|(name, _)| name == key);
        self.terms = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// The words without a key, as one text.
    pub(crate) fn words(&mut self) -> Option<String> {
        let words = std::mem::take(&mut self.words);
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// The value of a key; of several the last.
    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        self.take(key).pop()
    }

    /// The values of a key, however many times it is given, each of them a list.
    pub(crate) fn list<T>(&mut self, key: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let values = self.take(key);
        let mut found = Vec::new();
        for value in values.iter().flat_map(|value| value.split(',')).map(str::trim) {
            if let Some(parsed) = parse(value) {
                found.push(parsed);
            } else {
                let detail = format!("Query param {key:?} has invalid values: {value:?} is not a valid value");
                self.complain(key, detail);
            }
        }
        found
    }

    /// The value of a key as true or false.
    pub(crate) fn choice(&mut self, key: &str) -> Option<bool> {
        let value = self.text(key)?;
        match value.as_str() {
            "1" | "t" | "true" => Some(true),
            "0" | "f" | "false" => Some(false),
            _ => {
                self.complain(key, format!("Query param {key:?} must be a valid boolean"));
                None
            }
        }
    }

    /// The value of a key as a whole number.
    pub(crate) fn integer(&mut self, key: &str) -> Option<i64> {
        let value = self.text(key)?;
        let parsed = i64::from_str(&value);
        if let Err(error) = &parsed {
            let problem = number_problem(&value, error);
            self.complain(key, format!("Query param {key:?} must be a valid 64-bit integer: {problem}"));
        }
        parsed.ok()
    }

    /// The value of a key as a UUID.
    pub(crate) fn uuid(&mut self, key: &str) -> Option<Uuid> {
        let value = self.text(key)?;
        let parsed = Uuid::try_parse(&value).ok();
        if parsed.is_none() {
            self.complain(key, format!("Query param {key:?} must be a valid uuid"));
        }
        parsed
    }

    /// The value of a key as the id of an API key. Such ids tell capitals apart, so it is read as it was written.
    pub(crate) fn key_id(&mut self, key: &str) -> Option<KeyId> {
        let lowered = self.text(key)?;
        let written = self.written.iter().find(|value| value.eq_ignore_ascii_case(&lowered));
        let parsed = KeyId::parse(written.unwrap_or(&lowered));
        if parsed.is_none() {
            self.complain(key, format!("Query param {key:?} must be the id of an API key"));
        }
        parsed
    }

    /// An instant of the day (`YYYY-MM-DD`) that is the value of a key.
    pub(crate) fn day(&mut self, key: &str, instant: impl FnOnce(Date) -> Option<Timestamp>) -> Option<Timestamp> {
        let value = self.text(key)?;
        let Ok(day) = value.parse() else {
            self.complain(key, format!("Query param {key:?} must be a valid date format (2006-01-02)"));
            return None;
        };
        let found = instant(day);
        if found.is_none() {
            self.complain(key, format!("Query param {key:?} is out of range"));
        }
        found
    }

    /// The value of a key as an instant (RFC 3339). Its colons need double quotes around it.
    pub(crate) fn time(&mut self, key: &str) -> Option<Timestamp> {
        const LAYOUT: &str = "2006-01-02T15:04:05Z07:00";
        let value = self.text(key)?.to_uppercase();
        let parsed = value.parse().ok();
        if parsed.is_none() {
            self.complain(
                key,
                format!(
                    "Query param {key:?} must be a valid date format ({LAYOUT}): parsing time {value:?} as {LAYOUT:?}: \
                     cannot parse {value:?} as \"2006\""
                ),
            );
        }
        parsed
    }

    /// Fails with this message when anything could not be read, or was no key of the list's.
    ///
    /// # Errors
    /// 400 with what is wrong.
    pub(crate) fn finish(mut self, message: &str) -> Result<(), ApiError> {
        for (key, _) in std::mem::take(&mut self.terms) {
            self.complain(&key, format!("{key:?} is not a valid query param"));
        }
        if self.wrong.is_empty() {
            return Ok(());
        }
        let error = ApiError::bad_request(message);
        Err(self.wrong.into_iter().fold(error, |error, wrong| error.validation(wrong.field, wrong.detail)))
    }
}

/// The pieces between delimiters that are not in double quotes, without the empty ones. Quotes stay.
fn split(text: &str, is_delimiter: impl Fn(char) -> bool) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut quoted = false;
    for character in text.chars() {
        quoted ^= character == '"';
        if !quoted && is_delimiter(character) {
            pieces.push(String::new());
        } else if let Some(last) = pieces.last_mut() {
            last.push(character);
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_taken_apart_at_blanks_and_colons_outside_of_quotes() {
        let mut search = Search::parse("owner:Me name:\"my dev\"  plain after:\"2020-01-01T00:00:00Z\" words");
        assert_eq!(search.text("owner").as_deref(), Some("me"));
        assert_eq!(search.text("name").as_deref(), Some("my dev"));
        assert_eq!(search.words().as_deref(), Some("plain words"));
        assert_eq!(search.time("after"), "2020-01-01T00:00:00Z".parse().ok());
        assert!(search.finish("bad").is_ok());
    }

    #[test]
    fn all_that_is_wrong_is_named_at_once() {
        let mut search = Search::parse("a:b:c :x status:asleep,active colour:red n:x");
        assert_eq!(search.list("status", |text| (text == "active").then_some(())).len(), 1);
        assert_eq!(search.integer("n"), None);
        let wrong: Vec<String> = search.wrong.iter().map(|wrong| wrong.field.clone()).collect();
        assert_eq!(wrong, ["q", "q", "status", "n"]);
        assert!(search.finish("bad").is_err());
    }
}
