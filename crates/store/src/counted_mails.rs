//! How many mails of each kind a user gets in a time.
use jiff::{SignedDuration, Timestamp};
use sea_query::{Expr, ExprTrait as _, Iden, Query};

use crate::{
    Reach, StoreError, Tx, UserId,
    db::{count_rows, fetch_count, microseconds},
};

/// How many mails of one kind a user gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailBounds {
    /// The most mails.
    pub most: u64,
    /// The time in which they fall.
    pub within: SignedDuration,
}

#[derive(Clone, Copy, Iden)]
enum CountedMails {
    Table,
    UserId,
    Kind,
    CountedAt,
}

impl Tx {
    /// Counts a mail of this kind to a user, unless as many as may be fall into the time that ends now; answers how many
    /// there are in it then, and none if it was not counted. Older mails of all users are forgotten.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn count_mail(
        &mut self,
        user: UserId,
        kind: &str,
        bounds: MailBounds,
        now: Timestamp,
    ) -> Result<Option<u64>, StoreError> {
        use CountedMails as C;
        let begin = now.checked_sub(bounds.within).unwrap_or(Timestamp::MIN);
        let mut older = Query::delete();
        older.from_table(C::Table).and_where(Expr::col(C::CountedAt).lte(microseconds(begin)));
        self.execute_for(Reach::Nobody, &older).await?;
        let mut counted = Query::select();
        counted
            .expr_as(count_rows(), "count")
            .from(C::Table)
            .and_where(Expr::col(C::UserId).eq(user.0))
            .and_where(Expr::col(C::Kind).eq(kind));
        let before = fetch_count(&mut self.read(), &counted).await?;
        if before >= bounds.most {
            return Ok(None);
        }
        let mut query = Query::insert();
        query.into_table(C::Table).columns([C::UserId, C::Kind, C::CountedAt]).values_panic([
            user.0.into(),
            kind.into(),
            microseconds(now).into(),
        ]);
        self.execute_one_for(Reach::Nobody, &query).await?;
        Ok(Some(before.saturating_add(1)))
    }
}
