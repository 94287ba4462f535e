//! Information about the deployment.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;
use uuid::Uuid;

use crate::time::Time;

/// `GET /buildinfo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct BuildInfo {
    /// The server's address.
    pub external_url: String,
    /// The version that clients compare with their own.
    pub version: String,
    /// The address of the pages for people.
    pub dashboard_url: String,
    /// Always false.
    pub telemetry: bool,
    /// Always false.
    pub workspace_proxy: bool,
    /// The agent protocol that clients of this version expect.
    pub agent_api_version: String,
    /// The provisioner protocol that clients of this version expect.
    pub provisioner_api_version: String,
    /// What a person should do when versions differ.
    pub upgrade_message: String,
    /// The id of this deployment; it never changes.
    pub deployment_id: Uuid,
}

/// `GET /deployment/config`: the settings in effect. Secrets are empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct DeploymentConfig {
    /// The values, by the names of their settings; those that are not set are left out.
    pub config: BTreeMap<String, String>,
    /// All settings.
    pub options: Vec<DeploymentOption>,
}

/// A setting of the deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct DeploymentOption {
    /// Its name, which is that of its flag.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The flag that sets it, without the leading dashes.
    pub flag: String,
    /// The variable that sets it.
    pub env: String,
    /// Its key in a file of settings.
    pub yaml: String,
    /// Its default; empty for none.
    pub default: String,
    /// Its value; empty if it is not set, and for a secret. `***` stands for what may be secret inside a value: the query
    /// of a URL, and the parameters that a provider is given. A URL is shown without the user in it.
    pub value: String,
    /// Where the value comes from: `flag`, `env`, `yaml` for a file of settings, or `default`.
    pub value_source: String,
    /// What else there is to say: `secret` is `true` for a secret that is set.
    pub annotations: BTreeMap<String, String>,
}

/// `GET /updatecheck`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct UpdateCheck {
    /// Always true: Keyfob sends nothing to its makers.
    pub current: bool,
    /// This version.
    pub version: String,
    /// The server's address.
    pub url: String,
}

/// `GET /entitlements`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Entitlements {
    /// Every feature that Keyfob has, each entitled and enabled.
    pub features: BTreeMap<String, Feature>,
    /// Always empty.
    pub warnings: Vec<String>,
    /// Always empty.
    pub errors: Vec<String>,
    /// Always true: clients ask for it before they use a feature.
    pub has_license: bool,
    /// Always false.
    pub trial: bool,
    /// Always false.
    pub require_telemetry: bool,
}

/// `GET /deployment/stats`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct DeploymentStats {
    /// When the numbers were counted.
    pub collected_at: Time,
    /// When the numbers change next: they are counted anew for each answer.
    pub next_update_at: Time,
    /// The number of users.
    pub users: u64,
    /// The number of keys that are not expired.
    pub api_keys: u64,
}

/// One feature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Feature {
    /// Always `entitled`.
    pub entitlement: String,
    /// Always true.
    pub enabled: bool,
}

/// `GET /.well-known/oauth-protected-resource` (RFC 9728).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ProtectedResource {
    /// The server's address.
    pub resource: String,
    /// The ways to present a token.
    pub bearer_methods_supported: Vec<String>,
    /// The scopes that tokens may ask for.
    pub scopes_supported: Vec<String>,
}

/// `GET /readyz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Readiness {
    /// Whether the server can answer; what is missing is in the error that comes instead.
    pub ready: bool,
    /// How many milliseconds after its acknowledgement a revocation is in effect on every replica, at the latest; 0 where
    /// there is only one, and it is in effect at once.
    pub revocation_lease_ms: u64,
}
