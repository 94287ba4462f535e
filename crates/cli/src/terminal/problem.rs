//! Errors that know what to do next.
use keyfob_api::resources::Resource;

/// What to do where an object does not exist, or is hidden: servers answer the same.
pub(crate) const CHECK_SPELLING: &str =
    "check the spelling: objects that you may not read are answered as if they were missing";

/// What failed and why, and what to do next.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Problem {
    what: String,
    pub(crate) next: String,
}

impl Problem {
    pub(crate) fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), next: next.into() }
    }

    /// For an object that does not exist, or is hidden.
    pub(crate) fn unseen(what: impl Into<String>) -> Self {
        Self::new(what, CHECK_SPELLING)
    }
}

/// What was being done with an object when the server refused: the advice is about that object, then.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct Step {
    what: &'static str,
    resource_type: String,
    id: String,
}

impl Step {
    /// As the context of an error.
    pub(crate) fn on(what: &'static str, resource_type: &str, id: &impl ToString) -> Self {
        Self { what, resource_type: resource_type.to_owned(), id: id.to_string() }
    }

    /// The same for a resource.
    pub(crate) fn on_resource(what: &'static str, resource: &Resource) -> Self {
        Self::on(what, &resource.resource_type, &resource.id)
    }

    /// The id or the name of the object, if a permission such as `workspace:delete` is of its type.
    pub(crate) fn object_of(&self, permission: &str) -> Option<&str> {
        let (of, _) = permission.split_once(':')?;
        (of == self.resource_type).then_some(self.id.as_str())
    }
}
