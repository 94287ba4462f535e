//! The one door: whoever is behind it has been authenticated, whatever leaves it was authorized.
//!
//! INVARIANT: nothing outside this module can name the store. [`Vault`] gives it out to the gate alone, and handlers
//! hold an [`AuthorizedStore`], whose every method says which action on which object it requires, and requires it.
mod authenticate;
mod caller;
mod credential;
mod csrf;
mod denied;
mod roles;
mod store;
mod system;
mod upstream;

pub(crate) use authenticate::Identity;
pub(crate) use caller::Caller;
pub(crate) use credential::{CredentialRules, cookie};
pub(crate) use csrf::{CsrfToken, guard as csrf_guard};
pub(crate) use denied::{Denied, Refused};
pub(crate) use roles::RoleBook;
pub(crate) use store::*;
pub(crate) use system::System;
pub(crate) use upstream::Renewals;

use keyfob_store::Store;

/// The raw store, locked away: only the gate can open it.
#[derive(Clone, Debug)]
pub(crate) struct Vault(Store);

impl Vault {
    /// Locks a store away.
    pub(crate) fn new(store: Store) -> Self {
        Self(store)
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), keyfob_store::StoreError> {
        self.0.ping().await
    }

    /// Ends all connections once what is under way is done.
    pub(crate) async fn close(&self) {
        self.0.close().await;
    }
}
