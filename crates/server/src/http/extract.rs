//! Axum's extractors, with our error body for bad input and the API's spelling of JSON (`docs/compatibility.md`).
use std::num::{IntErrorKind, ParseIntError};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use keyfob_api::error::Validation;
use keyfob_authority::{
    ListError,
    data::{KeyId, Page},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

pub(crate) use super::path::ApiPath;
use crate::http::error::ApiError;

/// A JSON body: read as an argument and spelled as an answer in the way that clients of Coder expect.
///
/// Unknown fields and bytes after the first value are ignored; `null` is the same as a field left out; the content
/// type is not looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ApiJson<T>(pub(crate) T);

/// Why a JSON body cannot be read.
#[derive(Debug)]
pub(crate) enum JsonError {
    /// It is beyond the bound.
    TooLarge,
    /// It is not the JSON that was expected; the text says why.
    Invalid(String),
}

impl JsonError {
    /// What a client is told that sent no JSON, or other JSON than expected.
    pub(crate) const MESSAGE: &str = "Request body must be valid JSON.";
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<JsonError> for ApiError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::TooLarge => Self::body_too_large(),
            JsonError::Invalid(why) => Self::bad_request(JsonError::MESSAGE).detail(why),
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Ok(Self(read_json(request, state).await?))
    }
}

/// Reads a body as [`ApiJson`] does, for fronts with errors of their own.
pub(crate) async fn read_json<T: DeserializeOwned>(
    request: Request,
    state: &(impl Send + Sync),
) -> Result<T, JsonError> {
    let bytes = read_bytes(request, state).await?;
    let first = serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>().next();
    let value = first.unwrap_or_else(|| Err(serde::de::Error::custom("EOF")))?;
    Ok(serde_json::from_value(without_nulls(Value::Object(members(value)?)))?)
}

/// The whole body.
pub(super) async fn read_bytes(request: Request, state: &(impl Send + Sync)) -> Result<Bytes, JsonError> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => JsonError::TooLarge,
        _ => JsonError::Invalid("the body ended before it was complete".to_owned()),
    })
}

