//! Minting keys.
use keyfob_api::secret::SecretText;
use keyfob_rbac::{Action, AllowEntry, Id, ScopeName};
use keyfob_store::{ApiKey, StoreError, User, UserId};

use super::{MintRequest, bounds, issue, key_object};
use crate::{
    Authority, AuthorizedStore, Caller, Denied, Refused,
    audit::{EventKind, key_event},
    notices::{Notice, summary},
    work::Work,
};

/// A fresh key.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct MintedKey {
    /// The whole key, for its owner's eyes only.
    pub text: SecretText,
    /// What is stored of it.
    pub key: Box<ApiKey>,
}

/// Why a key was not minted.
#[derive(Debug)]
pub enum MintError {
    /// The caller may not mint for that user, or may not act any more.
    Refused(Refused),
    /// It would be stronger than the caller's own key.
    Exceeds {
        /// The scopes that the caller's key does not have.
        scopes: Vec<ScopeName>,
        /// The entries that the caller's allow list does not cover.
        entries: Vec<AllowEntry>,
    },
    /// As many narrow keys were minted one with another, down to the caller's, as may be
    /// ([`LONGEST_CHAIN`](super::LONGEST_CHAIN)).
    ChainTooLong,
    /// The owner has a live token of that name.
    NameTaken(String),
    /// The owner, their password, or the scopes that there are have changed meanwhile.
    Overtaken,
}

impl From<Refused> for MintError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Denied> for MintError {
    fn from(denied: Denied) -> Self {
        Self::Refused(Refused::Denied(denied))
    }
}

impl From<StoreError> for MintError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// Requires `create` on an API key of the owner, and nothing that the caller's own key lacks.
pub(super) fn require_minting(authority: &Authority, caller: &Caller, request: &MintRequest) -> Result<(), MintError> {
    caller.require(Action::CREATE, &key_object(Id::None, request.owner.id))?;
    bounds(authority, caller, request).map(drop)
}

impl AuthorizedStore {
    /// Mints a session with all that the caller's own key has. Requires `create` on an API key of its owner.
    ///
    /// # Errors
    /// Why it was not minted.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn mint_session(&self, owner: User) -> Result<MintedKey, MintError> {
        let request = MintRequest::session_from_key(&self.authority, owner);
        let mut work = self.begin_if::<MintError>(|caller| require_minting(&self.authority, caller, &request)).await?;
        let (key, minted) = issue(&self.authority, &work.caller, request)?;
        work.insert_key(key).await?;
        work.commit().await?;
        Ok(minted)
    }
}

impl Work {
    /// The key that takes the place of the caller's own: it has the same parent, and no more than the caller's own key.
    pub(crate) fn successor(&self, request: MintRequest) -> Result<(ApiKey, MintedKey), MintError> {
        let (key, minted) = issue(&self.authority, &self.caller, request)?;
        let parent_id = self.caller.key().and_then(|key| key.parent_id.clone());
        let narrow_depth = self.caller.key().map_or(key.narrow_depth, |key| key.narrow_depth);
        let key = ApiKey { parent_id, narrow_depth, ..key };
        Ok((key.clone(), MintedKey { key: Box::new(key), ..minted }))
    }

    /// Stores a key, if its owner still exists.
    pub(crate) async fn insert_key(&mut self, key: ApiKey) -> Result<(), MintError> {
        let kind = if self.caller.user().is_none() { EventKind::SignedIn } else { EventKind::KeyMinted };
        self.insert_key_as(key, kind).await
    }

    /// The same, with the kind of event for its record.
    pub(crate) async fn insert_key_as(&mut self, key: ApiKey, kind: EventKind) -> Result<(), MintError> {
        let owner = self.present_owner(key.user_id).await?;
        self.insert_key_of(&owner, &key, kind).await?;
        self.tx.flush().await.map_err(|error| not_stored(error, key.token_name))
    }

    /// The owner of a key, who still exists.
    pub(super) async fn present_owner(&mut self, id: UserId) -> Result<User, MintError> {
        // The caller was looked at when the work began.
        if let Some(caller) = self.caller.user().filter(|caller| caller.id == id) {
            return Ok(caller.clone());
        }
        let owner = self.read().find_user(id).await?;
        owner.filter(|owner| !owner.deleted).ok_or(MintError::Overtaken)
    }

    /// Stores a key of an owner who was found in this unit of work. That its name is taken may show only when the work is
    /// committed ([`not_stored`]).
    pub(super) async fn insert_key_of(&mut self, owner: &User, key: &ApiKey, kind: EventKind) -> Result<(), MintError> {
        self.tx.queue_key(key)?;
        if let Some(minter) = self.caller.user().filter(|minter| minter.id != owner.id) {
            let notice = Notice::TokenMinted { by: minter.username.clone(), token: summary(key) };
            self.tx.flush().await.map_err(|error| not_stored(error, key.token_name.clone()))?;
            self.notify(owner, &notice).await?;
        }
        self.record(key_event(kind, None, Some(key)));
        Ok(())
    }
}

/// Why a key of this name was not stored.
pub(super) fn not_stored(error: StoreError, name: String) -> MintError {
    match error {
        StoreError::Conflict(with) if with.contains("live_name") => MintError::NameTaken(name),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_conflict_of_names_says_that_a_name_is_taken() {
        for (constraint, is_taken) in [
            ("UNIQUE constraint failed: api_keys.user_id, api_keys.live_name", true),
            ("api_keys_user_id_live_name_key", true),
            ("UNIQUE constraint failed: audit_records.sequence", false),
            ("audit_records_sequence_key", false),
        ] {
            let error = not_stored(StoreError::Conflict(constraint.to_owned()), "ci".to_owned());
            assert_eq!(matches!(error, MintError::NameTaken(_)), is_taken, "{constraint}");
        }
    }
}
