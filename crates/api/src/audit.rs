//! Audit records: what was done, by which user, and when.
mod sentence;

pub use sentence::Mention;

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
    /// A page of the records, newest first.
    pub audit_logs: Vec<AuditLog>,
    /// How many records match; a number above the cap stands for more.
    pub count: u64,
    /// The number up to which matches are counted.
    pub count_cap: u64,
    /// The head of the chain of records. Kept in another place, it shows later whether any record was tampered with.
    /// Empty if the caller may see only some of the records.
    pub chain_head: String,
}

/// An audit record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AuditLog {
    /// The record's id.
    pub id: Uuid,
    /// The id of the request.
    pub request_id: Uuid,
    /// When it was done.
    pub time: Time,
    /// The client's address.
    pub ip: String,
    /// The client's program, as it calls itself.
    pub user_agent: String,
    /// The type of the object.
    pub resource_type: String,
    /// The id of the object, of a key that of its owner; the nil UUID if it has none.
    pub resource_id: Uuid,
    /// The name of the object.
    pub resource_target: String,
    /// Always empty.
    pub resource_icon: String,
    /// `create`, `write`, `delete`, `login`, `logout`, ….
    pub action: String,
    /// The changes, by field.
    pub diff: BTreeMap<String, AuditDiffField>,
    /// The status of the answer.
    pub status_code: u16,
    /// `key_id` is the key that was used, `api_key_id` the key that the record is about. If the record stands for several equal refusals, `count` is their number, and
    /// `first` and `last` are the times of the first and the last.
    pub additional_fields: Map<String, Value>,
    /// A sentence with the placeholders `{user}` and `{target}`.
    pub description: String,
    /// Always empty.
    pub resource_link: String,
    /// Whether the object no longer exists.
    pub is_deleted: bool,
    /// The id of the object's organization; the nil UUID if there is none.
    pub organization_id: Uuid,
    /// The same organization, if it still exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<MinimalOrganization>,
    /// The user who did it; missing if no user was signed in.
    pub user: Option<User>,
}

/// The old and the new value of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AuditDiffField {
    /// The old value; left out if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// The new value; left out if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// Whether the values are hidden.
    pub secret: bool,
}

/// The organization of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct MinimalOrganization {
    /// The organization's id; it never changes.
    pub id: Uuid,
    /// Unique without regard to case.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// The address of a picture.
    pub icon: String,
}
