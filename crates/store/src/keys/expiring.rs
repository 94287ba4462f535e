//! Tokens that are about to expire.
use jiff::Timestamp;
use sea_query::{Expr, ExprTrait as _, Order};

use super::{ApiKey, ApiKeys, KeyLoginType, is_live, select};
use crate::{Reader, StoreError, db::microseconds};

/// Which tokens to find.
#[derive(Clone, Copy, Debug)]
pub struct EndingTokens {
    /// Those that expire after this instant …
    pub after: Timestamp,
    /// … and not after this one,
    pub until: Timestamp,
    /// that were used at this instant or later,
    pub used_since: Timestamp,
    /// and had a lifetime of more than this many seconds when they were minted.
    pub longer_than: i64,
}

impl Reader<'_> {
    /// Live tokens that are about to expire, those that expire first coming first.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn ending_tokens(&mut self, wanted: EndingTokens, now: Timestamp) -> Result<Vec<ApiKey>, StoreError> {
        let mut query = select(Expr::val(0_i64));
        query
            .and_where(is_live(now, self.dialect(), self.uses()))
            .and_where(Expr::col(ApiKeys::LoginType).eq(KeyLoginType::Token.as_str()))
            .and_where(Expr::col(ApiKeys::ExpiresAt).gt(microseconds(wanted.after)))
            .and_where(Expr::col(ApiKeys::ExpiresAt).lte(microseconds(wanted.until)))
            .and_where(Expr::col(ApiKeys::LastUsed).gte(microseconds(wanted.used_since)))
            .and_where(Expr::col(ApiKeys::LifetimeSeconds).gt(wanted.longer_than))
            .order_by(ApiKeys::ExpiresAt, Order::Asc)
            .order_by(ApiKeys::Id, Order::Asc);
        self.fetch_list(&query).await
    }
}
