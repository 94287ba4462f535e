//! What people are still to be told by mail: a queue that outlives a restart.
use jiff::Timestamp;
use sea_query::{CaseStatement, Expr, ExprTrait as _, Iden, OnConflict, Order, Query};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    Reader, StoreError, Tx, UserId,
    db::{microseconds, row, rows, timestamp},
};

const TABLE: &str = "notices";

/// Something that a user is to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Another one for each time that it is put into the queue.
    pub id: Uuid,
    /// Whom to tell.
    pub user_id: UserId,
    /// What it is about: a newer notice about the same replaces it.
    pub about: String,
    /// What to tell, without secrets.
    pub content: Value,
    /// When it was put into the queue.
    pub created_at: Timestamp,
    /// Not to be sent before this instant.
    pub due_at: Timestamp,
    /// How often it was tried to be sent.
    pub attempts: u32,
}

#[derive(Clone, Copy, Iden)]
enum Notices {
    Table,
    Id,
    UserId,
    About,
    Content,
    CreatedAt,
    DueAt,
    Attempts,
}

row! {
    struct NoticeRow in TABLE => {
        id: Uuid, user_id: Uuid, about: String, content: Json<Value>, created_at: i64, due_at: i64, attempts: i64,
    }
}

impl TryFrom<NoticeRow> for Notice {
    type Error = StoreError;

    fn try_from(row: NoticeRow) -> Result<Self, StoreError> {
        Ok(Self {
            created_at: timestamp(TABLE, &row.id, row.created_at)?,
            due_at: timestamp(TABLE, &row.id, row.due_at)?,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
            id: row.id,
            user_id: UserId(row.user_id),
            about: row.about,
            content: row.content.0,
        })
    }
}

impl Reader<'_> {
    /// Notices that are due, the longest waiting first.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(skip_all)]
    pub async fn due_notices(&mut self, now: Timestamp, at_most: u64) -> Result<Vec<Notice>, StoreError> {
        let mut query = Query::select();
        query
            .columns([
                Notices::Id,
                Notices::UserId,
                Notices::About,
                Notices::Content,
                Notices::CreatedAt,
                Notices::DueAt,
                Notices::Attempts,
            ])
            .from(Notices::Table)
            .and_where(Expr::col(Notices::DueAt).lte(microseconds(now)))
            .order_by(Notices::DueAt, Order::Asc)
            .order_by(Notices::Id, Order::Asc)
            .limit(rows(at_most));
        let rows: Vec<NoticeRow> = self.fetch_all(&query).await?;
        rows.into_iter().map(Notice::try_from).collect()
    }
}

impl Tx {
    /// Puts a notice into the queue, in the place of an older one about the same. It is not sent later than that would
    /// have been: whoever does the same over and over does not put it off.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(skip_all)]
    pub async fn put_notice(&mut self, notice: &Notice) -> Result<(), StoreError> {
        let due = microseconds(notice.due_at);
        let old = Expr::col((Notices::Table, Notices::DueAt));
        let earlier = CaseStatement::new().case(old.clone().lt(due), old).finally(due);
        let mut query = Query::insert();
        query
            .into_table(Notices::Table)
            .columns([
                Notices::Id,
                Notices::UserId,
                Notices::About,
                Notices::Content,
                Notices::CreatedAt,
                Notices::DueAt,
                Notices::Attempts,
            ])
            .values_panic([
                notice.id.into(),
                notice.user_id.0.into(),
                notice.about.as_str().into(),
                notice.content.clone().into(),
                microseconds(notice.created_at).into(),
                due.into(),
                notice.attempts.into(),
            ])
            .on_conflict(
                OnConflict::columns([Notices::UserId, Notices::About])
                    .update_columns([Notices::Id, Notices::Content, Notices::CreatedAt, Notices::Attempts])
                    .value(Notices::DueAt, earlier)
                    .to_owned(),
            );
        self.execute_one(&query).await
    }

    /// Counts an attempt to send a notice, and says when the next is due; nothing if it was replaced meanwhile.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(skip_all)]
    pub async fn attempt_notice(&mut self, id: Uuid, next: Timestamp) -> Result<(), StoreError> {
        let mut query = Query::update();
        query
            .table(Notices::Table)
            .value(Notices::DueAt, microseconds(next))
            .value(Notices::Attempts, Expr::col(Notices::Attempts).add(1))
            .and_where(Expr::col(Notices::Id).eq(id));
        self.execute(&query).await.map(drop)
    }

    /// Takes a notice out of the queue; nothing if it was replaced meanwhile.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(skip_all)]
    pub async fn delete_notice(&mut self, id: Uuid) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(Notices::Table).and_where(Expr::col(Notices::Id).eq(id));
        self.execute(&query).await.map(drop)
    }

    /// Takes all notices of a user out of the queue.
    pub(crate) async fn delete_notices_of(&mut self, user: UserId) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(Notices::Table).and_where(Expr::col(Notices::UserId).eq(user.0));
        self.execute(&query).await.map(drop)
    }
}
