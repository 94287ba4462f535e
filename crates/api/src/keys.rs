//! API keys: tokens and sessions (`docs/compatibility.md#tokens`).
use serde::{Deserialize, Deserializer, Serialize};
#[cfg(feature = "openapi")]
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, OneOfBuilder, RefOr, Schema, schema::Type},
};
use uuid::Uuid;

use crate::{
    secret::SecretText,
    time::{Nanoseconds, Time},
    users::LoginType,
};

/// A key without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ApiKey {
    /// Ten letters and digits: the part of the key before the hyphen.
    pub id: String,
    /// The owner.
    pub user_id: Uuid,
    /// When it last authenticated a request, accurate to an hour; 1970 if never.
    pub last_used: Time,
    /// When it expires: it is refused from this instant on.
    pub expires_at: Time,
    /// When it was minted.
    pub created_at: Time,
    /// The same as `created_at`: a key never changes.
    pub updated_at: Time,
    /// `token` for API tokens; for sessions, how the user signed in.
    pub login_type: LoginType,
    /// For older clients, in place of `scopes`: `all`, `application_connect` or empty.
    #[serde(default)]
    pub scope: String,
    /// Its scopes, as they were requested.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Its name; empty for sessions.
    #[serde(default)]
    pub token_name: String,
    /// Its lifetime when it was minted.
    pub lifetime_seconds: i64,
    /// The entries of its allow list, `<type>:<id>`, for the built-in types.
    #[serde(default)]
    pub allow_list: Vec<String>,
    /// The entries for the deployment's own types. They are apart because existing clients cannot decode them in
    /// `allow_list`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom_allow_list: Vec<String>,
    /// The id of the key that minted this one, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// The number of its live descendants: keys minted with it, or with a descendant.
    #[serde(default)]
    pub live_descendants: u64,
}

/// A live session in `GET /users/{user}/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Session {
    /// The id of its key.
    pub id: String,
    /// The user.
    pub user_id: Uuid,
    /// How the user signed in.
    pub login_type: LoginType,
    /// When the user signed in.
    pub created_at: Time,
    /// When it was last used, accurate to an hour; 1970 if never.
    pub last_used: Time,
    /// When it expires unless it is used.
    pub expires_at: Time,
    /// The client's address at its last use.
    pub ip_address: String,
    /// The client's program at its last use, as it calls itself.
    pub user_agent: String,
    /// Whether it is the key of this request.
    pub is_current: bool,
}

/// A key, as the header [`KEY_HEADER`](crate::KEY_HEADER) describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySummary {
    /// Its id, the first part of the token.
    pub id: String,
    /// When it expires; a session in use moves that on.
    pub expires_at: Time,
    /// The key with which it was minted, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Its allow list, as far as a header holds it.
    pub allow_list: Vec<String>,
    /// How many entries of the allow list are left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A key in a list, with the name of its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ApiKeyWithOwner {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKey,
    /// The owner's username; empty if the caller may not read the owner.
    pub username: String,
}

/// `POST /users/{user}/keys/tokens`. Everything may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct CreateTokenRequest {
    /// Its lifetime; zero means the server's default.
    #[serde(skip_serializing_if = "is_default")]
    pub lifetime: Nanoseconds,
    /// Its scopes; none means those of the caller's key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 256))]
    pub scopes: Vec<String>,
    /// A single scope, from older clients; used only if `scopes` is empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// Its name; if empty, the server chooses one.
    #[cfg_attr(feature = "openapi", schema(max_length = 255))]
    pub token_name: String,
    /// Its allow list; none means that of the caller's key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_list: Vec<AllowListTarget>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One entry of a requested allow list: `"<type>:<id>"`, or the same as `{"type", "id"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AllowListTarget(pub String);

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for AllowListTarget {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let object = ObjectBuilder::new().property("type", text()).property("id", text());
        OneOfBuilder::new().item(text()).item(object.required("type").required("id")).into()
    }
}

#[cfg(feature = "openapi")]
impl ToSchema for AllowListTarget {}

impl<'de> Deserialize<'de> for AllowListTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            deny_unknown_fields,
            expecting = "an allow_list entry is \"<type>:<id>\" or {\"type\", \"id\"}, with no other field"
        )]
        enum Spelling {
            Text(String),
            Object {
                #[serde(rename = "type")]
                resource_type: String,
                id: String,
            },
        }
        Ok(match Spelling::deserialize(deserializer)? {
            Spelling::Text(text) => Self(text),
            Spelling::Object { resource_type, id } => Self(format!("{resource_type}:{id}")),
        })
    }
}

/// The answer to a request for a new key: the only answer that has its secret.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct GenerateApiKeyResponse {
    /// The whole key, id and secret.
    pub key: SecretText,
}

/// `GET /users/{user}/keys/tokens/tokenconfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct TokenConfig {
    /// The longest lifetime that the caller could give a token of that user.
    pub max_token_lifetime: Nanoseconds,
}

/// The answer to a revocation that was to be confirmed by all replicas, and was not by these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Unconfirmed {
    /// The replicas that have not confirmed it.
    pub unconfirmed: Vec<UnconfirmedReplica>,
}

/// A replica that has not confirmed a revocation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UnconfirmedReplica {
    /// The name of the replica: that of its host, and a number of its own.
    pub replica: String,
    /// From then on it cannot accept what was revoked any more, whatever happens to it.
    pub cannot_accept_after: Time,
}
