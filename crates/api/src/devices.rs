//! Signing in a machine without a browser (RFC 8628).
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
    /// Ignored; `OAuth` clients send it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_id: String,
    /// The scopes to ask for, separated by blanks; if empty, those of the key that approves the request.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 8192))]
    pub scope: String,
    /// The entries of the allow list to ask for, separated by blanks; if empty, the allow list of the key that approves
    /// the request.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_length = 16384))]
    pub allow_list: String,
}

/// The answer to `POST /device/code`: a code for the machine, and one for the person.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct DeviceCode {
    /// The code with which the machine asks for its token.
    pub device_code: SecretText,
    /// The code that the person types: `XXXX-XXXX`.
    pub user_code: String,
    /// The address of the page for it.
    pub verification_uri: String,
    /// The same address, with the code in it.
    pub verification_uri_complete: String,
    /// How long both codes are valid, in seconds.
    pub expires_in: u64,
    /// How long the machine has to wait between two requests, in seconds.
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
    /// Ignored; `OAuth` clients send it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_id: String,
}

/// The answer after a person has approved the request (RFC 6749, section 5.1).
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct DeviceToken {
    /// The key.
    pub access_token: SecretText,
    /// Always `Bearer`; the key can also be presented like every other key.
    pub token_type: String,
    /// How long the key is valid if it is not used, in seconds.
    pub expires_in: u64,
    /// The key's scopes, separated by blanks.
    pub scope: String,
}

/// Why there is no token (RFC 6749, section 5.2, and RFC 8628, section 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OAuthErrorCode {
    /// The request is not approved yet: ask again later.
    AuthorizationPending,
    /// The machine asks too often: wait five seconds longer from now on.
    SlowDown,
    /// A person refused it, or the person who approved it may no longer do so.
    AccessDenied,
    /// The codes have expired.
    ExpiredToken,
    /// Something is missing or malformed.
    InvalidRequest,
    /// The code does not exist, or was used before.
    InvalidGrant,
    /// A scope is not one that a token may ask for.
    InvalidScope,
    /// Another kind of grant was asked for.
    UnsupportedGrantType,
    /// A code that this version does not know.
    #[serde(other)]
    Other,
}

/// An error as `OAuth` clients read it. Like every other error of this API, it also has a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct OAuthError {
    /// The error's code, for programs.
    pub error: OAuthErrorCode,
    /// A description, for people.
    pub error_description: String,
    /// The same description, with all its characters.
    pub message: String,
}

impl OAuthError {
    /// An error with this description.
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
