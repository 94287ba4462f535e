//! Audit records. They are only added, never changed.
mod chain;
mod keyring;
mod retention;

pub(crate) use chain::newest_record;
pub use chain::{
    AuditEntry, ChainCheckpoint, ChainFault, ChainHead, ChainKey, ChainVerifier, NoChainHead, VerifiedChain,
};
pub use keyring::{CHAIN_KEY_FIELD, CHAIN_TYPE, ChainKeys};

use std::net::IpAddr;

use jiff::Timestamp;
use keyfob_rbac::Filter;
use sea_query::{Condition, Expr, ExprTrait as _, Iden, InsertStatement, Order, Query, SimpleExpr};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    KeyId, OrganizationId, Page, Period, Reader, StoreError, Tx, UserId,
    db::{Dialect, Fixed, Json, Stored, count_rows, fetch_count, microseconds, row, timestamp},
    filter::{Columns, condition},
};

const TABLE: &str = "audit_records";

/// The maximum length of a user agent, in bytes; the rest is cut off.
const MAX_USER_AGENT: usize = 256;

/// An audit record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// The record's id.
    pub id: Uuid,
    /// When it was done.
    pub recorded_at: Timestamp,
    /// The id of the request.
    pub request_id: Uuid,
    /// The user who did it; none if no user was signed in.
    pub user_id: Option<UserId>,
    /// The key that was used.
    pub key_id: Option<KeyId>,
    /// The client's address.
    pub ip_address: IpAddr,
    /// The client's program, as it calls itself.
    pub user_agent: String,
    /// `create`, `write`, `delete`, `login`, `logout`.
    pub action: String,
    /// The type of the object.
    pub resource_type: String,
    /// The id of the object, of a key that of its owner; the nil UUID if it has none, or none is known.
    pub resource_id: Uuid,
    /// The id of the object if it is a key.
    pub api_key_id: Option<KeyId>,
    /// The name of the object.
    pub resource_target: String,
    /// The organization of the object.
    pub organization_id: Option<OrganizationId>,
    /// The status of the answer.
    pub status_code: u16,
    /// The changes, by field: `{"old", "new", "secret"}`.
    pub diff: serde_json::Value,
}

/// What the diff of a stored record holds besides fields.
const ADDITIONAL: &str = "additional_fields";

/// The order of a list of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditOrder {
    /// As the chain has them, the last first.
    #[default]
    Chain,
    /// By the time of what they tell of, the newest first: refusals come into the chain later.
    Time,
}

/// Which records to list. A field that is none excludes nothing.
#[derive(Clone, Debug)]
pub struct ListAudit {
    /// The records that the caller may see.
    pub visible: Filter,
    /// Only those of this request.
    pub request_id: Option<Uuid>,
    /// Only those about the object with this id; those about keys have the ids of their owners.
    pub resource_id: Option<Uuid>,
    /// Only those about this key.
    pub api_key_id: Option<KeyId>,
    /// Only those of what was done with this key.
    pub key_id: Option<KeyId>,
    /// Only those about objects whose name contains this text, without regard to case.
    pub target_contains: Option<String>,
    /// Only those about objects of this type.
    pub resource_type: Option<String>,
    /// Only those with this action.
    pub action: Option<String>,
    /// Only those of this user.
    pub user_id: Option<UserId>,
    /// Only those in this organization.
    pub organization_id: Option<OrganizationId>,
    /// Only those of this period.
    pub recorded: Period,
    /// In which order.
    pub order: AuditOrder,
    /// Which part of the list, newest first.
    pub page: Page<Uuid>,
}

impl Default for ListAudit {
    /// No records: `visible` must be set to see any.
    fn default() -> Self {
        Self {
            visible: Filter::None,
            request_id: None,
            resource_id: None,
            api_key_id: None,
            key_id: None,
            target_contains: None,
            resource_type: None,
            action: None,
            user_id: None,
            organization_id: None,
            recorded: Period::default(),
            order: AuditOrder::default(),
            page: Page::default(),
        }
    }
}

#[derive(Clone, Copy, Iden)]
enum AuditRecords {
    Table,
    Sequence,
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
    Hash,
    /// Computed: the id of the object, as records show it.
    ObjectId,
    /// Computed: the id of the object if it is a key.
    ApiKeyId,
}

row! {
    struct AuditRow in TABLE => {
        id: Uuid, recorded_at: i64, request_id: Uuid, user_id: Option<Uuid>, key_id: String, ip_address: String,
        user_agent: String, action: String, resource_type: String, resource_target: String,
        organization_id: Option<Uuid>, status_code: i32, diff: Json<serde_json::Value>, object_id: Option<String>,
        api_key_id: Option<String>,
    }
}

