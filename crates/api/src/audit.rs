//! Records of what was done.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{time::Time, users::User};

/// `GET /audit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AuditLogs {
    /// A page of them, newest first.
    pub audit_logs: Vec<AuditLog>,
    /// How many there are; one beyond the cap stands for more.
    pub count: u64,
    /// How far they are counted.
    pub count_cap: u64,
    /// The head of the chain of records: kept elsewhere, it shows later whether any of them was tampered with. Empty for
    /// who may see only some of them.
    pub chain_head: String,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AuditLog {
    /// Names the record.
    pub id: Uuid,
    /// The request that did it.
    pub request_id: Uuid,
    /// When.
    pub time: Time,
    /// From where.
    pub ip: String,
    /// With which program, as it calls itself.
    pub user_agent: String,
    /// What it was done to.
    pub resource_type: String,
    /// Which one of them.
    pub resource_id: String,
    /// The name of that.
    pub resource_target: String,
    /// Empty.
    pub resource_icon: String,
    /// `create`, `write`, `delete`, `login`, `logout`, ….
    pub action: String,
    /// What changed, by field.
    pub diff: BTreeMap<String, AuditDiffField>,
    /// What the request was answered with.
    pub status_code: u16,
    /// With which key, under `key_id`; of refusals that were gathered into one record, how many there were and when,
    /// under `count`, `first` and `last`.
    pub additional_fields: Map<String, Value>,
    /// A sentence with the places `{user}` and `{target}`.
    pub description: String,
    /// Empty.
    pub resource_link: String,
    /// What it was done to is not there any more.
    pub is_deleted: bool,
    /// The organization of what it was done to; the nil UUID where there is none.
    pub organization_id: Uuid,
    /// The same organization, if it is still there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<MinimalOrganization>,
    /// Who did it; none where nobody was signed in.
    pub user: Option<User>,
}

/// A field before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AuditDiffField {
    /// Before; left out where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// After; left out where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// The values are hidden.
    pub secret: bool,
}

/// An organization beside a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct MinimalOrganization {
    /// Never changes.
    pub id: Uuid,
    /// Unique without regard to case.
    pub name: String,
    /// The name for people.
    pub display_name: String,
    /// Where a picture is.
    pub icon: String,
}
