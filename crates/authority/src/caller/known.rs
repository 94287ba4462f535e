//! Callers for whom nothing is awaited: their key is in memory, and its use leaves nothing to write.
use std::sync::Arc;

use keyfob_store::UserId;

use super::{Credential, identify::ParsedCredential, key_use::is_use_noted, presented::PresentedKey};
use crate::{Authority, AuthorizedStore, RequestContext};

/// The bearer of a key that is in memory, verified and live.
#[expect(missing_debug_implementations, reason = "holds the hash of a secret")]
pub struct KnownCaller {
    known: Arc<PresentedKey>,
    from_cookie: bool,
}

impl Authority {
    /// The bearer of a key, where [`Self::identify`] and [`Self::store_for`] would find them in memory and have nothing to
    /// wait for. None elsewhere: then these two are to be asked, also for the reason of a refusal.
    pub fn known_caller(&self, credential: &Credential) -> Option<KnownCaller> {
        let parsed = ParsedCredential::parse(credential).ok()?;
        let (known, _) = self.keys().peek(parsed.id.as_ref()?)?;
        let is_known = parsed.is_of(&known, self.now()) && !is_use_noted(&known, self);
        is_known.then_some(KnownCaller { known, from_cookie: parsed.from_cookie })
    }

    /// The store as a known caller may use it.
    pub fn store_of_known(&self, caller: KnownCaller, context: RequestContext) -> AuthorizedStore {
        self.keys().count_hit();
        self.store_of_bearer(caller.known, context, caller.from_cookie)
    }
}

impl KnownCaller {
    /// The owner's id.
    pub fn user_id(&self) -> UserId {
        self.known.owner.user.id
    }
}
