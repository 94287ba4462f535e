//! The objects of actions.
use crate::{Action, Catalogue, Id, OwnedId, ResourceType, catalogue::Origin};

/// An object, or a set of objects that a question is about.
///
/// # Examples
/// ```
/// use keyfob_rbac::{Object, ResourceType};
/// use uuid::Uuid;
///
/// let (me, organization, id) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
/// let workspace = Object::of(ResourceType::WORKSPACE).with_id(id).owned_by(me).in_organization(organization);
/// # assert_eq!(workspace.owner, keyfob_rbac::Id::from(me));
/// ```
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
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Object, ResourceType};
    ///
    /// let audit_log = Object::of(ResourceType::AUDIT_LOG);
    /// assert!(audit_log.owner.is_none() && audit_log.organization.is_none());
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Id, Object, ResourceType};
    /// use uuid::Uuid;
    ///
    /// let id = Uuid::from_u128(3);
    /// assert_eq!(Object::of(ResourceType::WORKSPACE).with_id(id).id, Id::from(id));
    /// ```
    #[must_use]
    pub fn with_id(mut self, id: impl Into<Id<'a>>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the owner.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Id, Object, ResourceType};
    ///
    /// assert_eq!(Object::of(ResourceType::API_KEY).owned_by("amy").owner, Id::from("amy"));
    /// ```
    #[must_use]
    pub fn owned_by(mut self, owner: impl Into<Id<'a>>) -> Self {
        self.owner = owner.into();
        self
    }

    /// Sets the organization.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Id, Object, ResourceType};
    /// use uuid::Uuid;
    ///
    /// let organization = Uuid::from_u128(2);
    /// let template = Object::of(ResourceType::TEMPLATE).in_organization(organization);
    /// assert_eq!(template.organization, Id::from(organization));
    /// ```
    #[must_use]
    pub fn in_organization(mut self, organization: impl Into<Id<'a>>) -> Self {
        self.organization = organization.into();
        self
    }

    /// Asks about any organization of the subject.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Catalogue, Id, Object, ResourceType, RoleName, RoleSettings, Scope, Subject};
    /// use keyfob_rbac::{authorize, built_in_role};
    /// use uuid::Uuid;
    ///
    /// // May the subject create templates somewhere?
    /// let catalogue = Catalogue::built_in();
    /// let name = RoleName::in_organization("organization-template-admin", Uuid::from_u128(2));
    /// let role = built_in_role(&catalogue, &name, &RoleSettings::default())?;
    /// let subject = Subject::compile(&catalogue, Id::from("amy"), &[role], &[], &Scope::everything());
    /// let somewhere = Object::of(ResourceType::TEMPLATE).in_any_organization();
    /// assert!(authorize(&subject, Action::CREATE, &somewhere).is_allowed());
    /// # Ok::<(), keyfob_rbac::RoleLookupError>(())
    /// ```
    #[must_use]
    pub fn in_any_organization(mut self) -> Self {
        self.any_organization = true;
        self
    }

    /// Sets the access list.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Acl, Action, Catalogue, Id, Object, OrganizationPermissions, OwnedId, ResourceType, Role};
    /// use keyfob_rbac::{RoleName, Scope, Subject, authorize};
    /// use uuid::Uuid;
    ///
    /// let (catalogue, me, organization) = (Catalogue::built_in(), Uuid::from_u128(1), Uuid::from_u128(2));
    /// let mut acl = Acl::new();
    /// acl.grant_user(&catalogue, me, "read");
    /// let shared = Object::of(ResourceType::WORKSPACE).in_organization(organization).with_acl(&acl);
    ///
    /// // Access lists count for members of the object's organization.
    /// let mut member = Role::empty(RoleName::in_organization("guest", organization));
    /// member.organizations.push((OwnedId::from(organization), OrganizationPermissions::default()));
    /// let subject = Subject::compile(&catalogue, Id::from(me), &[member], &[], &Scope::everything());
    /// assert!(authorize(&subject, Action::READ, &shared).is_allowed());
    /// assert!(!authorize(&subject, Action::DELETE, &shared).is_allowed());
    /// ```
    #[must_use]
    pub fn with_acl(mut self, acl: &'a Acl) -> Self {
        self.acl = Some(acl);
        self
    }
}

