//! Tokens that are worth a look.
use jiff::Timestamp;
use keyfob_rbac::Filter;
use sea_query::{CaseStatement, Condition, Expr, ExprTrait as _, Func, Query};

use super::{ApiKeys, KeyLoginType, is_live};
use crate::{
    Reader, StoreError, UserStatus,
    db::{count_rows, fetch_numbers, microseconds, number_column},
    filter::{Columns, condition},
    members::OrganizationMembers,
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
    /// Its owner is a member of no organization.
    OwnerInNoOrganization,
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
            Self::OwnerInNoOrganization => {
                let mut members = Query::select();
                members.column(OrganizationMembers::UserId).from(OrganizationMembers::Table);
                column(ApiKeys::UserId).in_subquery(members).not()
            }
        };
        Condition::all().add(one)
    }
}

/// How many tokens there are to which findings apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingNumbers {
    /// For each finding, how many of the tokens that were looked at.
    pub counts: Vec<u64>,
    /// Whether all were looked at.
    pub is_whole: bool,
}

impl Reader<'_> {
    /// To how many live tokens that the filter lets through each of these applies. All are counted in one pass, which
    /// looks at so many tokens at most.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn count_findings(
        &mut self,
        findings: &[KeyFinding],
        filter: &Filter,
        now: Timestamp,
        at_most: u64,
    ) -> Result<FindingNumbers, StoreError> {
        use ApiKeys as K;
        let columns = Columns::new(self.dialect(), K::Id).owned_by(K::UserId).with_text_ids();
        let mut live = Query::select();
        live.columns([K::Id, K::UserId, K::LastUsed, K::ExpiresAt, K::NarrowDepth])
            .from(K::Table)
            .and_where(Expr::col(K::LoginType).eq(KeyLoginType::Token.as_str()))
            .and_where(is_live(now, self.dialect(), self.uses()))
            .cond_where(condition(filter, &columns))
            // One more tells that there are more.
            .limit(at_most.saturating_add(1));
        let mut query = Query::select();
        query
            .expr_as(count_rows(), number_column(0))
            // Under the same name, so that the conditions are those of lists.
            .from_subquery(live, K::Table);
        for (place, finding) in findings.iter().enumerate() {
            let counted = CaseStatement::new().case(finding.condition(), 1_i64);
            query.expr_as(Func::count(counted), number_column(place + 1));
        }
        let numbers = fetch_numbers(self, &query, findings.len() + 1).await?;
        let is_whole = numbers.first().is_none_or(|seen| *seen <= at_most);
        Ok(FindingNumbers { counts: numbers.into_iter().skip(1).collect(), is_whole })
    }
}
