//! The objects of actions.
use crate::{Action, Catalogue, Id, OwnedId, ResourceType};

/// An object, or a set of objects that a question is about.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Its type.
    pub resource_type: ResourceType,
    /// Its id; none for an object that does not exist yet, and for questions about a set.
    pub id: Id<'a>,
    /// The user who owns it.
    pub owner: Id<'a>,
    /// The organization that it is in. The nil UUID counts as an organization.
    pub organization: Id<'a>,
    /// Whether the question is about any organization that the subject is a member of.
    pub any_organization: bool,
    /// Its access list.
    pub acl: Option<&'a Acl>,
}

impl<'a> Object<'a> {
    /// An object of this type, without id, owner and organization.
    pub fn of(resource_type: ResourceType) -> Self {
        Self {
            resource_type,
            id: Id::None,
            owner: Id::None,
            organization: Id::None,
            any_organization: false,
            acl: None,
        }
    }

    /// Sets the id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Id<'a>>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the owner.
    #[must_use]
    pub fn owned_by(mut self, owner: impl Into<Id<'a>>) -> Self {
        self.owner = owner.into();
        self
    }

    /// Sets the organization.
    #[must_use]
    pub fn in_organization(mut self, organization: impl Into<Id<'a>>) -> Self {
        self.organization = organization.into();
        self
    }

    /// Asks about any organization of the subject.
    #[must_use]
    pub fn in_any_organization(mut self) -> Self {
        self.any_organization = true;
        self
    }

    /// Sets the access list.
    #[must_use]
    pub fn with_acl(mut self, acl: &'a Acl) -> Self {
        self.acl = Some(acl);
        self
    }
}

/// An access list: what users and groups may do to one object, in addition to what roles permit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acl {
    users: Vec<(OwnedId, u64)>,
    groups: Vec<(OwnedId, u64)>,
}

impl Acl {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Grants an action to a user; `*` is every action, and an action that is not in the catalogue is ignored.
    pub fn grant_user<'a>(&mut self, catalogue: &Catalogue, user: impl Into<Id<'a>>, action: &str) {
        grant(&mut self.users, user.into(), bits(catalogue, action));
    }

    /// Grants an action to a group. The organization's id stands for all its members.
    pub fn grant_group<'a>(&mut self, catalogue: &Catalogue, group: impl Into<Id<'a>>, action: &str) {
        grant(&mut self.groups, group.into(), bits(catalogue, action));
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }

    /// Whether the list grants the action to this user.
    pub(crate) fn user_grant(&self, user: Id<'_>, action: Action) -> bool {
        self.users.iter().any(|(id, actions)| actions & action.bit() != 0 && id.as_id() == user)
    }

    /// A group for which the predicate is true and to which the list grants the action.
    pub(crate) fn group_grant(&self, action: Action, is_one: impl Fn(Id<'_>) -> bool) -> Option<&OwnedId> {
        let granted = |(id, actions): &&(OwnedId, u64)| actions & action.bit() != 0 && is_one(id.as_id());
        self.groups.iter().find(granted).map(|(id, _)| id)
    }
}

fn bits(catalogue: &Catalogue, action: &str) -> u64 {
    match action {
        "*" => u64::MAX,
        name => catalogue.action(name).map_or(0, Action::bit),
    }
}

fn grant(list: &mut Vec<(OwnedId, u64)>, id: Id<'_>, actions: u64) {
    match list.iter_mut().find(|(known, _)| known.as_id() == id) {
        Some((_, held)) => *held |= actions,
        None => list.push((id.to_owned_id(), actions)),
    }
}
