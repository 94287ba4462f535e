//! What handlers take from requests, with our error body for bad input (`docs/compatibility.md`): queries here, bodies
//! and paths in rooms of their own.
use std::num::{IntErrorKind, ParseIntError};

use axum::{extract::FromRequestParts, http::request::Parts};
use keyfob_api::error::Validation;
use keyfob_authority::{
    ListError,
    data::{KeyId, Page},
};

use super::json::{MOST_CHARACTERS, MOST_ITEMS, shortened};

pub(crate) use super::{
    json::{ApiJson, StrictJson},
    path::ApiPath,
};
use crate::http::error::ApiError;

/// How many values a query may have.
const MOST_VALUES: usize = 64;

/// How many characters the value of a key of queries may have. Identity providers send the longest ones; a search costs
/// more than its length.
pub(crate) fn most_characters(key: &str) -> usize {
    match key {
        "q" => MOST_CHARACTERS,
        // As many ids as a list in a body may have.
        "group_ids" => MOST_ITEMS * (uuid::fmt::Hyphenated::LENGTH + 1),
        _ => 4 * MOST_CHARACTERS,
    }
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
        let others = self.0.iter().map(|(key, _)| shortened(key)).filter(|key| !known.contains(&key.as_ref()));
        let wrong: Vec<Validation> =
            others.map(|key| Validation::new(&*key, format!("{key:?} is not a valid query param"))).collect();
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

    /// Whether this key is there, and empty.
    pub(crate) fn is_empty(&self, key: &str) -> bool {
        self.0.iter().any(|(name, value)| name == key && value.is_empty())
    }

    /// All values of this key that are not empty.
    pub(crate) fn texts<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.as_str())
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
        let mut values = Vec::new();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let most = most_characters(&key);
            if value.len() > most && value.chars().count() > most {
                return Err(bad_query(&shortened(&key), &format!("must have at most {most} characters")));
            }
            if value.contains('\0') {
                return Err(bad_query(&shortened(&key), "must not have the character NUL"));
            }
            if values.len() == MOST_VALUES {
                return Err(ApiError::bad_request("Query parameters have invalid values.")
                    .detail(format!("A query has at most {MOST_VALUES} values.")));
            }
            values.push((key.into_owned(), value.into_owned()));
        }
        Ok(Self(values))
    }
}
