//! JSON bodies whose unknown keys are refused: one could be a restriction that its sender believes in.
use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use keyfob_api::error::Validation;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    error::ApiError,
    extract::{ApiJson, JsonError},
};

/// How alike two keys must be, from 0 to 1, to name one where the other is not known.
const ALIKE: f64 = 0.6;

/// A body that names all of its keys.
pub(crate) trait KnownKeys {
    /// The keys, as they are documented.
    const KEYS: &'static [&'static str];
}

/// The same as [`ApiJson`], but unknown keys are refused. Known ones match without regard to case, the exact one first,
/// as Go's decoder matches them.
pub(crate) struct KnownJson<T>(pub(crate) T);

impl<T: DeserializeOwned + KnownKeys, S: Send + Sync> FromRequest<S> for KnownJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, ApiError> {
        let ApiJson(members) = ApiJson::<Map<String, Value>>::from_request(request, state).await?;
        let known = known(members, T::KEYS).map_err(ApiError::invalid)?;
        serde_json::from_value(Value::Object(known)).map(Self).map_err(|error| JsonError::from(error).into())
    }
}

/// The members under the keys as they are documented.
fn known(members: Map<String, Value>, keys: &[&str]) -> Result<Map<String, Value>, Vec<Validation>> {
    let (exact, other): (Map<_, _>, Map<_, _>) =
        members.into_iter().partition(|(name, _)| keys.contains(&name.as_str()));
    let mut known = exact;
    let mut unknown = Vec::new();
    for (name, member) in other {
        match keys.iter().find(|key| key.eq_ignore_ascii_case(&name)) {
            Some(key) => drop(known.entry(*key).or_insert(member)),
            None => unknown.push(Validation::new(&name, problem(&name, keys))),
        }
    }
    if unknown.is_empty() { Ok(known) } else { Err(unknown) }
}

fn problem(name: &str, keys: &[&str]) -> String {
    let likeness = |key: &str| strsim::normalized_damerau_levenshtein(&name.to_ascii_lowercase(), key);
    let alike = keys.iter().map(|key| (likeness(key), key)).filter(|(likeness, _)| *likeness >= ALIKE);
    match alike.max_by(|(one, _), (other, _)| one.total_cmp(other)) {
        Some((_, nearest)) => format!("There is no field of this name; the nearest is \"{nearest}\"."),
        None => format!("There is no field of this name; there are {}.", keys.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEYS: [&str; 3] = ["token_name", "scopes", "allow_list"];

    fn read(body: Value) -> Result<Value, Vec<Validation>> {
        let Value::Object(members) = body else { panic!("no object") };
        known(members, &KEYS).map(Value::Object)
    }

    #[test]
    fn keys_of_another_case_are_known_and_the_exact_one_comes_first() {
        let read = read(json!({"Token_Name": "a", "SCOPES": ["b"], "scopes": ["c"]})).unwrap();
        assert_eq!(read, json!({"token_name": "a", "scopes": ["c"]}));
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