/// The members of a body that is an object; `null` has none. A list would pass for an object whose fields are given in
/// order.
pub(super) fn members(value: Value) -> Result<Map<String, Value>, JsonError> {
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(members) => Ok(members),
        other => Err(JsonError::Invalid(format!("expected an object, found {}", kind(&other)))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The field in which a platform keeps data of its own: it is kept unchanged.
const FREE_FORM: &str = "attributes";

/// The value without the object members that are `null`.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(name, member)| if name == FREE_FORM { (name, member) } else { (name, without_nulls(member)) })
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}

impl<T: Serialize> IntoResponse for ApiJson<T> {
    fn into_response(self) -> Response {
        match serde_json::to_string(&self.0) {
            Ok(json) => {
                let mut response = Response::new(Body::from(escape(&json)));
                response
                    .headers_mut()
                    .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
                response
            }
            Err(error) => {
                tracing::error!(%error, "an answer could not be spelled as JSON");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// JSON that is safe inside HTML, with a newline at its end.
fn escape(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        match character {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out.push('\n');
    out
}

/// The query string as key and value pairs, decoded. Reading a value says what a bad one is answered with.
#[derive(Clone, Debug, Default)]
pub(crate) struct ApiQuery(Vec<(String, String)>);

impl ApiQuery {
    /// Refuses other keys than these.
    ///
    /// # Errors
    /// 400 that names the other keys.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        let others = self.0.iter().map(|(key, _)| key).filter(|key| !known.contains(&key.as_str()));
        let wrong: Vec<Validation> =
            others.map(|key| Validation::new(key, format!("{key:?} is not a valid query param"))).collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let error = ApiError::bad_request("Query parameters have invalid values.");
        Err(wrong.into_iter().fold(error, |error, wrong| error.validation(wrong.field, wrong.detail)))
    }

    /// The value of this key, if it is there and not empty.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The value of this key as a boolean; every word that is not known is false.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.text(key).is_some_and(|value| matches!(value, "1" | "t" | "T" | "true" | "True" | "TRUE"))
    }

    /// The value of this key as a boolean, if it is there.
    ///
    /// # Errors
    /// 400 when it is neither true nor false.
    pub(crate) fn choice(&self, key: &str) -> Result<Option<bool>, ApiError> {
        match self.text(key) {
            None => Ok(None),
            Some("1" | "t" | "T" | "true" | "True" | "TRUE") => Ok(Some(true)),
            Some("0" | "f" | "F" | "false" | "False" | "FALSE") => Ok(Some(false)),
            Some(other) => Err(bad_query(key, &format!("must be true or false, not {other:?}"))),
        }
    }

    /// The value of this key as a whole number, if it is there.
    ///
    /// # Errors
    /// 400 when it is not one, or too large.
    pub(crate) fn number(&self, key: &str) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let problem = match text.parse::<i32>() {
            Ok(number) if number >= 0 => return Ok(u64::try_from(number).ok()),
            Ok(_) => "value is negative".to_owned(),
            Err(error) => number_problem(text, &error),
        };
        Err(bad_query(key, &format!("must be a valid 32-bit positive integer: {problem}")))
    }

    /// The part of a list that `limit`, `offset` and `after_id` ask for; a limit of 0 means all.
    ///
    /// # Errors
    /// 400 when one of them cannot be read.
    pub(crate) fn page<Id>(&self, id: impl Fn(uuid::Uuid) -> Id) -> Result<Page<Id>, ApiError> {
        Ok(Page { after: self.uuid("after_id")?.map(id), ..self.page_by_number()? })
    }

    /// The same without `after_id`.
    ///
    /// # Errors
    /// 400 when one of them cannot be read.
    pub(crate) fn page_by_number<Id>(&self) -> Result<Page<Id>, ApiError> {
        let limit = self.number("limit")?.filter(|limit| *limit > 0);
        Ok(Page { limit, offset: self.number("offset")?.unwrap_or(0), after: None })
    }

    /// The value of this key as the id of an API key, if it is there.
    ///
    /// # Errors
    /// 400 when it is not one.
    pub(crate) fn key_id(&self, key: &str) -> Result<Option<KeyId>, ApiError> {
        let parse = |text: &str| KeyId::parse(text).ok_or_else(|| bad_query(key, "must be the id of an API key"));
        self.text(key).map(parse).transpose()
    }

    /// The value of this key as a UUID, if it is there.
    ///
    /// # Errors
    /// 400 when it is not one.
    pub(crate) fn uuid(&self, key: &str) -> Result<Option<uuid::Uuid>, ApiError> {
        let parse = |text: &str| text.parse().map_err(|_| bad_query(key, "must be a valid uuid"));
        self.text(key).map(parse).transpose()
    }
}

/// Why a text is no number, in the words that clients of the original see.
pub(crate) fn number_problem(text: &str, error: &ParseIntError) -> String {
    let problem = match error.kind() {
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "value out of range",
        _ => "invalid syntax",
    };
    format!("strconv.ParseInt: parsing {text:?}: {problem}")
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NothingToComeAfter => bad_query(
                "after_id",
                "must name an entry that is still in the list: begin again without it, or go on with \"offset\"",
            ),
            ListError::Refused(refused) => refused.into(),
        }
    }
}

/// 400 for a value that cannot be read.
pub(crate) fn bad_query(key: &str, problem: &str) -> ApiError {
    ApiError::bad_request("Query parameters have invalid values.")
        .validation(key, format!("Query param {key:?} {problem}"))
}

impl<S: Send + Sync> FromRequestParts<S> for ApiQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(
            form_urlencoded::parse(query.as_bytes())
                .map(|(key, value)| (key.into_owned(), value.into_owned()))
                .collect(),
        ))
    }
}
