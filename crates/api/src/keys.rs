//! API keys: tokens and sessions (contract, section 3).
use serde::{Deserialize, Deserializer, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;
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
    /// When it last authenticated a request, to the hour; 1970 if never.
    pub last_used: Time,
    /// From when on it is refused.
    pub expires_at: Time,
    /// When it was minted.
    pub created_at: Time,
    /// The same as `created_at`: a key never changes.
    pub updated_at: Time,
    /// `token` for API tokens, else how the session was begun.
    pub login_type: LoginType,
    /// What older clients read in place of `scopes`: `all`, `application_connect` or empty.
    #[serde(default)]
    pub scope: String,
    /// What it may do, as asked for.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// What it is called; empty for sessions.
    #[serde(default)]
    pub token_name: String,
    /// How long it was to live when it was minted.
    pub lifetime_seconds: i64,
    /// What it may do that to: `<type>:<id>`, types that every client knows.
    #[serde(default)]
    pub allow_list: Vec<String>,
    /// The same for the deployment's own types, which clients refuse to read in `allow_list`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom_allow_list: Vec<String>,
    /// The key that minted this one, if a key did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// How many keys minted by this one, or by those, still live.
    #[serde(default)]
    pub live_descendants: u64,
}

/// A live session in `GET /users/{user}/sessions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Session {
    /// The id of its key.
    pub id: String,
    /// Who is signed in.
    pub user_id: Uuid,
    /// How they signed in.
    pub login_type: LoginType,
    /// When that was.
    pub created_at: Time,
    /// When it was last used, to the hour; 1970 if never.
    pub last_used: Time,
    /// When it ends unless it is used.
    pub expires_at: Time,
    /// Where it was last used from.
    pub ip_address: String,
    /// With which program, as it calls itself.
    pub user_agent: String,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

/// A key in a list, with the name of its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ApiKeyWithOwner {
    /// The key.
    #[serde(flatten)]
    pub key: ApiKey,
    /// Empty when the caller may not read the owner.
    pub username: String,
}

/// `POST /users/{user}/keys/tokens`. Everything may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct CreateTokenRequest {
    /// How long it is to live; zero means the server's default.
    #[serde(skip_serializing_if = "is_default")]
    pub lifetime: Nanoseconds,
    /// What it may do; none means all that the caller's own key may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// One scope, from older clients; counts only without `scopes`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// Empty: the server makes up a name.
    pub token_name: String,
    /// What it may do that to; none means all that the caller's own key may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_list: Vec<AllowListTarget>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One entry of a requested allow list: `"<type>:<id>"`, or the same as `{"type", "id"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(transparent)]
pub struct AllowListTarget(pub String);

impl<'de> Deserialize<'de> for AllowListTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "an allow_list entry is \"<type>:<id>\" or {\"type\", \"id\"}")]
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

/// The answer to a request for a new key: the only time that its secret is shown.
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
