//! Signing in on a machine without a browser (RFC 8628).
use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;

use crate::secret::SecretText;

/// The only kind of grant that [`DeviceTokenRequest`] may ask for (RFC 8628, section 3.4).
pub const DEVICE_GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// `POST /device/code`, as a form or as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct DeviceCodeRequest {
    /// Nobody reads it here; `OAuth` clients send it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    /// The scopes to ask for, with blanks between them; without any, those of whoever approves it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// The entries of the allow list to ask for, with blanks between them; without any, that of whoever approves it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub allow_list: String,
}

/// The answer: one code for the machine, and one for the person.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct DeviceCode {
    /// What the machine asks for its token with.
    pub device_code: SecretText,
    /// What the person types: `XXXX-XXXX`.
    pub user_code: String,
    /// Where they type it.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: String,
    /// How long both codes live, in seconds.
    pub expires_in: u64,
    /// How long the machine waits between two questions, in seconds.
    pub interval: u64,
}

/// `POST /device/token`, as a form or as JSON.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct DeviceTokenRequest {
    /// [`DEVICE_GRANT_TYPE`].
    pub grant_type: String,
    /// The machine's code.
    pub device_code: SecretText,
    /// Nobody reads it here; `OAuth` clients send it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_id: String,
}

/// The answer once a person has approved it (RFC 6749, section 5.1).
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct DeviceToken {
    /// The key.
    pub access_token: SecretText,
    /// `Bearer`: it can be presented so, and like every other key.
    pub token_type: String,
    /// How long it lives if nobody uses it, in seconds.
    pub expires_in: u64,
    /// Its scopes, with blanks between them.
    pub scope: String,
}

/// Why there is no token (RFC 6749, section 5.2, and RFC 8628, section 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OAuthErrorCode {
    /// Nobody has approved it yet: ask again later.
    AuthorizationPending,
    /// The same, and it was asked too soon: wait five seconds longer from now on.
    SlowDown,
    /// Somebody refused it, or whoever approved it may not any more.
    AccessDenied,
    /// The codes have ended.
    ExpiredToken,
    /// Something is missing or malformed.
    InvalidRequest,
    /// There is no such code, or it was used before.
    InvalidGrant,
    /// A scope is not one that a token may ask for.
    InvalidScope,
    /// Another kind of grant was asked for.
    UnsupportedGrantType,
    /// A word of another version.
    #[serde(other)]
    Other,
}

/// An error as `OAuth` clients read it. It has a message, too, as every other error here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct OAuthError {
    /// For programs.
    pub error: OAuthErrorCode,
    /// For people.
    pub error_description: String,
    /// The same in full.
    pub message: String,
}

impl OAuthError {
    /// An error, and what to say of it.
    pub fn new(error: OAuthErrorCode, description: impl Into<String>) -> Self {
        let message = description.into();
        // RFC 6749, section 5.2, takes printable ASCII without quotation marks and backslashes.
        let plain = message.chars().map(|c| match c {
            '"' => '\'',
            ' '..='~' if c != '\\' => c,
            _ => '?',
        });
        Self { error, error_description: plain.collect(), message }
    }
}
