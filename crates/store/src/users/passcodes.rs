//! Passcodes for replacing a forgotten password. Only their hashes are stored.
use jiff::Timestamp;
use sea_query::{Expr, ExprTrait as _, Query};
use uuid::Uuid;

use super::{TABLE, Users, is_live};
use crate::{
    SecretHash, StoreError, Tx, UserId,
    db::{Source as _, microseconds, row, timestamp},
};

/// A passcode that was requested.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds a hash of a secret")]
pub struct Passcode {
    /// Its hash; none until it is mailed.
    pub hash: Option<SecretHash>,
    /// When it expires: it is refused from this instant on.
    pub ends_at: Timestamp,
}

row! { struct PasscodeRow in TABLE => { id: Uuid, passcode_hash: Option<Vec<u8>>, passcode_ends_at: i64 } }

impl Tx {
    /// The passcode of a live user, if one was requested and not used.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_passcode(&mut self, id: UserId) -> Result<Option<Passcode>, StoreError> {
        let mut query = Query::select();
        query
            .columns([Users::Id, Users::PasscodeHash, Users::PasscodeEndsAt])
            .from(Users::Table)
            .and_where(Expr::col(Users::Id).eq(id.0))
            .and_where(Expr::col(Users::PasscodeEndsAt).ne(0))
            .and_where(is_live());
        let Some(row) = (&mut &mut *self).fetch_optional::<PasscodeRow>(&query).await? else { return Ok(None) };
        let corrupt = |_| StoreError::corrupt(TABLE, &row.id, "malformed hash");
        let hash = row.passcode_hash.map(|hash| hash.try_into().map(SecretHash).map_err(corrupt)).transpose()?;
        Ok(Some(Passcode { hash, ends_at: timestamp(TABLE, &row.id, row.passcode_ends_at)? }))
    }

    /// Gives a user a new passcode, in place of an older one.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no such live user.
    #[tracing::instrument(skip_all)]
    pub async fn set_passcode(&mut self, id: UserId, passcode: &Passcode) -> Result<(), StoreError> {
        let mut query = Query::update();
        query
            .table(Users::Table)
            .value(Users::PasscodeHash, passcode.hash.as_ref().map(|hash| hash.0.to_vec()))
            .value(Users::PasscodeEndsAt, microseconds(passcode.ends_at))
            .and_where(Expr::col(Users::Id).eq(id.0))
            .and_where(is_live());
        self.execute_one(&query).await
    }
}
