//! The one shape of every error body.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer to a refused or failed request, and to calls whose answer is only a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What happened, for people. Clients match on it, so the words are Coder's (`docs/compatibility.md#requests`).
    pub message: String,
    /// Details of the cause; left out if there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// What is wrong with fields of the request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validations: Vec<Validation>,
}

impl ErrorBody {
    /// A body with only a message.
    pub fn message(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }
}

/// What is wrong with one field of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Validation {
    /// The field, by its name in the JSON or in the query.
    pub field: String,
    /// Why its value was refused.
    pub detail: String,
}

impl Validation {
    /// A complaint about one field.
    pub fn new(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: field.into(), detail: detail.into() }
    }
}
