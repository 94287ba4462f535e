//! Scopes, and asking whether something is allowed (contract, section 4).
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;

/// `GET /auth/scopes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ScopeCatalogue {
    /// The names that a token may ask for, in order.
    pub external: Vec<String>,
}

/// `POST /authcheck`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct AuthorizationRequest {
    /// The questions, by a name of the caller's choice.
    pub checks: BTreeMap<String, AuthorizationCheck>,
}

/// One question: may this key do that?
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct AuthorizationCheck {
    /// An unknown one is answered with no.
    pub action: String,
    /// What it would be done to.
    pub object: AuthorizationObject,
}

/// What an action would be done to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct AuthorizationObject {
    /// Required. An unknown one is answered with no.
    pub resource_type: String,
    /// A user's id, or `me`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner_id: String,
    /// An organization's id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub organization_id: String,
    /// An existing object, which then decides in place of the fields above.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_id: String,
    /// Ask whether it holds in at least one organization.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub any_org: bool,
}

/// The answer to `POST /authcheck`: yes or no, by the names of the questions.
pub type AuthorizationResponse = BTreeMap<String, bool>;

/// The answer to `POST /authcheck?explain=true`, by the names of the questions.
pub type ExplainedAuthorizationResponse = BTreeMap<String, Explanation>;

/// Why something is allowed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Explanation {
    /// The decision.
    pub allowed: bool,
    /// One sentence for people.
    pub reason: String,
    /// What was looked at, in order.
    pub steps: Vec<ExplanationStep>,
    /// What would have to change for a yes; empty when allowed.
    pub missing: Vec<MissingPiece>,
}

/// One thing that was looked at on the way to a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ExplanationStep {
    /// What was asked: `roles`, `access list`, `scopes`, `allow list`, or the object itself.
    pub source: String,
    /// The level of the roles or scopes: `site`, `user`, `organization`, `member`; empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub level: String,
    /// `allow`, `deny`, or `abstain`.
    pub vote: String,
    /// More for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// One thing that is missing for a yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct MissingPiece {
    /// `scope`, `allow_list`, `role` or `access_list`.
    pub kind: String,
    /// What to add: a scope's name, an allow-list entry, or a permission.
    pub add: String,
    /// More for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}