const COLUMNS: [AuditRecords; 14] = [
    AuditRecords::Id,
    AuditRecords::RecordedAt,
    AuditRecords::RequestId,
    AuditRecords::UserId,
    AuditRecords::KeyId,
    AuditRecords::IpAddress,
    AuditRecords::UserAgent,
    AuditRecords::Action,
    AuditRecords::ResourceType,
    AuditRecords::ResourceId,
    AuditRecords::ResourceTarget,
    AuditRecords::OrganizationId,
    AuditRecords::StatusCode,
    AuditRecords::Diff,
];

impl TryFrom<AuditRow> for AuditRecord {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self, StoreError> {
        let corrupt = |reason: &str| StoreError::corrupt(TABLE, &row.id, reason);
        let key_id = |id: &str| KeyId::parse(id).ok_or_else(|| corrupt("malformed id of a key"));
        let mut diff = row.diff.0;
        if let Some(fields) = diff.as_object_mut() {
            fields.remove(ADDITIONAL);
        }
        Ok(Self {
            recorded_at: timestamp(TABLE, &row.id, row.recorded_at)?,
            key_id: Some(row.key_id.as_str()).filter(|id| !id.is_empty()).map(key_id).transpose()?,
            api_key_id: row.api_key_id.as_deref().map(key_id).transpose()?,
            // Roles had their names here.
            resource_id: row.object_id.and_then(|id| Uuid::try_parse(&id).ok()).unwrap_or_default(),
            ip_address: row.ip_address.parse().map_err(|_| corrupt("malformed ip_address"))?,
            status_code: u16::try_from(row.status_code).map_err(|_| corrupt("impossible status_code"))?,
            id: row.id,
            request_id: row.request_id,
            user_id: row.user_id.map(UserId),
            user_agent: row.user_agent,
            action: row.action,
            resource_type: row.resource_type,
            resource_target: row.resource_target,
            organization_id: row.organization_id.map(OrganizationId),
            diff,
        })
    }
}

impl Stored for AuditRecord {
    type Row<'r> = AuditRow;
}

fn visible(list: &ListAudit, dialect: Dialect) -> Condition {
    let columns = Columns::new(dialect, AuditRecords::Id).in_organization(AuditRecords::OrganizationId);
    Condition::all().add(condition(&list.visible, &columns))
}

fn matching(list: &ListAudit, dialect: Dialect) -> Condition {
    use AuditRecords as A;
    let conditions = [
        list.request_id.map(|id| Expr::col(A::RequestId).eq(id)),
        list.resource_id.map(|id| Expr::col(A::ObjectId).eq(id.to_string())),
        list.api_key_id.as_ref().map(|id| Expr::col(A::ApiKeyId).eq(id.as_str())),
        list.key_id.as_ref().map(|id| Expr::col(A::KeyId).eq(id.as_str())),
        list.target_contains.as_deref().map(|text| dialect.contains(Expr::col(A::ResourceTarget), text)),
        list.resource_type.as_deref().map(|of| Expr::col(A::ResourceType).eq(of)),
        list.action.as_deref().map(|action| Expr::col(A::Action).eq(action)),
        list.user_id.map(|id| Expr::col(A::UserId).eq(id.0)),
        list.organization_id.map(|id| Expr::col(A::OrganizationId).eq(id.0)),
        list.recorded.from.map(|from| Expr::col(A::RecordedAt).gte(microseconds(from))),
        list.recorded.to.map(|to| Expr::col(A::RecordedAt).lte(microseconds(to))),
    ];
    conditions.into_iter().flatten().fold(visible(list, dialect), Condition::add)
}

impl Reader<'_> {
    /// A page of the records, newest first, and their number on all pages, counted up to `count_at_most`.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn audit_records(
        &mut self,
        list: &ListAudit,
        count_at_most: u64,
    ) -> Result<(Vec<AuditRecord>, u64), StoreError> {
        let mut some = Query::select();
        some.column(AuditRecords::Id)
            .from(AuditRecords::Table)
            .cond_where(matching(list, self.dialect()))
            .limit(count_at_most);
        let mut count = Query::select();
        count.expr_as(count_rows(), "count").from_subquery(some, "some");
        let count = fetch_count(self, &count).await?;
        Ok((self.audit_page(list).await?, count))
    }

    /// A page of the records, newest first, without their number.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such record to come after.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn audit_page(&mut self, list: &ListAudit) -> Result<Vec<AuditRecord>, StoreError> {
        let mut page = Query::select();
        page.columns(COLUMNS)
            .columns([AuditRecords::ObjectId, AuditRecords::ApiKeyId])
            .from(AuditRecords::Table)
            .cond_where(matching(list, self.dialect()));
        if list.order == AuditOrder::Time {
            page.order_by(AuditRecords::RecordedAt, Order::Desc);
        }
        page.order_by(AuditRecords::Sequence, Order::Desc);
        if let Some(after) = list.page.after {
            page.and_where(comes_after(self, after, list).await?);
        }
        list.page.cut(&mut page);
        self.fetch_list(&page).await
    }
}

