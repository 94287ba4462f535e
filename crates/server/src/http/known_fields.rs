//! JSON bodies that leave no doubt: a key that is unknown, or given twice, could be a restriction that its sender
//! believes in.
use std::fmt;

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use keyfob_api::error::Validation;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{
    error::ApiError,
    extract::{JsonError, members, read_bytes, without_nulls},
};

/// How alike two keys must be, from 0 to 1, to name one where the other is not known.
const ALIKE: f64 = 0.6;

/// How many wrong fields an answer names at most; looking for the nearest name costs time for each.
const MOST_NAMED: usize = 8;
/// How many letters of a name an answer repeats. No longer name is compared with the known ones.
const LONGEST_NAME: usize = 64;

/// A body that names all of its keys.
pub(crate) trait KnownFields {
    /// The keys, as they are documented.
    const FIELDS: &'static [&'static str];
}

/// A JSON body whose keys are known, each given once, and after which nothing comes. Keys match without regard to case,
/// the exact one first, as Go's decoder matches them; `null` is the same as a field left out.
pub(crate) struct KnownJson<T>(pub(crate) T);

impl<T: DeserializeOwned + KnownFields, S: Send + Sync> FromRequest<S> for KnownJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, ApiError> {
        let bytes = read_bytes(request, state).await?;
        let known = known(members(parse(&bytes)?)?, T::FIELDS).map_err(ApiError::invalid)?;
        let known = without_nulls(Value::Object(known));
        serde_json::from_value(known).map(Self).map_err(|error| JsonError::from(error).into())
    }
}

fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    Ok(serde_json::from_slice::<Unambiguous>(bytes)?.0)
}

/// A JSON value, none of whose objects has a key twice: readers differ on which one counts (RFC 8259, section 4).
struct Unambiguous(Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnambiguousVisitor)
    }
}

struct UnambiguousVisitor;

impl<'de> Visitor<'de> for UnambiguousVisitor {
    type Value = Unambiguous;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Unambiguous, E> {
        Ok(Unambiguous(Value::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Unambiguous, E> {
        Ok(Unambiguous(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Unambiguous, E> {
        Ok(Unambiguous(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Unambiguous, E> {
        Ok(Unambiguous(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Unambiguous, E> {
        Ok(Unambiguous(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Unambiguous, E> {
        Ok(Unambiguous(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unambiguous, A::Error> {
        let mut list = Vec::new();
        while let Some(Unambiguous(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Unambiguous(Value::Array(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unambiguous, A::Error> {
        let mut members = Map::new();
        while let Some((name, Unambiguous(member))) = entries.next_entry::<String, _>()? {
            if members.contains_key(&name) {
                return Err(Error::custom(format_args!("the key \"{}\" is given twice", shortened(&name))));
            }
            members.insert(name, member);
        }
        Ok(Unambiguous(Value::Object(members)))
    }
}

/// The members under the keys as they are documented.
fn known(members: Map<String, Value>, keys: &[&str]) -> Result<Map<String, Value>, Vec<Validation>> {
    let (exact, other): (Map<_, _>, Map<_, _>) =
        members.into_iter().partition(|(name, _)| keys.contains(&name.as_str()));
    let mut alike = Map::new();
    let mut wrong = Vec::new();
    for (name, member) in other {
        if wrong.len() == MOST_NAMED {
            break;
        }
        match keys.iter().find(|key| key.eq_ignore_ascii_case(&name)) {
            Some(key) if exact.contains_key(*key) => {}
            Some(key) if alike.contains_key(*key) => {
                wrong.push(Validation::new(&name, format!("The field \"{key}\" is given twice.")));
            }
            Some(key) => drop(alike.insert((*key).to_owned(), member)),
            None => wrong.push(Validation::new(shortened(&name), problem(&name, keys))),
        }
    }
    if wrong.is_empty() { Ok(exact.into_iter().chain(alike).collect()) } else { Err(wrong) }
}

fn shortened(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

fn problem(name: &str, keys: &[&str]) -> String {
    let is_comparable = name.len() <= LONGEST_NAME;
    let likeness = |key: &str| strsim::normalized_damerau_levenshtein(&name.to_ascii_lowercase(), key);
    let alike = keys
        .iter()
        .filter(|_| is_comparable)
        .map(|key| (likeness(key), key))
        .filter(|(likeness, _)| *likeness >= ALIKE);
    match alike.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
        Some((_, nearest)) => format!("There is no field of this name; the nearest is \"{nearest}\"."),
        None => format!("There is no field of this name; there are {}.", keys.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: [&str; 3] = ["token_name", "scopes", "allow_list"];

    fn read(body: Value) -> Result<Value, Vec<Validation>> {
        let Value::Object(members) = body else { panic!("no object") };
        known(members, &FIELDS).map(Value::Object)
    }

    #[test]
    fn keys_of_another_case_are_known_and_the_exact_one_comes_first() {
        let read = read(json!({"Token_Name": "a", "SCOPES": ["b"], "scopes": ["c"]})).unwrap();
        assert_eq!(read, json!({"token_name": "a", "scopes": ["c"]}));
    }

    #[test]
    fn keys_given_twice_and_second_values_are_refused() {
        for twice in [
            r#"{"scopes": ["a"], "scopes": []}"#,
            r#"{"scopes": ["a"], "scopes": null}"#,
            r#"{"allow_list": [{"type": "a", "id": "b", "id": "*"}]}"#,
        ] {
            let Err(JsonError::Invalid(why)) = parse(twice.as_bytes()) else { panic!("{twice}") };
            assert!(why.contains("is given twice"), "{why}");
        }
        assert!(matches!(parse(br#"{} {"allow_list": []}"#), Err(JsonError::Invalid(_))));
        let twice = read(json!({"SCOPES": ["a"], "Scopes": []})).unwrap_err();
        assert_eq!(twice[0].detail, "The field \"scopes\" is given twice.");
    }

    #[test]
    fn an_unknown_key_is_refused_though_it_is_null() {
        assert!(read(json!({"alow_list": null})).is_err());
    }

    #[test]
    fn of_many_and_long_unknown_keys_few_are_named_and_the_beginning_of_each() {
        let members = (0..1000).map(|number| (format!("{number:04}{}", "x".repeat(1000)), json!(1))).collect();
        let unknown = read(Value::Object(members)).unwrap_err();
        assert_eq!(unknown.len(), MOST_NAMED);
        for of in unknown {
            assert_eq!(of.field.len(), LONGEST_NAME);
            assert_eq!(of.detail, "There is no field of this name; there are token_name, scopes, allow_list.");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let unknown = read(json!({"alow_list": [], "colour": "red"})).unwrap_err();
        let said: Vec<(&str, &str)> = unknown.iter().map(|of| (of.field.as_str(), of.detail.as_str())).collect();
        assert_eq!(
            said,
            [
                ("alow_list", "There is no field of this name; the nearest is \"allow_list\"."),
                ("colour", "There is no field of this name; there are token_name, scopes, allow_list."),
            ]
        );
    }
}
