//! A body as OAuth clients send it: a form (RFC 6749, appendix B), or JSON as everything else here.
use axum::{
    body::{Bytes, HttpBody as _},
    extract::{FromRequest, Request},
    http::header,
};
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::http::{
    error::ApiError,
    json::{read_form, read_json},
};

/// A body in either form. No body is a form without fields.
pub(super) struct FormOrJson<T>(pub(super) T);

impl<T: DeserializeOwned + ToSchema + 'static, S: Send + Sync> FromRequest<S> for FormOrJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_empty = request.body().size_hint().exact() == Some(0);
        if is_empty || kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
            let bytes = Bytes::from_request(request, state).await;
            let bytes = bytes.map_err(|error| ApiError::new(error.status(), error.body_text()))?;
            return Ok(Self(read_form(&bytes)?));
        }
        read_json(request, state).await.map(Self).map_err(Problem::from)
    }
}
