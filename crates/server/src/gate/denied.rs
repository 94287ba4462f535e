//! The gate's refusals.
use std::sync::Arc;

use keyfob_rbac::{Action, Catalogue, ResourceType};
use keyfob_store::StoreError;

/// The decision point said no.
#[derive(Clone, Debug)]
pub(crate) struct Denied {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) resource_type: ResourceType,
    pub(super) action: Action,
    pub(super) cause: Cause,
}

/// What can be said of a refusal from the key and the type alone, so that it tells nothing about objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The owner's roles could permit it, the key's scopes cannot.
    Scopes,
    /// The owner's roles and the key's scopes could permit it, the key's allow list lists nothing of the type.
    AllowList,
    /// Anything else.
    Other,
}

impl Denied {
    pub(super) fn permission(&self) -> String {
        format!("{}:{}", self.catalogue.type_name(self.resource_type), self.catalogue.action_name(self.action))
    }

    /// What the key's scopes lack, when that alone was the cause.
    pub(crate) fn scopes_lack(&self) -> Option<String> {
        (self.cause == Cause::Scopes).then(|| format!("the key's scopes lack {}", self.permission()))
    }

    /// What the key lacks, when that alone was the cause.
    pub(crate) fn explanation(&self) -> Option<String> {
        match self.cause {
            Cause::Scopes => self.scopes_lack(),
            Cause::AllowList => Some(format!(
                "the key's allow list has no entry for {0}: {1} takes {0}:*, or the object's own id",
                self.catalogue.type_name(self.resource_type),
                self.permission(),
            )),
            Cause::Other => None,
        }
    }

    /// The challenge of a 403 (RFC 6750, section 3.1).
    pub(crate) fn challenge(&self) -> String {
        let scope =
            if self.cause == Cause::Scopes { format!(", scope=\"{}\"", self.permission()) } else { String::new() };
        format!(
            "Bearer realm=\"coder\", error=\"insufficient_scope\", error_description=\"The request requires higher \
             privileges than provided by the access token\"{scope}"
        )
    }
}

/// Why the gate did not do what it was asked for.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It is not there, or must look so.
    Hidden(Option<Denied>),
    /// It is there for the caller to see, but not to do that with.
    Denied(Denied),
    /// The store failed.
    Store(StoreError),
}

impl Refused {
    /// It is not there.
    pub(crate) fn missing() -> Self {
        Self::Hidden(None)
    }

    /// What was looked for; none where it is not there, or must look so.
    ///
    /// # Errors
    /// Every other refusal.
    pub(crate) fn if_there<T>(looked_for: Result<T, Self>) -> Result<Option<T>, Self> {
        match looked_for {
            Ok(found) => Ok(Some(found)),
            Err(Self::Hidden(_)) => Ok(None),
            Err(other) => Err(other),
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
