#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod audit;
pub mod authz;
pub mod deployment;
pub mod devices;
pub mod error;
pub mod groups;
pub mod keys;
pub mod organizations;
pub mod proxy;
pub mod resources;
pub mod roles;
pub mod scopes;
pub mod secret;
pub mod time;
pub mod users;
pub mod views;

/// The path of the API.
pub const BASE_PATH: &str = "/api/v2";

/// The header in which programs present a key.
pub const SESSION_TOKEN_HEADER: &str = "Coder-Session-Token";

/// The cookie in which browsers present a key.
pub const SESSION_TOKEN_COOKIE: &str = "coder_session_token";

/// The header with the server's version, on every answer.
pub const BUILD_VERSION_HEADER: &str = "X-Coder-Build-Version";

/// The header with the permissions that a call needed, on every answer to an authenticated request.
pub const REQUIRED_HEADER: &str = "X-Keyfob-Required";

/// The header with the permissions that the caller lacks, on lists that can hold nothing for them.
pub const MISSING_HEADER: &str = "X-Keyfob-Missing";

/// The header that describes a key ([`keys::KeySummary`] as JSON): the key in use, on the answer to `GET /users/{user}`
/// for its own user, and a new token on the answer that shows it.
pub const KEY_HEADER: &str = "X-Keyfob-Key";

/// The header with the number of seconds until a key expires, on answers to keys that are about to expire.
pub const EXPIRES_IN_HEADER: &str = "X-Keyfob-Expires-In";

/// The header that says how many descendants were revoked together with a key.
pub const DESCENDANTS_ENDED_HEADER: &str = "X-Keyfob-Descendants-Ended";

/// The version of Coder that the API is compatible with (`docs/compatibility.md`).
pub const COMPATIBLE_VERSION: &str = "v2.34.0";

/// The version that the server reports: [`COMPATIBLE_VERSION`], because clients switch features on it, then Keyfob's
/// own.
pub const SERVER_VERSION: &str = concat!("v2.34.0", "+keyfob.", env!("CARGO_PKG_VERSION"));

/// The header with warnings for the people who run the server; may repeat.
pub const ENTITLEMENTS_WARNING_HEADER: &str = "X-Coder-Entitlements-Warning";
