//! A body as OAuth clients send it: a form (RFC 6749, appendix B), or JSON as everything else here.
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header,
};
use keyfob_api::devices::OAuthErrorCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::{error::ApiError, extract::ApiJson};

/// A body in either form. No body is a form without fields.
pub(super) struct FormOrJson<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for FormOrJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
        let bytes = bytes.map_err(|error| {
            Problem::from(ApiError::new(error.status(), "The body cannot be read.").detail(error.body_text()))
        })?;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("application/x-www-form-urlencoded") || bytes.is_empty() {
            return from_form(&bytes).map(Self);
        }
        let request = Request::from_parts(parts, bytes.into());
        let read = ApiJson::<T>::from_request(request, state).await;
        read.map(|ApiJson(read)| Self(read))
            .map_err(|error| Problem::oauth(OAuthErrorCode::InvalidRequest, error.words()))
    }
}

/// No field may come twice (RFC 6749, section 3.2).
fn from_form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        if fields.insert(name.clone().into_owned(), Value::from(value.into_owned())).is_some() {
            return Err(Problem::oauth(OAuthErrorCode::InvalidRequest, format!("{name} is there twice.")));
        }
    }
    serde_json::from_value(Value::Object(fields))
        .map_err(|error| Problem::oauth(OAuthErrorCode::InvalidRequest, error.to_string()))
}
