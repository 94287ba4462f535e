//! The rules of a resource's fields.
use keyfob_rbac::{InOrganization, Shape};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::fields::has_control_characters;

/// The most bytes of attributes, as JSON.
pub const MAX_ATTRIBUTES: usize = 16 * 1024;
/// The most bytes of a name.
pub const MAX_NAME: usize = 256;

/// A field of a resource that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongResourceField {
    /// The name is empty, longer than [`MAX_NAME`], or holds control characters, also such as turn the text around them.
    Name,
    /// The attributes take more bytes than [`MAX_ATTRIBUTES`].
    Attributes {
        /// The bytes that they take.
        size: usize,
    },
    /// Objects of this type are in an organization, and none is named.
    OrganizationRequired(String),
    /// Objects of this type are in no organization, and one is named.
    OrganizationNotAllowed(String),
    /// Objects of this type have no owner, and one is named.
    OwnerNotAllowed(String),
    /// The id is the nil UUID.
    NilId,
}

/// Gathers the fields of a resource that break a rule.
pub(super) struct ResourceFields<'a> {
    type_name: &'a str,
    shape: Shape,
    wrong: Vec<WrongResourceField>,
}

impl<'a> ResourceFields<'a> {
    pub(super) fn of(type_name: &'a str, shape: Shape) -> Self {
        Self { type_name, shape, wrong: Vec::new() }
    }

    pub(super) fn name(mut self, name: &str) -> Self {
        if name.is_empty() || name.len() > MAX_NAME || has_control_characters(name) {
            self.wrong.push(WrongResourceField::Name);
        }
        self
    }

    pub(super) fn attributes(mut self, attributes: &Map<String, Value>) -> Self {
        let size = serde_json::to_string(attributes).map_or(usize::MAX, |text| text.len());
        if size > MAX_ATTRIBUTES {
            self.wrong.push(WrongResourceField::Attributes { size });
        }
        self
    }

    pub(super) fn organization(mut self, is_named: bool) -> Self {
        let name = || self.type_name.to_owned();
        let wrong = match (self.shape.organization, is_named) {
            (InOrganization::Always, false) => Some(WrongResourceField::OrganizationRequired(name())),
            (InOrganization::Never, true) => Some(WrongResourceField::OrganizationNotAllowed(name())),
            _ => None,
        };
        self.wrong.extend(wrong);
        self
    }

    pub(super) fn owner(mut self, is_named: bool) -> Self {
        if is_named && !self.shape.has_owner {
            self.wrong.push(WrongResourceField::OwnerNotAllowed(self.type_name.to_owned()));
        }
        self
    }

    pub(super) fn id(mut self, id: Option<Uuid>) -> Self {
        if id.is_some_and(|id| id.is_nil()) {
            self.wrong.push(WrongResourceField::NilId);
        }
        self
    }

    /// Goes on if every field keeps its rules.
    pub(super) fn check(self) -> Result<(), Vec<WrongResourceField>> {
        if self.wrong.is_empty() { Ok(()) } else { Err(self.wrong) }
    }
}
