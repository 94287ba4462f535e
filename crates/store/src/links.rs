//! Links between users and their accounts at identity providers.
use jiff::Timestamp;
use sea_query::{Expr, ExprTrait as _, Iden, OnConflict, Order, Query, SelectStatement, SimpleExpr};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    LoginType, Reach, Reader, StoreError, Tx, UserId,
    db::{Json, json, microseconds, row, rows, timestamp},
};

const TABLE: &str = "user_links";

/// A user's account at an identity provider.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct UserLink {
    /// The user.
    pub user_id: UserId,
    /// The kind of provider.
    pub login_type: LoginType,
    /// The account's id at the provider, which never changes.
    pub linked_id: String,
    /// The provider's refresh token, encrypted; none if there is none.
    pub sealed_refresh_token: Option<Vec<u8>>,
    /// When the provider's access token expires; none if it does not.
    pub token_ends_at: Option<Timestamp>,
    /// The provider's claims about the user at the last sign-in.
    pub claims: Value,
}

#[derive(Clone, Copy, Iden)]
enum UserLinks {
    Table,
    UserId,
    LoginType,
    LinkedId,
    SealedRefreshToken,
    TokenEndsAt,
    Claims,
}

row! {
    struct LinkRow in TABLE => {
        user_id: Uuid, login_type: String, linked_id: String, sealed_refresh_token: Option<Vec<u8>>,
        token_ends_at: Option<i64>, claims: Json<Value>,
    }
}

impl TryFrom<LinkRow> for UserLink {
    type Error = StoreError;

    fn try_from(row: LinkRow) -> Result<Self, StoreError> {
        let corrupt = || StoreError::corrupt(TABLE, &row.user_id, "unknown login type");
        Ok(Self {
            login_type: LoginType::parse(&row.login_type).ok_or_else(corrupt)?,
            token_ends_at: row.token_ends_at.map(|at| timestamp(TABLE, &row.user_id, at)).transpose()?,
            user_id: UserId(row.user_id),
            linked_id: row.linked_id,
            sealed_refresh_token: row.sealed_refresh_token,
            claims: row.claims.0,
        })
    }
}

fn select(which: SimpleExpr) -> SelectStatement {
    let mut query = Query::select();
    query
        .columns([
            UserLinks::UserId,
            UserLinks::LoginType,
            UserLinks::LinkedId,
            UserLinks::SealedRefreshToken,
            UserLinks::TokenEndsAt,
            UserLinks::Claims,
        ])
        .from(UserLinks::Table)
        .and_where(which);
    query
}

fn of(user: UserId, login_type: LoginType) -> SimpleExpr {
    Expr::col(UserLinks::UserId).eq(user.0).and(Expr::col(UserLinks::LoginType).eq(login_type.as_str()))
}

async fn find(source: &mut Reader<'_>, which: SimpleExpr) -> Result<Option<UserLink>, StoreError> {
    source.fetch_optional::<LinkRow>(&select(which)).await?.map(UserLink::try_from).transpose()
}

impl Reader<'_> {
    /// A user's account at a kind of provider.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_link(&mut self, user: UserId, login_type: LoginType) -> Result<Option<UserLink>, StoreError> {
        find(self, of(user, login_type)).await
    }
}

impl Reader<'_> {
    /// The links that hold something sealed, of the users after this one in the order of their ids; all of each user's.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn sealed_links(&mut self, after: Option<UserId>, users: u64) -> Result<Vec<UserLink>, StoreError> {
        let is_sealed = Expr::col(UserLinks::SealedRefreshToken).is_not_null();
        let is_after = after.map(|after| Expr::col(UserLinks::UserId).gt(after.0));
        let all = is_after.map_or(is_sealed.clone(), |is_after| is_sealed.and(is_after));
        let mut next = Query::select();
        next.distinct()
            .column(UserLinks::UserId)
            .from(UserLinks::Table)
            .and_where(all)
            .order_by(UserLinks::UserId, Order::Asc)
            .limit(rows(users));
        let mut query = select(Expr::col(UserLinks::UserId).in_subquery(next));
        query.and_where(Expr::col(UserLinks::SealedRefreshToken).is_not_null()).order_by(UserLinks::UserId, Order::Asc);
        let found: Vec<LinkRow> = self.fetch_all(&query).await?;
        found.into_iter().map(UserLink::try_from).collect()
    }
}

impl Reader<'_> {
    /// The link of an account at a kind of provider.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_linked(
        &mut self,
        login_type: LoginType,
        linked_id: &str,
    ) -> Result<Option<UserLink>, StoreError> {
        let is_type = Expr::col(UserLinks::LoginType).eq(login_type.as_str());
        find(self, is_type.and(Expr::col(UserLinks::LinkedId).eq(linked_id))).await
    }
}

impl Tx {
    /// Links a user to an account, in place of an earlier link of that user.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another user is linked to the account.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn put_link(&mut self, link: &UserLink) -> Result<(), StoreError> {
        let mut query = Query::insert();
        query
            .into_table(UserLinks::Table)
            .columns([
                UserLinks::UserId,
                UserLinks::LoginType,
                UserLinks::LinkedId,
                UserLinks::SealedRefreshToken,
                UserLinks::TokenEndsAt,
                UserLinks::Claims,
            ])
            .values_panic([
                link.user_id.0.into(),
                link.login_type.as_str().into(),
                link.linked_id.as_str().into(),
                link.sealed_refresh_token.clone().into(),
                link.token_ends_at.map(microseconds).into(),
                json(&link.claims).into(),
            ])
            .on_conflict(
                OnConflict::columns([UserLinks::UserId, UserLinks::LoginType])
                    .update_columns([
                        UserLinks::LinkedId,
                        UserLinks::SealedRefreshToken,
                        UserLinks::TokenEndsAt,
                        UserLinks::Claims,
                    ])
                    .to_owned(),
            );
        self.execute_one_for(Reach::User(link.user_id), &query).await
    }

    /// Deletes all links of a user, so that another user can have the accounts.
    pub(crate) async fn delete_links_of(&mut self, user: UserId) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(UserLinks::Table).and_where(Expr::col(UserLinks::UserId).eq(user.0));
        self.execute_for(Reach::User(user), &query).await.map(drop)
    }
}
