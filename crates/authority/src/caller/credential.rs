//! What a request presents, and why it is not accepted.
use jiff::Timestamp;
use keyfob_api::secret::SecretText;
use keyfob_store::{StoreError, UserStatus};

use crate::{Lapsed, Refused};

/// A key as a request presents it.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct Credential {
    /// The whole key.
    pub text: SecretText,
    /// It came in a cookie, which browsers send by themselves.
    pub from_cookie: bool,
}

/// Why a request is not authenticated.
#[derive(Debug, thiserror::Error)]
pub enum Unauthenticated {
    /// The credential does not have the form of a key; the text says how.
    #[error("the credential is no key: {0}")]
    Malformed(String),
    /// There is no such key, or its owner was deleted.
    #[error("no such key")]
    UnknownKey,
    /// There is such a key, with another secret.
    #[error("the secret is not the key's")]
    WrongSecret,
    /// The key expired at that instant.
    #[error("the key expired at {0}")]
    Expired(Timestamp),
    /// The owner may not act.
    #[error("the user is {}", .0.as_str())]
    NotActive(UserStatus),
    /// What the key may do cannot be read.
    #[error("the key's rights cannot be read: {0}")]
    Unreadable(String),
    /// The session at the identity provider has ended.
    #[error(transparent)]
    Lapsed(#[from] Lapsed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Refused> for Unauthenticated {
    fn from(refused: Refused) -> Self {
        match refused {
            // The user was deleted while the request was authenticated.
            Refused::Hidden(_) => Self::UnknownKey,
            Refused::Denied(denied) => Self::Unreadable(denied.permission()),
            Refused::Unauthenticated(reason) => *reason,
            Refused::Store(error) => Self::Store(error),
        }
    }
}
