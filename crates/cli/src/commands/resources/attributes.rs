//! Attributes of a resource, as people type them.
use serde_json::{Map, Value};

/// Reads `NAME=VALUE`.
pub(super) fn parse_attribute(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("want NAME=VALUE")?;
    Ok((name.to_owned(), Value::String(value.to_owned())))
}

/// Reads a JSON object.
pub(super) fn parse_attributes(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("want a JSON object: {error}"))
}
