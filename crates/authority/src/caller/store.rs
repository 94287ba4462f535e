//! The store as one caller may use it. Fronts have no other.
use std::sync::Arc;

use keyfob_rbac::Catalogue;
use keyfob_store::Reader;

use super::refreshed;
use crate::{Authority, Caller, Refused};

/// The store in the hands of one caller.
///
/// Each method's documentation says which action on which object it requires. An object that the caller may not read
/// is answered like one that is not there. Reads decide with the rights that the caller has had since the whole request
/// arrived; changes decide in their own unit of work.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds the hash of a secret")]
pub struct AuthorizedStore {
    pub(crate) caller: Caller,
    pub(crate) authority: Authority,
    pub(crate) salvages: bool,
}

impl AuthorizedStore {
    pub(crate) fn new(caller: Caller, authority: Authority) -> Self {
        Self { caller, authority, salvages: false }
    }

    /// Who acts.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The authority behind it.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The same store for what is shown beside an answer where the caller may see it, and left out where not: the
    /// call does not need it, so its answer does not name it.
    #[must_use]
    pub fn incidental(&self) -> Self {
        Self { caller: self.caller.incidental(), ..self.clone() }
    }

    /// The same store for a deletion, or a change that mends: an object whose row does not decode is what remains of the
    /// row, because it must not stand in the way of that. It takes as much right as it can have taken before.
    #[must_use]
    pub fn salvaging(&self) -> Self {
        Self { salvages: true, ..self.clone() }
    }

    /// The same store with the rights that the caller has now: an answer that takes long looks again before each of its
    /// parts.
    ///
    /// # Errors
    /// [`Refused::Unauthenticated`] when the caller's key or owner may not act any more.
    pub async fn look_again(&self) -> Result<Self, Refused> {
        let caller = refreshed(&self.authority, &self.caller, &mut self.authority.store().read()).await?;
        Ok(Self { caller, ..self.clone() })
    }

    /// Reads the committed state, no more of it than one answer may have.
    pub(crate) fn read(&self) -> Reader<'_> {
        let read = self.authority.store().read().bounded();
        if self.salvages { read.salvaging() } else { read }
    }

    pub(crate) fn catalogue(&self) -> &Arc<Catalogue> {
        self.authority.catalogue()
    }

    pub(crate) fn now(&self) -> jiff::Timestamp {
        self.authority.now()
    }
}
