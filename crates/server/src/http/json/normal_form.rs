//! A JSON body as its type reads it: with the keys of its schema, without `null`, and within all bounds.
//!
//! A text is read once, from its first byte to its last, and nothing is kept of what has no place in the schema. So a
//! body costs time and memory in proportion to its length, whatever is in it.
use std::{borrow::Cow, fmt};

use keyfob_api::error::Validation;
use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Number;

use super::{
    fields::{Fields, MOST_NAMED, shortened},
    shape::{Described, MOST_CHARACTERS, Members, Shape},
};

/// No longer is the JSON of most fields, in bytes.
const USUAL_FIELD: usize = 64;
/// How long what a platform stores may be, in bytes of JSON without white space.
const MOST_FREE_BYTES: usize = 16 * 1024;
/// How deep it may be.
const MOST_FREE_LEVELS: usize = 32;

/// What happens to a field that the schema does not have, or has once and the body twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubtful {
    /// It is ignored; of two fields the last one counts.
    Ignored,
    /// It is refused: it could be a restriction that its sender believes in.
    Refused,
}

/// The fields that are wrong so far.
pub(super) struct Findings {
    pub(super) doubtful: Doubtful,
    pub(super) wrong: Vec<Validation>,
}

impl Findings {
    /// Notes the bound that a field is beyond, which ends the reading.
    fn beyond<E: Error>(&mut self, field: &Place<'_>, bound: &str) -> E {
        self.wrong.push(Validation::new(field.to_string(), format!("The field must have at most {bound}.")));
        E::custom("a bound")
    }

    fn note(&mut self, wrong: Validation) {
        if self.wrong.len() < MOST_NAMED {
            self.wrong.push(wrong);
        }
    }
}

/// The name of a field, which mostly stands in the body as it is.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Where a value is in the body.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Body,
    Field(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body => Ok(()),
            Self::Field(Self::Body, name) => formatter.write_str(&shortened(name)),
            Self::Field(of, name) => write!(formatter, "{of}.{}", shortened(name)),
            Self::Item(of, number) => write!(formatter, "{of}[{number}]"),
        }
    }
}

