//! Answers conform to Coder's schemas and to the server's own document.
//!
//! `tests/data/wire.json` holds Coder's schemas for the answers of all endpoints that both servers have, corrected
//! where Coder sends something else.
use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    access::{World, endpoints},
    support::Answer,
};

/// Coder's schemas of answers, by path and method.
fn contract() -> Value {
    serde_json::from_str(include_str!("../data/wire.json")).unwrap()
}

/// Whether answers may have fields that the schema does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    Welcome,
    Lies,
}

/// The document of a schema, for its references, and the problems so far.
struct Checker<'a> {
    document: &'a Value,
    unknown: Unknown,
    wrong: Vec<String>,
}

impl Checker<'_> {
    fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let Some(path) = schema["$ref"].as_str() else { return schema };
        let found = self.document.pointer(path.trim_start_matches('#'));
        found.unwrap_or_else(|| panic!("there is no {path}"))
    }

    fn fits(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut other = Checker { document: self.document, unknown: self.unknown, wrong: Vec::new() };
        other.check(schema, value, "");
        other.wrong
    }

    fn check(&mut self, schema: &Value, value: &Value, at: &str) {
        let schema = self.resolve(schema).clone();
        for choice in ["oneOf", "anyOf"] {
            if let Some(parts) = schema[choice].as_array()
                && !parts.iter().any(|part| self.fits(part, value).is_empty())
            {
                self.wrong.push(format!("{at}: none of the forms fits {value}"));
            }
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let unknown = std::mem::replace(&mut self.unknown, Unknown::Welcome);
            self.check(part, value, at);
            self.unknown = unknown;
        }
        if let Some(values) = schema["enum"].as_array()
            && !values.contains(value)
            // Answers that list permissions may contain `*`.
            && *value != json!("*")
        {
            self.wrong.push(format!("{at}: {value} is none of {values:?}"));
        }
        if !self.has_type(&schema["type"], value) {
            self.wrong.push(format!("{at}: {value} is no {}", schema["type"]));
        }
        self.check_format(&schema, value, at);
        for (place, item) in value.as_array().into_iter().flatten().enumerate() {
            self.check(&schema["items"], item, &format!("{at}[{place}]"));
        }
        self.check_members(&schema, value, at);
    }

    fn check_members(&mut self, schema: &Value, value: &Value, at: &str) {
        let Some(members) = value.as_object() else { return };
        for name in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(name.as_str().unwrap()) {
                self.wrong.push(format!("{at}: {name} is missing"));
            }
        }
        let mut known = BTreeSet::new();
        self.properties(schema, &mut known);
        let is_map = schema["additionalProperties"].is_object();
        for (name, member) in members {
            let below = format!("{at}.{name}");
            match schema["properties"].get(name) {
                Some(property) => self.check(property, member, &below),
                None if is_map => self.check(&schema["additionalProperties"], member, &below),
                None if self.unknown == Unknown::Lies && !known.is_empty() && !known.contains(name) => {
                    self.wrong.push(format!("{below} is not documented"));
                }
                None => {}
            }
        }
    }

    fn properties(&self, schema: &Value, known: &mut BTreeSet<String>) {
        let schema = self.resolve(schema);
        known.extend(schema["properties"].as_object().into_iter().flat_map(|members| members.keys().cloned()));
        for choice in ["allOf", "oneOf", "anyOf"] {
            schema[choice].as_array().into_iter().flatten().for_each(|part| self.properties(part, known));
        }
    }

    fn has_type(&self, wanted: &Value, value: &Value) -> bool {
        let is = |name: &Value| match name.as_str() {
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            Some("null") => value.is_null(),
            _ => true,
        };
        // Without other documentation, null means that the value is missing.
        let may_be_null = self.unknown == Unknown::Welcome && value.is_null();
        may_be_null || wanted.as_array().map_or_else(|| is(wanted), |names| names.iter().any(is))
    }

    fn check_format(&mut self, schema: &Value, value: &Value, at: &str) {
        let (Some(format), Some(text)) = (schema["format"].as_str(), value.as_str()) else { return };
        let is_right = match format {
            "uuid" => uuid::Uuid::try_parse(text).is_ok(),
            "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
            _ => true,
        };
        if !is_right {
            self.wrong.push(format!("{at}: {text:?} is no {format}"));
        }
    }
}

/// The problems of an answer with the schema for its status.
fn complaints(document: &Value, unknown: Unknown, schema: Option<&Value>, answer: &Answer) -> Vec<String> {
    let body = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
    match schema {
        None if answer.body.is_empty() || unknown == Unknown::Welcome => Vec::new(),
        None => vec![format!("a body is not documented: {}", answer.body)],
        Some(_) if body.is_null() => Vec::new(),
        Some(schema) => {
            let mut checker = Checker { document, unknown, wrong: Vec::new() };
            checker.check(schema, &body, "");
            checker.wrong
        }
    }
}

#[tokio::test]
async fn answers_have_the_form_that_the_contract_and_the_document_say() {
    let world = World::new().await;
    let document = world.owner.get("/api/v2/openapi.json").await.json();
    let contract = contract();
    let mut wrong = Vec::new();
    let (mut by_document, mut by_contract) = (0, 0);
    // Deletions come last, so that the other endpoints find their objects.
    let mut calls = endpoints();
    calls.retain(|(_, path, _)| path != "/users/logout");
    calls
        .sort_by_key(|(method, ..)| ["GET", "POST", "PUT", "PATCH", "DELETE"].iter().position(|known| known == method));
    for (method, path, _) in calls {
        let answer = world.ask(&world.owner, method, &path).await;
        let full = path.strip_prefix("//").map_or_else(|| format!("/api/v2{path}"), |root| format!("/{root}"));
        let full = if path == "/" { "/api/v2" } else { full.as_str() };
        let status = answer.status.as_u16().to_string();
        let operation = &document["paths"][full][method.to_lowercase()];
        if operation.is_null() {
            continue;
        }
        let said = operation["responses"]
            .get(&status)
            .or_else(|| (answer.status.is_client_error()).then(|| &operation["responses"]["4XX"]));
        let Some(said) = said.filter(|said| !said.is_null()) else {
            wrong.push(format!("{method} {path}: {status} is not documented: {}", answer.body));
            continue;
        };
        by_document += 1;
        let schema = said["content"].as_object().and_then(|media| media.values().next()).map(|media| &media["schema"]);
        let found = complaints(&document, Unknown::Lies, schema, &answer);
        wrong.extend(found.into_iter().map(|what| format!("{method} {path} by the document: {what}")));
        let facts = &contract["paths"][full][method.to_lowercase()][&status];
        if facts.is_object() && answer.status != StatusCode::NO_CONTENT {
            by_contract += 1;
            let mut found = complaints(&contract, Unknown::Welcome, facts.get("schema"), &answer);
            // The original answers an empty text, which its schema lacks, where nothing was chosen.
            found.retain(|what| !what.starts_with(".code_diff_display_mode: \"\""));
            wrong.extend(found.into_iter().map(|what| format!("{method} {path} by the contract: {what}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!((by_document, by_contract) >= (80, 45), "only {by_document} and {by_contract} answers were looked at");
}