row! { struct PlaceRow in TABLE => { sequence: i64, recorded_at: i64 } }

/// Records after the one with this id, in the order of the list.
async fn comes_after(source: &mut Reader<'_>, after: Uuid, list: &ListAudit) -> Result<SimpleExpr, StoreError> {
    use AuditRecords as A;
    let mut query = Query::select();
    query
        .columns([A::Sequence, A::RecordedAt])
        .from(A::Table)
        .and_where(Expr::col(A::Id).eq(after))
        // The place of a record that the caller may not see must not be revealed.
        .cond_where(visible(list, source.dialect()));
    let place: PlaceRow = source.fetch_optional(&query).await?.ok_or(StoreError::Gone)?;
    Ok(match list.order {
        AuditOrder::Chain => Expr::col(A::Sequence).lt(place.sequence),
        AuditOrder::Time => {
            let order = Expr::tuple([Expr::col(A::RecordedAt), Expr::col(A::Sequence)]);
            order.lt(Expr::tuple([place.recorded_at.into(), place.sequence.into()]))
        }
    })
}

impl AuditEntry {
    /// A record as it will be stored, before it has its place in the chain.
    fn new(record: AuditRecord) -> Self {
        let mut diff = record.diff;
        without_nul(&mut diff);
        if let (Some(fields), Some(key)) = (diff.as_object_mut(), &record.api_key_id) {
            fields.insert(ADDITIONAL.to_owned(), serde_json::json!({"api_key_id": key.as_str()}));
        }
        Self {
            sequence: 0,
            id: record.id,
            recorded_at: microseconds(record.recorded_at),
            request_id: record.request_id,
            user_id: record.user_id.map(|id| id.0),
            key_id: record.key_id.as_ref().map_or("", KeyId::as_str).to_owned(),
            ip_address: record.ip_address.to_string(),
            user_agent: cut(&record.user_agent, MAX_USER_AGENT).to_owned(),
            action: record.action,
            resource_type: record.resource_type,
            resource_id: record.resource_id.to_string(),
            resource_target: record.resource_target.replace('\0', NUL_STAND_IN),
            organization_id: record.organization_id.map(|id| id.0),
            status_code: i32::from(record.status_code),
            diff: diff.to_string(),
            hash: String::new(),
        }
    }
}

static NEW_RECORD: Fixed<16, InsertStatement> = Fixed::of(|values| {
    use AuditRecords as A;
    Query::insert()
        .into_table(A::Table)
        .columns([
            A::Sequence,
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
            A::Hash,
        ])
        .values_panic(values.map(Expr::val))
        .take()
});

impl Tx {
    /// Adds a record to the unit of work that makes the change, so that there is no change without a record.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn insert_audit_record(&mut self, record: AuditRecord, key: &ChainKey) -> Result<(), StoreError> {
        let mut entry = AuditEntry::new(record);
        let hash = self.link(&mut entry, key).await?;
        let values = [
            entry.sequence.into(),
            entry.id.into(),
            entry.recorded_at.into(),
            entry.request_id.into(),
            entry.user_id.into(),
            entry.key_id.into(),
            entry.ip_address.into(),
            entry.user_agent.into(),
            entry.action.into(),
            entry.resource_type.into(),
            entry.resource_id.into(),
            entry.resource_target.into(),
            entry.organization_id.into(),
            entry.status_code.into(),
            entry.diff.into(),
            hash.to_vec().into(),
        ];
        self.queue_fixed(&NEW_RECORD, values)
    }
}

/// What stands in records for a NUL, which not every database stores.
const NUL_STAND_IN: &str = "\u{fffd}";

/// Takes NULs out of all texts of a value.
fn without_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', NUL_STAND_IN),
        Value::Array(values) => values.iter_mut().for_each(without_nul),
        Value::Object(fields) => fields.values_mut().for_each(without_nul),
        _ => {}
    }
}

/// The beginning of the text, at most this many bytes, in whole characters.
fn cut(text: &str, at_most: usize) -> &str {
    text.get(..text.floor_char_boundary(at_most)).unwrap_or(text)
}