/// Reads one value, and writes its normal form.
pub(super) struct Value<'a> {
    pub(super) shape: &'a Shape,
    pub(super) place: Place<'a>,
    /// How many levels of free-form values are around it.
    pub(super) level: usize,
    pub(super) findings: &'a mut Findings,
    pub(super) out: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.out.extend_from_slice(NULL);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.number(&value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.number(&value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.number(&Number::from_f64(value).ok_or_else(|| E::custom("number out of range"))?)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        // No database but ours would keep it.
        if value.contains('\0') {
            let wrong = Validation::new(self.place.to_string(), "The field must not have the character NUL.");
            self.findings.wrong.push(wrong);
            return Err(E::custom("a NUL"));
        }
        if let Shape::Described(of) = self.shape
            && is_longer(value, of.most_characters)
        {
            return Err(self.findings.beyond(&self.place, &format!("{} characters", of.most_characters)));
        }
        serde_json::to_writer(self.out, value).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, items: A) -> Result<(), A::Error> {
        self.out.push(b'[');
        match self.shape {
            Shape::Free => self.free_items(items)?,
            Shape::Described(Described { items: Some((most, each)), .. }) => self.items(items, *most, each)?,
            Shape::Described(_) => skip_items(items)?,
        }
        self.out.push(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, entries: A) -> Result<(), A::Error> {
        self.out.push(b'{');
        match self.shape {
            Shape::Free => self.free_entries(entries)?,
            Shape::Described(of) => match &of.members {
                Members::Fields(known) => self.fields(entries, known)?,
                Members::Entries(most, each) => self.entries(entries, *most, each)?,
                Members::None => skip_entries(entries)?,
            },
        }
        self.out.push(b'}');
        Ok(())
    }
}

pub(super) const NULL: &[u8] = b"null";

impl Value<'_> {
    fn number<E: Error>(self, number: &Number) -> Result<(), E> {
        serde_json::to_writer(self.out, number).map_err(E::custom)
    }

    fn items<'de, A: SeqAccess<'de>>(&mut self, mut items: A, most: usize, each: &Shape) -> Result<(), A::Error> {
        let own = self.place;
        for number in 0.. {
            let start = separate(self.out, number);
            let place = Place::Item(&own, number);
            let item =
                Value { shape: each, place, level: self.level, findings: &mut *self.findings, out: &mut *self.out };
            if items.next_element_seed(item)?.is_none() {
                self.out.truncate(start);
                break;
            }
            if number == most {
                return Err(self.findings.beyond(&self.place, &format!("{most} entries")));
            }
        }
        Ok(())
    }

    fn entries<'de, A: MapAccess<'de>>(&mut self, mut entries: A, most: usize, each: &Shape) -> Result<(), A::Error> {
        let own = self.place;
        let mut written = 0;
        while let Some(Name(name)) = entries.next_key()? {
            let place = Place::Field(&own, &name);
            if is_longer(&name, MOST_CHARACTERS) {
                return Err(self.findings.beyond(&place, &format!("{MOST_CHARACTERS} characters in its name")));
            }
            let start = separate(self.out, written);
            serde_json::to_writer(&mut *self.out, &name).map_err(A::Error::custom)?;
            self.out.push(b':');
            let before = self.out.len();
            let value =
                Value { shape: each, place, level: self.level, findings: &mut *self.findings, out: &mut *self.out };
            entries.next_value_seed(value)?;
            if self.out.get(before..) == Some(NULL) {
                self.out.truncate(start);
            } else if written == most {
                return Err(self.findings.beyond(&self.place, &format!("{most} members")));
            } else {
                written += 1;
            }
        }
        Ok(())
    }

    fn fields<'de, A: MapAccess<'de>>(&mut self, mut entries: A, known: &[(String, Shape)]) -> Result<(), A::Error> {
        let own = self.place;
        let mut fields = Fields::new(known);
        while let Some(Name(name)) = entries.next_key()? {
            let Some((field, shape)) = fields.find(&name) else {
                entries.next_value::<IgnoredAny>()?;
                if self.findings.doubtful == Doubtful::Refused {
                    self.findings.note(fields.unknown(&name));
                }
                continue;
            };
            let mut json = Vec::with_capacity(USUAL_FIELD);
            let place = Place::Field(&own, &name);
            entries.next_value_seed(Value {
                shape,
                place,
                level: self.level,
                findings: &mut *self.findings,
                out: &mut json,
            })?;
            if fields.put(field, &name, json) && self.findings.doubtful == Doubtful::Refused {
                self.findings.note(Validation::new(place.to_string(), format!("The field {name:?} is given twice.")));
            }
        }
        fields.write(self.out);
        Ok(())
    }

    fn free_items<'de, A: SeqAccess<'de>>(&mut self, mut items: A) -> Result<(), A::Error> {
        self.deeper()?;
        for number in 0.. {
            let start = separate(self.out, number);
            if items.next_element_seed(self.free_value())?.is_none() {
                self.out.truncate(start);
                break;
            }
            self.bounded()?;
        }
        Ok(())
    }

    fn free_entries<'de, A: MapAccess<'de>>(&mut self, mut entries: A) -> Result<(), A::Error> {
        self.deeper()?;
        for number in 0.. {
            let Some(Name(name)) = entries.next_key()? else { break };
            separate(self.out, number);
            serde_json::to_writer(&mut *self.out, &name).map_err(A::Error::custom)?;
            self.out.push(b':');
            entries.next_value_seed(self.free_value())?;
            self.bounded()?;
        }
        Ok(())
    }

    /// A value inside of this one, which is at the same place for people.
    fn free_value(&mut self) -> Value<'_> {
        Value {
            shape: self.shape,
            place: self.place,
            level: self.level + 1,
            findings: &mut *self.findings,
            out: &mut *self.out,
        }
    }

    fn deeper<E: Error>(&mut self) -> Result<(), E> {
        if self.level < MOST_FREE_LEVELS {
            return Ok(());
        }
        Err(self.findings.beyond(&self.place, &format!("{MOST_FREE_LEVELS} levels")))
    }

    /// What is written so far has the free-form value alone, since each field is written apart.
    fn bounded<E: Error>(&mut self) -> Result<(), E> {
        if self.out.len() <= MOST_FREE_BYTES {
            return Ok(());
        }
        Err(self.findings.beyond(&self.place, &format!("{} KiB of JSON", MOST_FREE_BYTES / 1024)))
    }
}

/// Writes the comma before all but the first; the length before it.
fn separate(out: &mut Vec<u8>, number: usize) -> usize {
    let start = out.len();
    if number > 0 {
        out.push(b',');
    }
    start
}

fn is_longer(text: &str, most: usize) -> bool {
    text.len() > most && text.chars().count() > most
}

fn skip_items<'de, A: SeqAccess<'de>>(mut items: A) -> Result<(), A::Error> {
    while items.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn skip_entries<'de, A: MapAccess<'de>>(mut entries: A) -> Result<(), A::Error> {
    while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}