/// An access list: what users and groups may do to one object, in addition to what roles permit.
///
/// Its actions are those of the catalogue with which they were granted: in another one, those that are not built in
/// mean nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl {
    /// By id.
    users: Vec<(OwnedId, u64)>,
    /// By id.
    groups: Vec<(OwnedId, u64)>,
    /// That of all granted actions.
    origin: Origin,
}

impl Default for Acl {
    fn default() -> Self {
        Self::new()
    }
}

impl Acl {
    /// An empty list.
    ///
    /// # Examples
    /// ```
    /// assert!(keyfob_rbac::Acl::new().is_empty());
    /// ```
    pub fn new() -> Self {
        Self { users: Vec::new(), groups: Vec::new(), origin: Origin::BUILT_IN }
    }

    /// Grants an action to a user; `*` is every action, and an action that is not in the catalogue is ignored.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Acl, Catalogue};
    /// use uuid::Uuid;
    ///
    /// let (catalogue, amy) = (Catalogue::built_in(), Uuid::from_u128(1));
    /// let mut acl = Acl::new();
    /// for action in ["read", "ssh"] {
    ///     acl.grant_user(&catalogue, amy, action);
    /// }
    /// assert!(!acl.is_empty());
    /// ```
    pub fn grant_user<'a>(&mut self, catalogue: &Catalogue, user: impl Into<Id<'a>>, action: &str) {
        let actions = self.bits(catalogue, action);
        grant(&mut self.users, user.into(), actions);
    }

    /// Grants an action to a group. The organization's id stands for all its members.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Acl, Catalogue};
    /// use uuid::Uuid;
    ///
    /// let (catalogue, organization) = (Catalogue::built_in(), Uuid::from_u128(2));
    /// let mut readable_by_all_members = Acl::new();
    /// readable_by_all_members.grant_group(&catalogue, organization, "read");
    /// assert!(!readable_by_all_members.is_empty());
    /// ```
    pub fn grant_group<'a>(&mut self, catalogue: &Catalogue, group: impl Into<Id<'a>>, action: &str) {
        let actions = self.bits(catalogue, action);
        grant(&mut self.groups, group.into(), actions);
    }

    /// Whether the list is empty.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Acl, Catalogue};
    ///
    /// let mut acl = Acl::new();
    /// assert!(acl.is_empty());
    /// acl.grant_user(&Catalogue::built_in(), "amy", "read");
    /// assert!(!acl.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty()
    }

    /// Whether the list grants the action to this user.
    pub(crate) fn user_grant(&self, user: Id<'_>, action: Action) -> bool {
        let granted = position(&self.users, user).ok().and_then(|place| self.users.get(place));
        granted.is_some_and(|(_, actions)| actions & self.bit(action) != 0)
    }

    /// A group for which the predicate is true and to which the list grants the action.
    pub(crate) fn group_grant(&self, action: Action, is_one: impl Fn(Id<'_>) -> bool) -> Option<&OwnedId> {
        let bit = self.bit(action);
        let granted = |(id, actions): &&(OwnedId, u64)| actions & bit != 0 && is_one(id.as_id());
        self.groups.iter().find(granted).map(|(id, _)| id)
    }

    /// The bit of an action; none if the list has actions of another catalogue, of which one may have the same bit.
    fn bit(&self, action: Action) -> u64 {
        let of = action.0.origin();
        let is_meant = of == Origin::BUILT_IN || self.origin.is_within(of);
        if is_meant { action.bit() } else { 0 }
    }

    /// The bits of the action with this name.
    fn bits(&mut self, catalogue: &Catalogue, action: &str) -> u64 {
        match action {
            "*" => u64::MAX,
            name => catalogue.action(name).map_or(0, |action| {
                self.origin = self.origin.and(action.0.origin());
                action.bit()
            }),
        }
    }
}

/// The place of an id in a list, or the place where it belongs.
fn position(list: &[(OwnedId, u64)], id: Id<'_>) -> Result<usize, usize> {
    list.binary_search_by(|(known, _)| known.as_id().cmp(&id))
}

fn grant(list: &mut Vec<(OwnedId, u64)>, id: Id<'_>, actions: u64) {
    match position(list, id) {
        Ok(place) => list.iter_mut().skip(place).take(1).for_each(|(_, held)| *held |= actions),
        Err(place) => list.insert(place, (id.to_owned_id(), actions)),
    }
}
