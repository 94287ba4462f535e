//! Tokens that are worth a look.
use jiff::Timestamp;
use keyfob_rbac::Filter;
use sea_query::{Condition, Expr, ExprTrait as _, Iden, Query};

use super::{ApiKeys, KeyLoginType, is_live};
use crate::{
    Reader, StoreError, UserStatus,
    db::{fetch_count, microseconds},
    filter::{Columns, condition},
    users::Users,
};

/// What is worth a look about a live token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFinding {
    /// It never authenticated a request.
    NeverUsed,
    /// It did, but not since this instant.
    UnusedSince(Timestamp),
    /// It may do everything that its owner may.
    Full,
    /// It expires after this instant.
    EndsAfter(Timestamp),
    /// It expires at this instant at the latest.
    EndsUntil(Timestamp),
    /// Its owner is suspended.
    OwnerSuspended,
}

#[derive(Clone, Copy, Iden)]
enum Found {
    Table,
    Id,
}

impl KeyFinding {
    /// The condition on rows. What was used a moment ago may not be written yet.
    pub(super) fn condition(self) -> Condition {
        let column = |column: ApiKeys| Expr::col((ApiKeys::Table, column));
        let one = match self {
            Self::NeverUsed => column(ApiKeys::LastUsed).lte(0_i64),
            Self::UnusedSince(since) => {
                column(ApiKeys::LastUsed).gt(0_i64).and(column(ApiKeys::LastUsed).lt(microseconds(since)))
            }
            // No other key has this depth.
            Self::Full => column(ApiKeys::NarrowDepth).eq(0_i64),
            Self::EndsAfter(after) => column(ApiKeys::ExpiresAt).gt(microseconds(after)),
            Self::EndsUntil(until) => column(ApiKeys::ExpiresAt).lte(microseconds(until)),
            Self::OwnerSuspended => {
                let mut suspended = Query::select();
                suspended
                    .column(Users::Id)
                    .from(Users::Table)
                    .and_where(Expr::col(Users::Status).eq(UserStatus::Suspended.as_str()));
                column(ApiKeys::UserId).in_subquery(suspended)
            }
        };
        Condition::all().add(one)
    }
}

impl Reader<'_> {
    /// How many live tokens that the filter lets through there are to which this applies; no more than so many are
    /// counted.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn count_findings(
        &mut self,
        finding: KeyFinding,
        filter: &Filter,
        now: Timestamp,
        at_most: u64,
    ) -> Result<u64, StoreError> {
        let columns = Columns::new(self.dialect(), ApiKeys::Id).owned_by(ApiKeys::UserId).with_text_ids();
        let mut some = Query::select();
        some.column(ApiKeys::Id)
            .from(ApiKeys::Table)
            .and_where(Expr::col(ApiKeys::LoginType).eq(KeyLoginType::Token.as_str()))
            .and_where(is_live(now, self.dialect(), self.uses()))
            .cond_where(condition(filter, &columns))
            .cond_where(finding.condition())
            .limit(at_most);
        let mut query = Query::select();
        query.expr_as(Expr::col(Found::Id).count(), "count").from_subquery(some, Found::Table);
        fetch_count(self, &query).await
    }
}
