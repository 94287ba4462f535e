//! Password hashes, and the number of wrong passwords.
use jiff::{SignedDuration, Timestamp};
use sea_query::{Expr, ExprTrait as _, Query, SelectStatement};
use uuid::Uuid;

use super::{PasswordHash, TABLE, User, Users, find, is_live};
use crate::{
    Reach, Reader, StoreError, Tx, UserId,
    db::{microseconds, row, timestamp},
    identifiers::fold_identifier,
};

/// The bounds on guessing a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptBounds {
    /// The number of wrong passwords in a row after which the account pauses.
    pub failures: u32,
    /// The length of the pause after the last wrong password.
    pub pause: SignedDuration,
}

impl AttemptBounds {
    /// When the pause ends, if there is one now.
    pub fn refused_until(self, failures: u32, last: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let until = last.checked_add(self.pause).unwrap_or(Timestamp::MAX);
        (failures >= self.failures && until > now).then_some(until)
    }
}

row! {
    struct PasswordRow in TABLE => {
        id: Uuid, password_hash: String, password_failures: i64, password_failed_at: i64,
    }
}

fn select(id: UserId) -> SelectStatement {
    let mut query = Query::select();
    query
        .columns([Users::Id, Users::PasswordHash, Users::PasswordFailures, Users::PasswordFailedAt])
        .from(Users::Table)
        .and_where(Expr::col(Users::Id).eq(id.0))
        .and_where(is_live());
    query
}

async fn fetch(source: &mut Reader<'_>, id: UserId) -> Result<Option<PasswordRow>, StoreError> {
    Ok(source.fetch_optional::<PasswordRow>(&select(id)).await?.filter(|row| row.id == id.0))
}

impl Reader<'_> {
    /// The hash of a live user's password; empty for users without a password.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_password(&mut self, id: UserId) -> Result<Option<PasswordHash>, StoreError> {
        Ok(fetch(self, id).await?.map(|row| PasswordHash(row.password_hash)))
    }

    /// The live user with this e-mail address, and the hash of their password.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_login(&mut self, email: &str) -> Result<Option<(User, PasswordHash)>, StoreError> {
        // Service accounts have none.
        if email.is_empty() {
            return Ok(None);
        }
        let Some(user) = find(self, Expr::col(Users::EmailKey).eq(fold_identifier(email)).and(is_live())).await? else {
            return Ok(None);
        };
        let hash = self.find_password(user.id).await?;
        Ok(hash.map(|hash| (user, hash)))
    }
}

impl Tx {
    /// Sets a user's password. This resets the number of wrong passwords, and voids all passcodes.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such live user.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn update_password(&mut self, id: UserId, hash: &PasswordHash, now: Timestamp) -> Result<(), StoreError> {
        let values = [(Users::PasswordHash, hash.0.as_str().into()), (Users::PasswordFailures, 0.into())];
        self.update_user(id, now, values).await?;
        self.delete_passcodes(id).await
    }

    /// Stores another hash of the same password.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn rehash_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), StoreError> {
        let mut query = Query::update();
        query.table(Users::Table).value(Users::PasswordHash, hash.0.as_str()).and_where(Expr::col(Users::Id).eq(id.0));
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }

    /// Counts an attempt as a wrong password before the password is checked, so that concurrent attempts all count.
    /// During a pause it says when that ends, and counts nothing. For a user who was deleted it does nothing.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn begin_password_attempt(
        &mut self,
        id: UserId,
        bounds: AttemptBounds,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let Some(row) = fetch(&mut self.read(), id).await? else { return Ok(None) };
        let failures = u32::try_from(row.password_failures).unwrap_or(u32::MAX);
        let last = timestamp(TABLE, &row.id, row.password_failed_at)?;
        if let Some(until) = bounds.refused_until(failures, last, now) {
            return Ok(Some(until));
        }
        self.set_failures(id, failures.saturating_add(1), now).await?;
        Ok(None)
    }

    /// Resets the number of wrong passwords, after a right one.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn forget_password_failures(&mut self, id: UserId, now: Timestamp) -> Result<(), StoreError> {
        self.set_failures(id, 0, now).await
    }

    async fn set_failures(&mut self, id: UserId, failures: u32, now: Timestamp) -> Result<(), StoreError> {
        let mut query = Query::update();
        query
            .table(Users::Table)
            .value(Users::PasswordFailures, failures)
            .value(Users::PasswordFailedAt, microseconds(now))
            .and_where(Expr::col(Users::Id).eq(id.0));
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }
}
