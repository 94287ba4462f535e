//! What a new key is to be.
use std::time::Duration;

use keyfob_rbac::{AllowList, ScopeName};
use keyfob_store::{KeyLoginType, User};

use crate::Authority;

/// What a request asks for, or leaves out.
#[derive(Clone, Debug)]
pub(crate) enum Requested<T> {
    /// All that the caller's own key has.
    Own,
    /// Exactly this.
    Exactly(T),
}

/// What kind of key to mint.
#[derive(Clone, Debug)]
pub(crate) enum NewKeyKind {
    /// An API token of this name.
    Token(String),
    /// A session, begun in this way.
    Session(KeyLoginType),
}

/// A key to mint.
#[derive(Clone, Debug)]
pub struct MintRequest {
    pub(crate) owner: User,
    pub(crate) kind: NewKeyKind,
    pub(crate) scopes: Requested<Vec<ScopeName>>,
    pub(crate) allow_list: Requested<AllowList>,
    pub(crate) lifetime: Duration,
}

impl MintRequest {
    /// A session with all that the caller's own key has, or with everything if the server itself mints it.
    pub fn session(authority: &Authority, owner: User, begun: KeyLoginType) -> Self {
        let lifetime = authority.rules().lifetimes.session;
        Self { owner, kind: NewKeyKind::Session(begun), scopes: Requested::Own, allow_list: Requested::Own, lifetime }
    }

    /// A session that is not begun by signing in: made with a key, it lives as long as a token.
    pub(crate) fn session_from_key(authority: &Authority, owner: User) -> Self {
        Self {
            lifetime: authority.rules().lifetimes.token_default,
            ..Self::session(authority, owner, KeyLoginType::Password)
        }
    }
}
