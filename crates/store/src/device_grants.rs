//! Sign-ins of machines without a browser (RFC 8628). Only the hash of a machine's own code is stored.
use std::fmt;

use jiff::Timestamp;
use sea_query::{Expr, ExprTrait as _, Func, Iden, Query, SelectStatement, SimpleExpr};

use crate::{
    KeyId, Origin, Reach, Reader, SecretHash, StoreError, Tx,
    db::{Json, fetch_count, json, microseconds, row, timestamp},
};

const TABLE: &str = "device_grants";

/// The code that a person types to identify a machine: `XXXX-XXXX`.
///
/// Invariant: eight consonants in upper case, so that no code spells a word (RFC 8628, section 6.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserCode(String);

impl UserCode {
    /// The letters of codes: about 34 bits in a code.
    pub const ALPHABET: &'static [u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    /// The number of letters of a code.
    pub const LENGTH: usize = 8;

    /// Parses a code as a person types it, in any case, with or without hyphen and blanks; none if it is not a code.
    pub fn parse(typed: &str) -> Option<Self> {
        let letters = typed.bytes().filter(|byte| !matches!(byte, b'-' | b' ')).map(|byte| byte.to_ascii_uppercase());
        let letters: Vec<u8> = letters.take(Self::LENGTH + 1).collect();
        let is_code = letters.len() == Self::LENGTH && letters.iter().all(|letter| Self::ALPHABET.contains(letter));
        is_code.then(|| Self(letters.into_iter().map(char::from).collect()))
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(Self::LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

/// The state of a machine's sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceState {
    /// Neither approved nor refused.
    Pending,
    /// A person approved it.
    Approved {
        /// The key that approved it.
        with: KeyId,
    },
    /// A person refused it.
    Denied,
    /// The machine got its key.
    Redeemed {
        /// That key.
        key: KeyId,
    },
}

impl DeviceState {
    fn name(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved { .. } => "approved",
            Self::Denied => "denied",
            Self::Redeemed { .. } => "redeemed",
        }
    }

    fn key_id(&self) -> Option<&str> {
        match self {
            Self::Approved { with: key } | Self::Redeemed { key } => Some(key.as_str()),
            Self::Pending | Self::Denied => None,
        }
    }
}

/// A machine's sign-in.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds a hash of a secret")]
pub struct DeviceGrant {
    /// The hash of the machine's own code.
    pub code_hash: SecretHash,
    /// The code that the person types.
    pub user_code: UserCode,
    /// The scopes that were asked for; none mean those of the key that approves it.
    pub scopes: Vec<String>,
    /// The entries of the allow list that was asked for; none mean those of the key that approves it.
    pub allow_list: Vec<String>,
    /// The machine's address, and the program that asks.
    pub origin: Origin,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it expires: it is refused from this instant on.
    pub ends_at: Timestamp,
    /// Its state.
    pub state: DeviceState,
}

#[derive(Clone, Copy, Iden)]
enum DeviceGrants {
    Table,
    CodeHash,
    UserCode,
    Scopes,
    AllowList,
    IpAddress,
    UserAgent,
    CreatedAt,
    EndsAt,
    State,
    KeyId,
}

const COLUMNS: [DeviceGrants; 10] = [
    DeviceGrants::UserCode,
    DeviceGrants::CodeHash,
    DeviceGrants::Scopes,
    DeviceGrants::AllowList,
    DeviceGrants::IpAddress,
    DeviceGrants::UserAgent,
    DeviceGrants::CreatedAt,
    DeviceGrants::EndsAt,
    DeviceGrants::State,
    DeviceGrants::KeyId,
];

row! {
    struct GrantRow in TABLE => {
        user_code: String, code_hash: Vec<u8>, scopes: Json<Vec<String>>, allow_list: Json<Vec<String>>,
        ip_address: String, user_agent: String, created_at: i64, ends_at: i64, state: String, key_id: Option<String>,
    }
}

impl TryFrom<GrantRow> for DeviceGrant {
    type Error = StoreError;

