//! The fields of an object: found without regard to case, as Go's decoder finds them, and named when they are not known.
use std::borrow::Cow;

use keyfob_api::error::Validation;

use super::{normal_form::NULL, shape::Shape};

/// How alike two names must be, from 0 to 1, to name one where the other is not known.
const ALIKE: f64 = 0.6;
/// How many wrong fields an answer names at most; looking for the nearest name costs time for each.
pub(super) const MOST_NAMED: usize = 8;
/// How many characters of a name an answer repeats. No longer name is compared with the known ones.
const LONGEST_NAME: usize = 64;

/// The fields of an object that were read so far.
pub(super) struct Fields<'a> {
    known: &'a [(String, Shape)],
    found: Vec<Option<Found>>,
}

/// A field that was read.
struct Found {
    /// Whether its name was spelled as it is documented.
    is_exact: bool,
    json: Vec<u8>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(known: &'a [(String, Shape)]) -> Self {
        Self { known, found: known.iter().map(|_| None).collect() }
    }

    /// The number and the shape of the field with this name: the exact one first.
    pub(super) fn find(&self, name: &str) -> Option<(usize, &'a Shape)> {
        let position = |is: &dyn Fn(&str) -> bool| self.known.iter().position(|(known, _)| is(known));
        let number =
            position(&|known| known == name).or_else(|| position(&|known| known.eq_ignore_ascii_case(name)))?;
        Some((number, &self.known.get(number)?.1))
    }

    /// Keeps a value; whether the field was there already, under a name that was spelled as exactly. An exact one
    /// stays, whichever comes first.
    pub(super) fn put(&mut self, number: usize, name: &str, json: Vec<u8>) -> bool {
        let is_exact = self.known.get(number).is_some_and(|(known, _)| known == name);
        let Some(place) = self.found.get_mut(number) else { return false };
        let before = place.as_ref().map(|found| found.is_exact);
        if before.is_none_or(|was_exact| is_exact || !was_exact) {
            *place = Some(Found { is_exact, json });
        }
        before == Some(is_exact)
    }

    /// Writes the members of the object. What is `null` is left out.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let given = self.known.iter().zip(self.found).filter_map(|((name, _), found)| Some((name, found?.json)));
        for (position, (name, json)) in given.filter(|(_, json)| json != NULL).enumerate() {
            if position > 0 {
                out.push(b',');
            }
            // The names of fields have no character that JSON escapes.
            out.push(b'"');
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            out.extend_from_slice(&json);
        }
    }

    /// Says that there is no field of this name, and which one is nearest.
    pub(super) fn unknown(&self, name: &str) -> Validation {
        Validation::new(shortened(name), self.problem(name))
    }

    fn problem(&self, name: &str) -> String {
        let is_comparable = name.len() <= LONGEST_NAME;
        let name = name.to_ascii_lowercase();
        let names = || self.known.iter().map(|(known, _)| known.as_str());
        let likeness = |known| (strsim::normalized_damerau_levenshtein(&name, known), known);
        let alike = names().filter(|_| is_comparable).map(likeness).filter(|(likeness, _)| *likeness >= ALIKE);
        match alike.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
            Some((_, nearest)) => format!("There is no field of this name; the nearest is \"{nearest}\"."),
            None => format!("There is no field of this name; there are {}.", names().collect::<Vec<_>>().join(", ")),
        }
    }
}

/// The beginning of a name, for an answer.
pub(crate) fn shortened(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => Cow::Owned(name.get(..end).unwrap_or_default().to_owned()),
        None => Cow::Borrowed(name),
    }
}
