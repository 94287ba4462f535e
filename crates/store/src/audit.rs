//! Records of what was done, by whom. They are only ever added.
use std::net::IpAddr;

use jiff::Timestamp;
use keyfob_rbac::Filter;
use sea_query::{Condition, Expr, ExprTrait as _, Func, Iden, Order, Query};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    KeyId, OrganizationId, Page, Period, Store, StoreError, Tx, UserId,
    db::{Source as _, contains, fetch_count, microseconds, row, timestamp},
    filter::{Columns, condition},
};

const TABLE: &str = "audit_records";

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
    pub action: String,
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

/// Which records to list. What is none excludes nothing.
#[derive(Clone, Debug)]
pub struct ListAudit {
    /// Which may be seen.
    pub visible: Filter,
    /// Only those of this request.
    pub request_id: Option<Uuid>,
    /// Only those about the object with this id.
    pub resource_id: Option<String>,
    /// Only those about objects whose name holds this text, without regard to case.
    pub target_contains: Option<String>,
    /// Only those about objects of this type.
    pub resource_type: Option<String>,
    /// Only those of this action.
    pub action: Option<String>,
    /// Only what this user did.
    pub user_id: Option<UserId>,
    /// Only those in this organization.
    pub organization_id: Option<OrganizationId>,
    /// Only what was done then.
    pub recorded: Period,
    /// Which part of the list, newest first.
    pub page: Page<Uuid>,
}

impl Default for ListAudit {
    /// None, until it is said which may be seen.
    fn default() -> Self {
        Self {
            visible: Filter::None,
            request_id: None,
            resource_id: None,
            target_contains: None,
            resource_type: None,
            action: None,
            user_id: None,
            organization_id: None,
            recorded: Period::default(),
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
}

row! {
    struct AuditRow in TABLE => {
        id: Uuid, recorded_at: i64, request_id: Uuid, user_id: Option<Uuid>, key_id: String, ip_address: String,
        user_agent: String, action: String, resource_type: String, resource_id: String, resource_target: String,
        organization_id: Option<Uuid>, status_code: i32, diff: Json<serde_json::Value>,
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
        Ok(Self {
            recorded_at: timestamp(TABLE, &row.id, row.recorded_at)?,
            key_id: match row.key_id.as_str() {
                "" => None,
                id => Some(KeyId::parse(id).ok_or_else(|| corrupt("malformed key_id"))?),
            },
            ip_address: row.ip_address.parse().map_err(|_| corrupt("malformed ip_address"))?,
            status_code: u16::try_from(row.status_code).map_err(|_| corrupt("impossible status_code"))?,
            id: row.id,
            request_id: row.request_id,
            user_id: row.user_id.map(UserId),
            user_agent: row.user_agent,
            action: row.action,
            resource_type: row.resource_type,
            resource_id: row.resource_id,
            resource_target: row.resource_target,
            organization_id: row.organization_id.map(OrganizationId),
            diff: row.diff.0,
        })
    }
}

fn matching(list: &ListAudit) -> Condition {
    use AuditRecords as A;
    let columns = Columns::new(A::Id).in_organization(A::OrganizationId);
    let conditions = [
        list.request_id.map(|id| Expr::col(A::RequestId).eq(id)),
        list.resource_id.as_deref().map(|id| Expr::col(A::ResourceId).eq(id)),
        list.target_contains.as_deref().map(|text| contains(Expr::col(A::ResourceTarget), text)),
        list.resource_type.as_deref().map(|of| Expr::col(A::ResourceType).eq(of)),
        list.action.as_deref().map(|action| Expr::col(A::Action).eq(action)),
        list.user_id.map(|id| Expr::col(A::UserId).eq(id.0)),
        list.organization_id.map(|id| Expr::col(A::OrganizationId).eq(id.0)),
        list.recorded.from.map(|from| Expr::col(A::RecordedAt).gte(microseconds(from))),
        list.recorded.to.map(|to| Expr::col(A::RecordedAt).lte(microseconds(to))),
    ];
    let visible = Condition::all().add(condition(&list.visible, &columns));
    conditions.into_iter().flatten().fold(visible, Condition::add)
}

impl Store {
    /// A page of the records, newest first, and how many there are on all pages: counting stops after so many.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(skip_all)]
    pub async fn audit_records(
        &self,
        list: &ListAudit,
        count_at_most: u64,
    ) -> Result<(Vec<AuditRecord>, u64), StoreError> {
        let mut some = Query::select();
        some.column(AuditRecords::Id).from(AuditRecords::Table).cond_where(matching(list)).limit(count_at_most);
        let mut count = Query::select();
        count.expr_as(Expr::col(AuditRecords::Id).count(), "count").from_subquery(some, "some");
        let count = fetch_count(&mut &*self, &count).await?;
        let mut page = Query::select();
        page.columns(COLUMNS)
            .from(AuditRecords::Table)
            .cond_where(matching(list))
            .order_by(AuditRecords::Sequence, Order::Desc);
        list.page.cut(&mut page);
        let rows: Vec<AuditRow> = (&mut &*self).fetch_all(&page).await?;
        Ok((rows.into_iter().map(AuditRecord::try_from).collect::<Result<_, _>>()?, count))
    }
}

impl Tx {
    /// Adds a record to the unit of work that it speaks of: no record, no change.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(skip_all)]
    pub async fn insert_audit_record(&mut self, record: &AuditRecord) -> Result<(), StoreError> {
        use AuditRecords as A;
        let next = Func::coalesce([Expr::col(A::Sequence).max(), Expr::val(0)]);
        let mut sequence = Query::select();
        sequence.expr(Expr::expr(next).add(1)).from(A::Table);
        let mut query = Query::insert();
        query
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
            ])
            .values_panic([
                Expr::SubQuery(None, Box::new(sequence.into())),
                record.id.into(),
                microseconds(record.recorded_at).into(),
                record.request_id.into(),
                record.user_id.map(|id| id.0).into(),
                record.key_id.as_ref().map_or("", KeyId::as_str).into(),
                record.ip_address.to_string().into(),
                cut(&record.user_agent, MAX_USER_AGENT).into(),
                record.action.as_str().into(),
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
