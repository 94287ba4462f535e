//! Records of what was done, by whom. They are only ever added.
use std::net::IpAddr;

use jiff::Timestamp;
use sea_query::{Iden, Query};
use uuid::Uuid;

use crate::{KeyId, OrganizationId, StoreError, Tx, UserId, db::microseconds};

/// The longest user agent that is kept, in bytes.
const MAX_USER_AGENT: usize = 256;

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// Names the record.
    pub id: Uuid,
    /// When it was done.
    pub recorded_at: Timestamp,
    /// The request that did it.
    pub request_id: Uuid,
    /// Who did it; none where nobody was signed in.
    pub user_id: Option<UserId>,
    /// With which key.
    pub key_id: Option<KeyId>,
    /// From where.
    pub ip_address: IpAddr,
    /// With which program, as it calls itself.
    pub user_agent: String,
    /// `create`, `write`, `delete`, `login`, `logout`.
    pub action: &'static str,
    /// What it was done to.
    pub resource_type: String,
    /// Which one it was done to.
    pub resource_id: String,
    /// The name of that.
    pub resource_target: String,
    /// The organization of that.
    pub organization_id: Option<OrganizationId>,
    /// What the request was answered with.
    pub status_code: u16,
    /// What changed, by field: `{"old", "new", "secret"}`.
    pub diff: serde_json::Value,
}

#[derive(Clone, Copy, Iden)]
enum AuditRecords {
    Table,
    Id,
    RecordedAt,
    RequestId,
    UserId,
    KeyId,
    IpAddress,
    UserAgent,
    Action,
    ResourceType,
    ResourceId,
    ResourceTarget,
    OrganizationId,
    StatusCode,
    Diff,
}

impl Tx {
    /// Adds a record to the unit of work that it speaks of: no record, no change.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(skip_all)]
    pub async fn insert_audit_record(&mut self, record: &AuditRecord) -> Result<(), StoreError> {
        use AuditRecords as A;
        let mut query = Query::insert();
        query
            .into_table(A::Table)
            .columns([
                A::Id,
                A::RecordedAt,
                A::RequestId,
                A::UserId,
                A::KeyId,
                A::IpAddress,
                A::UserAgent,
                A::Action,
                A::ResourceType,
                A::ResourceId,
                A::ResourceTarget,
                A::OrganizationId,
                A::StatusCode,
                A::Diff,
            ])
            .values_panic([
                record.id.into(),
                microseconds(record.recorded_at).into(),
                record.request_id.into(),
                record.user_id.map(|id| id.0).into(),
                record.key_id.as_ref().map_or("", KeyId::as_str).into(),
                record.ip_address.to_string().into(),
                cut(&record.user_agent, MAX_USER_AGENT).into(),
                record.action.into(),
                record.resource_type.as_str().into(),
                record.resource_id.as_str().into(),
                record.resource_target.as_str().into(),
                record.organization_id.map(|id| id.0).into(),
                i32::from(record.status_code).into(),
                record.diff.clone().into(),
            ]);
        self.execute_one(&query).await
    }
}

/// As much of the text as fits, in whole characters.
fn cut(text: &str, at_most: usize) -> &str {
    text.get(..text.floor_char_boundary(at_most)).unwrap_or(text)
}
