//! JSON bodies: read within the bounds of their schemas, and spelled as answers in the way that clients of Coder expect.
mod fields;
mod normal_form;
mod shape;

pub(crate) use fields::shortened;
pub(crate) use shape::{MOST_CHARACTERS, MOST_ITEMS, MOST_MEMBERS};

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use keyfob_api::error::Validation;
use serde::{
    Serialize,
    de::{DeserializeOwned, DeserializeSeed as _},
};
use utoipa::ToSchema;

use self::{
    normal_form::{Doubtful, Findings, NULL, Place, Value},
    shape::Shape,
};
use crate::http::error::ApiError;

/// A JSON body: read as an argument, within the bounds of its schema, and spelled as an answer.
///
/// Fields match without regard to case, the exact one first, as Go's decoder matches them. Unknown fields and bytes
/// after the first value are ignored; `null` is the same as a field left out; the content type is not looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ApiJson<T>(pub(crate) T);

/// The same, of a body that leaves no doubt: a field that is unknown, or given twice, is refused, and so is what comes
/// after the body. It could be a restriction that its sender believes in.
pub(crate) struct StrictJson<T>(pub(crate) T);

/// How many fields a form may have.
pub(crate) const MOST_FORM_FIELDS: usize = 64;

/// Why a JSON body cannot be read.
#[derive(Debug)]
pub(crate) enum JsonError {
    /// It is beyond the bound of all bodies.
    TooLarge,
    /// It is not the JSON that was expected; the text says why.
    Invalid(String),
    /// Fields are beyond their bounds, or in doubt.
    Fields(Vec<Validation>),
}

impl JsonError {
    /// What a client is told that sent no JSON, or other JSON than expected.
    pub(crate) const MESSAGE: &str = "Request body must be valid JSON.";
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self::Invalid(without_position(&error))
    }
}

impl From<JsonError> for ApiError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::TooLarge => Self::body_too_large(),
            JsonError::Invalid(why) => Self::bad_request(JsonError::MESSAGE).detail(why),
            JsonError::Fields(wrong) => Self::invalid(wrong),
        }
    }
}

impl<T: DeserializeOwned + ToSchema + 'static, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Ok(Self(read_json(request, state).await?))
    }
}

impl<T: DeserializeOwned + ToSchema + 'static, S: Send + Sync> FromRequest<S> for StrictJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = read_bytes(request, state).await?;
        Ok(Self(read(&bytes, Doubtful::Refused)?))
    }
}

/// Reads a body as [`ApiJson`] does, for fronts with errors of their own.
pub(crate) async fn read_json<T: DeserializeOwned + ToSchema + 'static>(
    request: Request,
    state: &(impl Send + Sync),
) -> Result<T, JsonError> {
    read(&read_bytes(request, state).await?, Doubtful::Ignored)
}

/// Reads a form as if it were JSON with texts. No field may come twice (RFC 6749, section 3.2).
pub(crate) fn read_form<T: DeserializeOwned + ToSchema + 'static>(bytes: &[u8]) -> Result<T, JsonError> {
    let mut fields = serde_json::Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        if fields.len() == MOST_FORM_FIELDS {
            return Err(JsonError::Invalid(format!("A form has at most {MOST_FORM_FIELDS} fields.")));
        }
        if fields.insert(name.clone().into_owned(), value.into_owned().into()).is_some() {
            return Err(JsonError::Invalid(format!("{} is there twice.", shortened(&name))));
        }
    }
    read(&serde_json::to_vec(&fields)?, Doubtful::Ignored)
}

/// The whole body.
async fn read_bytes(request: Request, state: &(impl Send + Sync)) -> Result<Bytes, JsonError> {
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => JsonError::TooLarge,
        _ => JsonError::Invalid("the body ended before it was complete".to_owned()),
    })
}

fn read<T: DeserializeOwned + ToSchema + 'static>(bytes: &[u8], doubtful: Doubtful) -> Result<T, JsonError> {
    let normal = normal_form(bytes, Shape::of::<T>(), doubtful)?;
    Ok(serde_json::from_slice(&normal)?)
}

fn normal_form(bytes: &[u8], shape: &Shape, doubtful: Doubtful) -> Result<Vec<u8>, JsonError> {
    if bytes.trim_ascii().is_empty() {
        return Err(JsonError::Invalid("EOF".to_owned()));
    }
    let mut findings = Findings { doubtful, wrong: Vec::new() };
    // Mostly it is no longer.
    let mut out = Vec::with_capacity(bytes.len());
    let mut body = serde_json::Deserializer::from_slice(bytes);
    let value = Value { shape, place: Place::Body, level: 0, findings: &mut findings, out: &mut out };
    let result = value.deserialize(&mut body).and_then(|()| match doubtful {
        Doubtful::Ignored => Ok(()),
        Doubtful::Refused => body.end(),
    });
    if !findings.wrong.is_empty() {
        return Err(JsonError::Fields(findings.wrong));
    }
    result.map_err(|error| JsonError::Invalid(error.to_string()))?;
    // A list would pass for an object whose fields are given in order.
    match out.first() {
        Some(b'{') => Ok(out),
        Some(b'[') => Err(JsonError::Invalid("expected an object, found a list".to_owned())),
        Some(b'"') => Err(JsonError::Invalid("expected an object, found a string".to_owned())),
        Some(b't' | b'f') => Err(JsonError::Invalid("expected an object, found a boolean".to_owned())),
        _ if out == NULL => Ok(b"{}".to_vec()),
        _ => Err(JsonError::Invalid("expected an object, found a number".to_owned())),
    }
}

