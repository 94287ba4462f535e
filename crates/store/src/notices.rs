//! The queue of mails to users; it survives restarts.
use jiff::Timestamp;
use sea_query::{CaseStatement, Expr, ExprTrait as _, Iden, OnConflict, Order, Query};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Reach, Reader, StoreError, Tx, UserId,
    db::{Json, Remains, Stored, json, microseconds, row, rows, timestamp},
};

const TABLE: &str = "notices";

/// A notice for a user.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its id; a new one each time that it is put into the queue.
    pub id: Uuid,
    /// The user who gets it.
    pub user_id: UserId,
    /// Its subject: a newer notice with the same subject replaces it.
    pub about: String,
    /// Its content, without secrets.
    pub content: Value,
    /// When it was put into the queue.
    pub created_at: Timestamp,
    /// It is not sent before this instant.
    pub due_at: Timestamp,
    /// The number of attempts to send it.
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

row! { struct DueRow in TABLE => { due_at: i64 } }

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

impl Stored for Notice {
    type Row<'r> = NoticeRow;

    /// Of no kind, so that it is deleted instead of sent.
    fn remains(row: &Remains<'_>) -> Option<Self> {
        Some(Self {
            id: row.uuid("id"),
            user_id: UserId(row.uuid("user_id")),
            about: row.text("about"),
            content: Value::Null,
            created_at: Timestamp::UNIX_EPOCH,
            due_at: Timestamp::UNIX_EPOCH,
            attempts: 0,
        })
    }
}

impl Reader<'_> {
    /// The notices that are due, the one that waits longest first. One that does not decode is there as one of no kind.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
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
        self.exact().salvaging().fetch_list(&query).await
    }

    /// When the next notice is due; none if none waits.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn next_notice_at(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let mut query = Query::select();
        query.column(Notices::DueAt).from(Notices::Table).order_by(Notices::DueAt, Order::Asc).limit(1);
        let first: Vec<DueRow> = self.fetch_readable(&query).await?;
        Ok(first.first().and_then(|row| timestamp(TABLE, "(next)", row.due_at).ok()))
    }
}

impl Tx {
    /// Puts a notice into the queue, in place of an older one with the same subject. It keeps the older one's time if
    /// that is earlier, so that repeating an action does not postpone its notice.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
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
                json(&notice.content).into(),
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
        self.execute_one_for(Reach::Nobody, &query).await
    }

    /// Counts an attempt to send a notice, and sets the time of the next. Does nothing if the notice was replaced in
    /// the meantime.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn attempt_notice(&mut self, id: Uuid, next: Timestamp) -> Result<(), StoreError> {
        let mut query = Query::update();
        query
            .table(Notices::Table)
            .value(Notices::DueAt, microseconds(next))
            .value(Notices::Attempts, Expr::col(Notices::Attempts).add(1))
            .and_where(Expr::col(Notices::Id).eq(id));
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }

    /// Makes all notices due that wait for another attempt, but these.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn wake_notices(&mut self, now: Timestamp, but: &[Uuid]) -> Result<(), StoreError> {
        let mut query = Query::update();
        query
            .table(Notices::Table)
            .value(Notices::DueAt, microseconds(now))
            .and_where(Expr::col(Notices::Attempts).gt(0))
            .and_where(Expr::col(Notices::DueAt).gt(microseconds(now)))
            .and_where(self.dialect().is_one_of_ids(Expr::col(Notices::Id), but.iter().copied()).not());
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }

    /// Removes a notice from the queue. Does nothing if it was replaced in the meantime.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_notice(&mut self, id: Uuid) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(Notices::Table).and_where(Expr::col(Notices::Id).eq(id));
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }

    /// Removes a user's notice about this from the queue, if there is one.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_notice_about(&mut self, user: UserId, about: &str) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query
            .from_table(Notices::Table)
            .and_where(Expr::col(Notices::UserId).eq(user.0))
            .and_where(Expr::col(Notices::About).eq(about));
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }

    /// Removes all notices for a user from the queue.
    pub(crate) async fn delete_notices_of(&mut self, user: UserId) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(Notices::Table).and_where(Expr::col(Notices::UserId).eq(user.0));
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }
}
