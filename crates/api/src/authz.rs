//! Scopes, and asking whether something is allowed (`docs/compatibility.md#authcheck`).
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::{
    PartialSchema as _, ToSchema,
    openapi::{ObjectBuilder, Ref, RefOr, Schema, schema::Type},
};

/// `GET /auth/scopes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ScopeCatalogue {
    /// The names of the scopes that a token may ask for, sorted.
    pub external: Vec<String>,
}

/// `POST /authcheck`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthorizationRequest {
    /// The questions, each under a name that the caller chooses.
    pub checks: BTreeMap<String, AuthorizationCheck>,
    /// Whose rights are asked about; the presented key's if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<AuthorizationSubject>,
}

/// Another subject than the presented key, which the caller must be able to read, with all that the questions name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationSubject {
    /// A user, with all that their roles permit: `me`, an id, or a username.
    User(String),
    /// A key, by its id.
    Key(String),
}

/// How many questions one request may have. A body of 1 MiB holds hardly more.
#[cfg(feature = "openapi")]
const MOST_CHECKS: usize = 20_000;

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for AuthorizationRequest {
    fn schema() -> RefOr<Schema> {
        let checks = ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("The questions, each under a name that the caller chooses."))
            .additional_properties(Some(Ref::from_schema_name(AuthorizationCheck::name())))
            .max_properties(Some(MOST_CHECKS));
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("`POST /authcheck`."))
            .property("checks", checks)
            .property("subject", Ref::from_schema_name(AuthorizationSubject::name()))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl ToSchema for AuthorizationRequest {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((AuthorizationCheck::name().into(), AuthorizationCheck::schema()));
        AuthorizationCheck::schemas(schemas);
        schemas.push((AuthorizationSubject::name().into(), AuthorizationSubject::schema()));
    }
}

/// One question: may this key do that?
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct AuthorizationCheck {
    /// The action. The answer for an unknown one is no.
    pub action: String,
    /// The object of the action.
    pub object: AuthorizationObject,
}

/// The object of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct AuthorizationObject {
    /// The object's type; required. The answer for an unknown one is no.
    pub resource_type: String,
    /// The owner: a user's id, or `me`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner_id: String,
    /// The id of the object's organization.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub organization_id: String,
    /// The id of an existing object, whose own owner and organization then replace the fields above.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_id: String,
    /// Whether to ask if it is allowed in at least one organization.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub any_org: bool,
}

/// The answer to `POST /authcheck`: yes or no for each question, by its name.
pub type AuthorizationResponse = BTreeMap<String, bool>;

/// The answer to `POST /authcheck?explain=true`: an explanation for each question, by its name.
pub type ExplainedAuthorizationResponse = BTreeMap<String, Explanation>;

/// Why something is allowed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Explanation {
    /// The decision.
    pub allowed: bool,
    /// One sentence for people.
    pub reason: String,
    /// The checks that were made, in order.
    pub steps: Vec<ExplanationStep>,
    /// What would have to be added for a yes; empty when allowed.
    pub missing: Vec<MissingPiece>,
    /// The names in the question that the server does not know; left out when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<UnknownName>,
}

/// A name in a question that the server does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UnknownName {
    /// `resource_type` or `action`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The known name that is most like it; left out when none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

/// One check of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ExplanationStep {
    /// What was checked: `roles`, `access list`, `scopes`, `allow list`, or the `object` itself.
    pub source: String,
    /// The level of the roles or scopes: `site`, `user`, `organization`, `member`; empty for other checks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub level: String,
    /// `allow`, `deny`, or `abstain`.
    pub vote: String,
    /// Details for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// One thing that would have to be added for a yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct MissingPiece {
    /// `scope`, `allow_list`, `role` or `access_list`.
    pub kind: String,
    /// What to add: a scope's name, an allow-list entry, or a permission.
    pub add: String,
    /// Details for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}
