//! What is counted: decisions and commits, for a front that publishes numbers. Where none does, nothing is.
use std::{fmt, time::Duration};

use keyfob_rbac::{Action, ResourceType};

/// Counts what an authority does. It is called on the way of a request, so it must not wait.
pub trait Observer: fmt::Debug + Send + Sync {
    /// The answer to a request depended on this decision.
    fn decided(&self, resource_type: ResourceType, action: Action, verdict: Verdict);

    /// So many units of work were made durable together, and this is how long the first of them waited for that.
    fn committed(&self, units: usize, waited: Duration);
}

/// The outcome of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The action is permitted.
    Allowed,
    /// It is not.
    Denied,
    /// A list holds what the caller may see, and no more.
    Filtered,
}

/// How the connections to the database are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Connections in use.
    pub used: u64,
    /// Open connections that nothing uses.
    pub idle: u64,
}