    fn try_from(row: GrantRow) -> Result<Self, StoreError> {
        let corrupt = |reason: &str| StoreError::corrupt(TABLE, &row.user_code, reason);
        let at = |stored| timestamp(TABLE, &row.user_code, stored);
        let key = || row.key_id.as_deref().and_then(KeyId::parse).ok_or_else(|| corrupt("no key where one is needed"));
        let state = match row.state.as_str() {
            "pending" => DeviceState::Pending,
            "approved" => DeviceState::Approved { with: key()? },
            "denied" => DeviceState::Denied,
            "redeemed" => DeviceState::Redeemed { key: key()? },
            _ => return Err(corrupt("unknown state")),
        };
        Ok(Self {
            code_hash: SecretHash(row.code_hash.as_slice().try_into().map_err(|_| corrupt("malformed hash"))?),
            user_code: UserCode::parse(&row.user_code).ok_or_else(|| corrupt("malformed code"))?,
            origin: Origin {
                ip_address: row.ip_address.parse().map_err(|_| corrupt("malformed address"))?,
                user_agent: row.user_agent.clone(),
            },
            created_at: at(row.created_at)?,
            ends_at: at(row.ends_at)?,
            state,
            scopes: row.scopes.0,
            allow_list: row.allow_list.0,
        })
    }
}

fn select(which: SimpleExpr) -> SelectStatement {
    let mut query = Query::select();
    query.columns(COLUMNS).from(DeviceGrants::Table).and_where(which);
    query
}

fn has_user_code(code: &UserCode) -> SimpleExpr {
    Expr::col(DeviceGrants::UserCode).eq(code.to_string())
}

fn has_code(hash: &SecretHash) -> SimpleExpr {
    Expr::col(DeviceGrants::CodeHash).eq(hash.0.to_vec())
}

async fn find(source: &mut Reader<'_>, which: SimpleExpr) -> Result<Option<DeviceGrant>, StoreError> {
    source.fetch_optional::<GrantRow>(&select(which)).await?.map(DeviceGrant::try_from).transpose()
}

impl Reader<'_> {
    /// The sign-in with this code for the person.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_device_grant(&mut self, code: &UserCode) -> Result<Option<DeviceGrant>, StoreError> {
        find(self, has_user_code(code)).await
    }

    /// The sign-in with this hash of the machine's own code.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn find_device_grant_by_hash(&mut self, hash: &SecretHash) -> Result<Option<DeviceGrant>, StoreError> {
        find(self, has_code(hash)).await
    }
}

impl Reader<'_> {
    /// The number of sign-ins that are neither approved nor refused.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn count_waiting_devices(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let mut query = Query::select();
        query
            .expr_as(Func::count(Expr::col(DeviceGrants::CodeHash)), "count")
            .from(DeviceGrants::Table)
            .and_where(Expr::col(DeviceGrants::EndsAt).gt(microseconds(now)))
            .and_where(Expr::col(DeviceGrants::State).eq(DeviceState::Pending.name()));
        fetch_count(self, &query).await
    }
}

impl Tx {
    /// Adds a machine's sign-in.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another sign-in has the same code.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn insert_device_grant(&mut self, grant: &DeviceGrant) -> Result<(), StoreError> {
        let mut query = Query::insert();
        query.into_table(DeviceGrants::Table).columns(COLUMNS).values_panic([
            grant.user_code.to_string().into(),
            grant.code_hash.0.to_vec().into(),
            json(&grant.scopes).into(),
            json(&grant.allow_list).into(),
            grant.origin.ip_address.to_string().into(),
            grant.origin.user_agent.as_str().into(),
            microseconds(grant.created_at).into(),
            microseconds(grant.ends_at).into(),
            grant.state.name().into(),
            grant.state.key_id().map(str::to_owned).into(),
        ]);
        self.execute_one_for(Reach::Nobody, &query).await
    }

    /// Sets the state of a machine's sign-in.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when there is no sign-in with this code.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn set_device_state(&mut self, code: &UserCode, state: &DeviceState) -> Result<(), StoreError> {
        let mut query = Query::update();
        query
            .table(DeviceGrants::Table)
            .value(DeviceGrants::State, state.name())
            .value(DeviceGrants::KeyId, state.key_id().map(str::to_owned))
            .and_where(has_user_code(code));
        self.execute_one_for(Reach::Nobody, &query).await
    }

    /// Deletes the sign-ins that expired before this instant.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn purge_device_grants(&mut self, ended_before: Timestamp) -> Result<u64, StoreError> {
        let mut query = Query::delete();
        query.from_table(DeviceGrants::Table).and_where(Expr::col(DeviceGrants::EndsAt).lt(microseconds(ended_before)));
        self.execute_for(Reach::Nobody, &query).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        for typed in ["WDJB-MJHT", "wdjbmjht", " WDJB mjht ", "w-d-j-b-m-j-h-t"] {
            assert_eq!(UserCode::parse(typed).unwrap().to_string(), "WDJB-MJHT", "{typed}");
        }
        for typed in ["", "WDJB-MJH", "WDJB-MJHTT", "WDJB-MJHA", "WDJB-MJH1", "WDJB-MJHT\u{30c}", "WDJB_MJHT"] {
            assert_eq!(UserCode::parse(typed), None, "{typed}");
        }
    }
}