/// What is wrong, without the place in a text that the client never saw.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).map_or_else(|| text.clone(), str::to_owned)
}

impl<T: Serialize> IntoResponse for ApiJson<T> {
    fn into_response(self) -> Response {
        Spelled(spelled(&self.0)).into_response()
    }
}

/// An answer that is spelled as JSON already; none where it could not be.
pub(crate) struct Spelled(Option<String>);

impl Spelled {
    /// An answer of this JSON, which is not safe inside HTML yet.
    pub(crate) fn of(json: Option<String>) -> Self {
        Self(json.map(escape))
    }

    #[cfg(test)]
    pub(crate) fn json(self) -> Option<String> {
        self.0
    }
}

impl From<String> for Spelled {
    fn from(json: String) -> Self {
        Self(Some(json))
    }
}

/// An answer as JSON.
pub(crate) fn spelled(answer: &impl Serialize) -> Option<String> {
    let json = serde_json::to_string(answer);
    let json = json.inspect_err(|error| tracing::error!(%error, "an answer could not be spelled as JSON"));
    json.ok().map(escape)
}

/// How many headers an answer has at most, nearly always.
const HEADERS: usize = 16;

impl IntoResponse for Spelled {
    fn into_response(self) -> Response {
        let Self(Some(json)) = self else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
        let mut response = Response::new(Body::from(json));
        *response.headers_mut() = HeaderMap::with_capacity(HEADERS);
        let kind = HeaderValue::from_static("application/json; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

/// JSON that is safe inside HTML, with a newline at its end.
fn escape(mut json: String) -> String {
    // Mostly there is nothing to do. What is not ASCII may be a separator of lines. Looking at every byte is faster than
    // ending at the first: many are looked at together.
    let is_found = |found, byte: u8| found | matches!(byte, b'<' | b'>' | b'&') | !byte.is_ascii();
    if !json.bytes().fold(false, is_found) {
        json.push('\n');
        return json;
    }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, ToSchema, Serialize, Default, PartialEq, Debug)]
    #[serde(default)]
    struct Body {
        #[schema(max_length = 3)]
        token_name: String,
        #[schema(max_items = 2)]
        scopes: Vec<String>,
        entries: Vec<Entry>,
        by_id: BTreeMap<String, Entry>,
        attributes: Option<serde_json::Map<String, serde_json::Value>>,
    }

    #[derive(Deserialize, ToSchema, Serialize, Default, PartialEq, Debug)]
    #[serde(default)]
    struct Entry {
        id: String,
    }

    fn lenient(text: &str) -> Result<Body, JsonError> {
        read(text.as_bytes(), Doubtful::Ignored)
    }

    fn strict(text: &str) -> Result<Body, JsonError> {
        read(text.as_bytes(), Doubtful::Refused)
    }

    fn wrong(result: Result<Body, JsonError>) -> Vec<(String, String)> {
        match result {
            Err(JsonError::Fields(wrong)) => wrong.into_iter().map(|of| (of.field, of.detail)).collect(),
            Err(JsonError::Invalid(why)) => panic!("invalid: {why}"),
            Err(JsonError::TooLarge) => panic!("too large"),
            Ok(body) => panic!("{body:?}"),
        }
    }

    #[test]
    fn keys_of_another_case_are_known_and_the_exact_one_comes_first() {
        for read in [lenient, strict] {
            for text in [
                r#"{"Token_Name": "a", "SCOPES": ["b"], "scopes": ["c"], "Entries": [{"ID": "x"}]}"#,
                r#"{"token_name": "a", "scopes": ["c"], "SCOPES": ["b"], "entries": [{"id": "x"}]}"#,
            ] {
                let body = read(text).unwrap();
                assert_eq!((body.token_name.as_str(), body.scopes.as_slice()), ("a", &["c".to_owned()][..]), "{text}");
                assert_eq!(body.entries, [Entry { id: "x".to_owned() }]);
            }
        }
    }

    #[test]
    fn null_is_a_field_left_out_but_in_what_a_platform_stores() {
        let body = lenient(r#"{"token_name": null, "by_id": {"a": null}, "attributes": {"x": null}}"#).unwrap();
        assert_eq!((body.token_name.as_str(), body.by_id.len()), ("", 0));
        assert_eq!(serde_json::to_value(body.attributes).unwrap(), serde_json::json!({"x": null}));
        assert_eq!(lenient("null").unwrap(), Body::default());
    }

    #[test]
    fn what_is_beyond_a_bound_is_refused_with_the_name_of_its_field() {
        let many = |one: &str, most: usize| vec![one; most + 1].join(",");
        let members = (0..=MOST_MEMBERS).map(|number| format!("\"{number}\":{{}}")).collect::<Vec<_>>().join(",");
        for (text, field, bound) in [
            (r#"{"token_name": "abcd"}"#.to_owned(), "token_name", "3 characters"),
            (r#"{"TOKEN_NAME": "abcd"}"#.to_owned(), "TOKEN_NAME", "3 characters"),
            (format!(r#"{{"scopes": [{}]}}"#, many("\"a\"", 2)), "scopes", "2 entries"),
            (format!(r#"{{"entries": [{}]}}"#, many("{}", MOST_ITEMS)), "entries", "1000 entries"),
            (format!(r#"{{"by_id": {{{members}}}}}"#), "by_id", "1000 members"),
            (
                format!(r#"{{"by_id": {{"x": {{"id": "{}"}}}}}}"#, "a".repeat(MOST_CHARACTERS + 1)),
                "by_id.x.id",
                "1024 characters",
            ),
            (format!(r#"{{"scopes": ["", "{}"]}}"#, "a".repeat(MOST_CHARACTERS + 1)), "scopes[1]", "1024 characters"),
            (format!(r#"{{"attributes": {{"a": "{}"}}}}"#, "a".repeat(16 * 1024)), "attributes", "16 KiB of JSON"),
            (format!(r#"{{"attributes": {{"a": {}0{}}}}}"#, "[".repeat(32), "]".repeat(32)), "attributes", "32 levels"),
        ] {
            for read in [lenient, strict] {
                let expected = (field.to_owned(), format!("The field must have at most {bound}."));
                assert_eq!(wrong(read(&text)), [expected]);
            }
        }
        let most = format!(r#"{{"scopes": ["", "{}"], "token_name": "äöü"}}"#, "ä".repeat(MOST_CHARACTERS));
        assert!(strict(&most).is_ok());
    }

    #[test]
    fn a_value_of_another_kind_is_refused_as_its_type_says() {
        for (text, why) in [
            (r#"{"scopes": {"a": 1}}"#, "invalid type: map, expected a sequence"),
            (r#"{"scopes": "a"}"#, "invalid type: string \"a\", expected a sequence"),
            (r#"{"token_name": ["a"]}"#, "invalid type: sequence, expected a string"),
            ("[]", "expected an object, found a list"),
            ("7", "expected an object, found a number"),
            ("\"a\"", "expected an object, found a string"),
            ("true", "expected an object, found a boolean"),
            (" ", "EOF"),
            ("{", "EOF while parsing an object at line 1 column 1"),
        ] {
            let Err(JsonError::Invalid(said)) = lenient(text) else { panic!("{text}") };
            assert_eq!(said, why, "{text}");
        }
    }

    #[test]
    fn a_lenient_body_ignores_unknown_keys_and_what_comes_after_it() {
        let body = lenient(r#"{"colour": [{"x": {}}], "token_name": "a", "token_name": "b"} {"scopes": 7"#).unwrap();
        assert_eq!(body, Body { token_name: "b".to_owned(), ..Body::default() });
    }

    #[test]
    fn a_strict_body_has_each_key_once_and_nothing_after_it() {
        for (text, field) in [
            (r#"{"scopes": ["a"], "scopes": []}"#, "scopes"),
            (r#"{"scopes": ["a"], "scopes": null}"#, "scopes"),
            (r#"{"SCOPES": ["a"], "Scopes": []}"#, "Scopes"),
            (r#"{"entries": [{"id": "b", "id": "*"}]}"#, "entries[0].id"),
        ] {
            let wrong = wrong(strict(text));
            assert_eq!(wrong.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [field], "{text}");
            assert!(wrong[0].1.ends_with(" is given twice."), "{}", wrong[0].1);
        }
        assert!(matches!(strict(r#"{} {"entries": []}"#), Err(JsonError::Invalid(_))));
    }

    #[test]
    fn a_strict_body_has_known_keys_alone_and_the_nearest_is_named() {
        assert_eq!(
            wrong(strict(r#"{"tokenname": [], "colour": "red", "scope": null}"#)),
            [
                ("tokenname", "There is no field of this name; the nearest is \"token_name\"."),
                ("colour", "There is no field of this name; there are attributes, by_id, entries, scopes, token_name."),
                ("scope", "There is no field of this name; the nearest is \"scopes\"."),
            ]
            .map(|(field, detail)| (field.to_owned(), detail.to_owned()))
        );
    }

    #[test]
    fn of_many_and_long_unknown_keys_few_are_named_and_the_beginning_of_each() {
        let members: BTreeMap<String, u8> = (0..1000).map(|n| (format!("{n:04}{}", "ä".repeat(1000)), 1)).collect();
        let unknown = wrong(strict(&serde_json::to_string(&members).unwrap()));
        assert_eq!(unknown.len(), 8);
        assert!(unknown.iter().all(|(field, _)| field.chars().count() == 64));
    }
}
