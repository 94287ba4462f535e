//! How long tokens may live.
use std::time::Duration;

use jiff::SignedDuration;
use keyfob_store::User;

use super::MintTokenError;
use crate::{Authority, AuthorizedStore, caller::PresentedKey};

/// Why a token cannot have the requested lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongLifetime {
    /// It is not positive.
    NotPositive,
    /// It is longer than tokens of that owner may live.
    TooLong {
        /// How long they may.
        longest: Duration,
    },
}

impl From<WrongLifetime> for MintTokenError {
    fn from(wrong: WrongLifetime) -> Self {
        Self::WrongLifetime(wrong)
    }
}

impl AuthorizedStore {
    /// How long the longest-lived token of this user may live that the caller could mint.
    pub fn longest_lifetime(&self, owner: &User) -> Duration {
        let limit = longest_token(&self.authority, owner);
        let expiry = self.caller.presented().and_then(PresentedKey::end_of_children);
        let remaining =
            expiry.map(|expiry| Duration::try_from(expiry.duration_since(self.now())).unwrap_or(Duration::ZERO));
        remaining.map_or(limit, |remaining| remaining.min(limit))
    }
}

/// How long a token may live: its owner decides, not the caller.
fn longest_token(authority: &Authority, owner: &User) -> Duration {
    let lifetimes = &authority.rules().lifetimes;
    if owner.is_owner() { lifetimes.token_max_for_owners } else { lifetimes.token_max }
}

/// The lifetime of a token of this owner. Where none is requested, it is the default, and no longer than one may request.
pub(super) fn requested_lifetime(
    authority: &Authority,
    owner: &User,
    requested: Option<SignedDuration>,
) -> Result<Duration, WrongLifetime> {
    let longest = longest_token(authority, owner);
    let Some(requested) = requested else {
        let default = authority.rules().lifetimes.token_default;
        return Ok(if longest.is_zero() { default } else { default.min(longest) });
    };
    if !requested.is_positive() {
        return Err(WrongLifetime::NotPositive);
    }
    let requested = requested.unsigned_abs();
    if requested > longest { Err(WrongLifetime::TooLong { longest }) } else { Ok(requested) }
}
