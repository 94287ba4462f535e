//! Passcodes for replacing a forgotten password. Only their hashes are stored.
use jiff::Timestamp;
use sea_query::{Expr, ExprTrait as _, Iden, OnConflict, Order, Query};
use uuid::Uuid;

use crate::{
    Reach, Reader, SecretHash, StoreError, Tx, UserId,
    db::{microseconds, row, without_corrupt},
};

const TABLE: &str = "passcodes";

/// How many passcodes of a user are good at a time.
const MOST: u64 = 5;

#[derive(Clone, Copy, Iden)]
enum Passcodes {
    Table,
    Id,
    UserId,
    Hash,
    EndsAt,
}

/// A passcode that was mailed.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds a hash of a secret")]
pub struct Passcode {
    /// The id of the notice that carries it.
    pub id: Uuid,
    /// Whose password it replaces.
    pub user_id: UserId,
    /// What it hashes to.
    pub hash: SecretHash,
    /// When it expires: it is refused from this instant on.
    pub ends_at: Timestamp,
}

row! { struct PasscodeRow in TABLE => { id: Uuid, hash: Vec<u8> } }

impl Reader<'_> {
    /// The hashes of a user's passcodes that are good at this time.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn passcodes(&mut self, user: UserId, now: Timestamp) -> Result<Vec<SecretHash>, StoreError> {
        let mut query = Query::select();
        query
            .columns([Passcodes::Id, Passcodes::Hash])
            .from(Passcodes::Table)
            .and_where(Expr::col(Passcodes::UserId).eq(user.0))
            .and_where(Expr::col(Passcodes::EndsAt).gt(microseconds(now)));
        let rows: Vec<PasscodeRow> = self.fetch_readable(&query).await?;
        let hash = |row: PasscodeRow| {
            row.hash.try_into().map(SecretHash).map_err(|_| StoreError::corrupt(TABLE, &row.id, "malformed hash"))
        };
        rows.into_iter().map(hash).filter_map(without_corrupt).collect()
    }
}

impl Tx {
    /// Stores a passcode, unless it is stored already; of a user's passcodes the newest five are kept.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn insert_passcode(&mut self, passcode: &Passcode) -> Result<(), StoreError> {
        let mut query = Query::insert();
        query
            .into_table(Passcodes::Table)
            .columns([Passcodes::Id, Passcodes::UserId, Passcodes::Hash, Passcodes::EndsAt])
            .values_panic([
                passcode.id.into(),
                passcode.user_id.0.into(),
                passcode.hash.0.to_vec().into(),
                microseconds(passcode.ends_at).into(),
            ])
            .on_conflict(OnConflict::column(Passcodes::Id).do_nothing().to_owned());
        self.execute_for(Reach::Nobody, &query).await?;
        let mut newest = Query::select();
        newest
            .column(Passcodes::Id)
            .from(Passcodes::Table)
            .and_where(Expr::col(Passcodes::UserId).eq(passcode.user_id.0))
            .order_by(Passcodes::EndsAt, Order::Desc)
            .order_by(Passcodes::Id, Order::Desc)
            .limit(MOST);
        let mut older = Query::delete();
        older
            .from_table(Passcodes::Table)
            .and_where(Expr::col(Passcodes::UserId).eq(passcode.user_id.0))
            .and_where(Expr::col(Passcodes::Id).in_subquery(newest).not());
        self.execute_for(Reach::Nobody, &older).await.map(drop)
    }

    /// Voids all of a user's passcodes.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_passcodes(&mut self, user: UserId) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(Passcodes::Table).and_where(Expr::col(Passcodes::UserId).eq(user.0));
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }
}
