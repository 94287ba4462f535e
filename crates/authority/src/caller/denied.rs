//! The gate's refusals.
use std::sync::Arc;

use keyfob_rbac::{Action, Catalogue, ResourceType};
use keyfob_store::StoreError;

use crate::Unauthenticated;

/// The decision point said no.
#[derive(Clone, Debug)]
pub struct Denied {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) resource_type: ResourceType,
    pub(super) action: Action,
    pub(super) cause: Cause,
}

/// What can be said of a refusal: from the key and the type alone, so that it tells nothing about objects, or where the
/// caller may do this to the user otherwise, so that it tells of no user whom they may not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The owner's roles could permit it, the key's scopes cannot.
    Scopes,
    /// The owner's roles and the key's scopes could permit it, the key's allow list lists nothing of the type.
    AllowList,
    /// The decision was yes, but the user who is the object holds a role that the caller may not assign.
    Rank,
    /// Anything else.
    Other,
}

impl Denied {
    /// The permission that was asked for, as `type:action`.
    pub fn permission(&self) -> String {
        format!("{}:{}", self.catalogue.type_name(self.resource_type), self.catalogue.action_name(self.action))
    }

    /// What the key's scopes lack, when that alone was the cause.
    pub fn scopes_lack(&self) -> Option<String> {
        (self.cause == Cause::Scopes).then(|| format!("the key's scopes lack {}", self.permission()))
    }

    /// The scope that the key would need, when its scopes alone were the cause.
    pub fn missing_scope(&self) -> Option<String> {
        (self.cause == Cause::Scopes).then(|| self.permission())
    }

    /// What the caller lacks, when that can be said.
    pub fn explanation(&self) -> Option<String> {
        match self.cause {
            Cause::Scopes => self.scopes_lack(),
            Cause::AllowList => Some(format!(
                "the key's allow list has no entry for {0}: {1} takes {0}:*, or the object's own id",
                self.catalogue.type_name(self.resource_type),
                self.permission(),
            )),
            Cause::Rank => Some("The user holds a role that you may not assign: ask an owner.".to_owned()),
            Cause::Other => None,
        }
    }
}

/// Why an operation was refused.
#[derive(Debug)]
pub enum Refused {
    /// It is not there, or must look so.
    Hidden(Option<Denied>),
    /// It is there for the caller to see, but not to do that with.
    Denied(Denied),
    /// The caller may not act any more: their key or their owner's status has changed since the request began.
    Unauthenticated(Box<Unauthenticated>),
    /// The store failed.
    Store(StoreError),
}

impl Refused {
    /// It is not there.
    pub fn missing() -> Self {
        Self::Hidden(None)
    }

    /// What was looked for; none where it is not there, or must look so.
    ///
    /// # Errors
    /// Every other refusal.
    pub fn if_there<T>(looked_for: Result<T, Self>) -> Result<Option<T>, Self> {
        match looked_for {
            Ok(found) => Ok(Some(found)),
            Err(Self::Hidden(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

/// Why a page of a list was refused.
#[derive(Debug)]
pub enum ListError {
    /// The entry that the page was to come after is gone, or was never there for the caller.
    NothingToComeAfter,
    /// It failed.
    Refused(Refused),
}

impl From<Refused> for ListError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for ListError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Gone => Self::NothingToComeAfter,
            other => Self::Refused(other.into()),
        }
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Gone => Self::missing(),
            other => Self::Store(other),
        }
    }
}
