//! What an action is done to.
use crate::{Action, Catalogue, Id, OwnedId, ResourceType};

/// An object, or a question about a set of objects.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// Its type.
    pub resource_type: ResourceType,
    /// None for an object that is not there yet, and for questions about a set.
    pub id: Id<'a>,
    /// The user who owns it.
    pub owner: Id<'a>,
    /// The organization it is in. The nil UUID is an organization, too.
    pub organization: Id<'a>,
    /// Ask about any organization that the subject is a member of.
    pub any_organization: bool,
    /// Who else may do what to it.
    pub acl: Option<&'a Acl>,
}

impl<'a> Object<'a> {
    /// An object of this type and nothing else.
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

    /// The same with an id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Id<'a>>) -> Self {
        self.id = id.into();
        self
    }

    /// The same with an owner.
    #[must_use]
    pub fn owned_by(mut self, owner: impl Into<Id<'a>>) -> Self {
        self.owner = owner.into();
        self
    }

    /// The same in an organization.
    #[must_use]
    pub fn in_organization(mut self, organization: impl Into<Id<'a>>) -> Self {
        self.organization = organization.into();
        self
    }

    /// The same in any organization of the subject.
    #[must_use]
    pub fn in_any_organization(mut self) -> Self {
        self.any_organization = true;
        self
    }

    /// The same with an access list.
    #[must_use]
    pub fn with_acl(mut self, acl: &'a Acl) -> Self {
        self.acl = Some(acl);
        self
    }
}

/// An access list: who may do what to one object, besides what roles permit.
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

    /// Lets a user do this; `*` is everything, and an action that the catalogue lacks is nothing.
    pub fn grant_user<'a>(&mut self, catalogue: &Catalogue, user: impl Into<Id<'a>>, action: &str) {
        grant(&mut self.users, user.into(), bits(catalogue, action));
    }

    /// Lets a group do this. The organization's own id stands for all its members.
    pub fn grant_group<'a>(&mut self, catalogue: &Catalogue, group: impl Into<Id<'a>>, action: &str) {
        grant(&mut self.groups, group.into(), bits(catalogue, action));
    }

    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }

    /// Whether the list lets this user do it.
    pub(crate) fn user_grant(&self, user: Id<'_>, action: Action) -> bool {
        self.users.iter().any(|(id, actions)| actions & action.bit() != 0 && id.as_id() == user)
    }

    /// One of the groups that the predicate knows whom the list lets do it.
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
