//! A body as OAuth clients send it: a form (RFC 6749, appendix B), or JSON as everything else here.
use axum::{
    body::{Bytes, HttpBody as _},
    extract::{FromRequest, Request},
    http::header,
};
use keyfob_api::devices::OAuthErrorCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::http::{error::ApiError, extract::read_json};

/// A body in either form. No body is a form without fields.
pub(super) struct FormOrJson<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for FormOrJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_empty = request.body().size_hint().exact() == Some(0);
        if is_empty || kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            let bytes = Bytes::from_request(request, state).await;
            let bytes = bytes.map_err(|error| ApiError::new(error.status(), error.body_text()))?;
            return from_form(&bytes).map(Self);
        }
        read_json(request, state).await.map(Self).map_err(Problem::from)
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
