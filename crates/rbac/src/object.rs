//! What an action is done to.
use crate::{Action, Catalogue, Id, OwnedId, ResourceType};

/// An object, or a question about a set of objects.
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

    /// The same with an id.
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

    /// The same with an owner.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Id, Object, ResourceType};
    ///
    /// assert_eq!(Object::of(ResourceType::API_KEY).owned_by("amy").owner, Id::Text("amy"));
    /// ```
    #[must_use]
    pub fn owned_by(mut self, owner: impl Into<Id<'a>>) -> Self {
        self.owner = owner.into();
        self
    }

    /// The same in an organization.
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

    /// The same in any organization of the subject.
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

    /// The same with an access list.
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

/// An access list: who may do what to one object, besides what roles permit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acl {
    users: Vec<(OwnedId, u64)>,
    groups: Vec<(OwnedId, u64)>,
}

impl Acl {
    /// An empty list.
    ///
    /// # Examples
    /// ```
    /// assert!(keyfob_rbac::Acl::new().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets a user do this; `*` is everything, and an action that the catalogue lacks is nothing.
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
        grant(&mut self.users, user.into(), bits(catalogue, action));
    }

    /// Lets a group do this. The organization's own id stands for all its members.
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
        grant(&mut self.groups, group.into(), bits(catalogue, action));
    }

    /// Whether nothing is granted.
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
