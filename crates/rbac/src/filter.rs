//! The decision as a filter for lists: made once per subject, action and type, it gives a condition on the rows.
use std::sync::Arc;

use crate::{
    Action, AllowReach, Id, Object, OwnedId, ResourceType, Subject,
    table::{Permitted, Table},
};

/// The objects of a type on which an action is permitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of them: no condition.
    All,
    /// None of them: no query.
    None,
    /// The objects that match.
    When(Predicate),
}

/// A condition on an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// All parts are true.
    All(Vec<Self>),
    /// At least one part is true.
    Any(Vec<Self>),
    /// This is true.
    Is(Atom),
}

/// The basic conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Atom {
    /// The object's id is one of these.
    IdIn(Vec<OwnedId>),
    /// The object is in one of these organizations.
    OrganizationIn(Vec<OwnedId>),
    /// The object is in no organization.
    OrganizationEmpty,
    /// The object's owner is this one.
    OwnerIs(OwnedId),
    /// The object has an owner.
    OwnerNotEmpty,
    /// The object's access list grants the action to this user.
    UserAcl {
        /// The user.
        user: OwnedId,
        /// The action.
        action: GrantedAction,
    },
    /// The object's access list grants the action to one of these groups.
    GroupAcl {
        /// The groups.
        groups: Vec<OwnedId>,
        /// The action.
        action: GrantedAction,
    },
    /// The object is in one of these organizations, and its access list grants the action to all members.
    EveryoneAcl {
        /// The organizations.
        organizations: Vec<OwnedId>,
        /// The action.
        action: GrantedAction,
    },
}

/// An action that access lists may grant, by its name or by `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedAction {
    action: Action,
    name: Arc<str>,
}

impl GrantedAction {
    /// The action's name.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Atom, Catalogue, Filter, Id, OrganizationPermissions, OwnedId, Predicate};
    /// use keyfob_rbac::{ResourceType, Role, RoleName, Scope, Subject, filter};
    /// use uuid::Uuid;
    ///
    /// /// The actions that a condition looks up among the grants to the user.
    /// fn granted(condition: &Predicate) -> Vec<&str> {
    ///     match condition {
    ///         Predicate::All(parts) | Predicate::Any(parts) => parts.iter().flat_map(granted).collect(),
    ///         Predicate::Is(Atom::UserAcl { action, .. }) => vec![action.name()],
    ///         Predicate::Is(_) => Vec::new(),
    ///     }
    /// }
    ///
    /// // A member without permissions may read what is shared with them.
    /// let (catalogue, organization) = (Catalogue::built_in(), Uuid::from_u128(2));
    /// let mut guest = Role::empty(RoleName::in_organization("guest", organization));
    /// guest.organizations.push((OwnedId::from(organization), OrganizationPermissions::default()));
    /// let subject = Subject::compile(&catalogue, Id::from("amy"), &[guest], &[], &Scope::everything());
    /// let Filter::When(condition) = filter(&subject, Action::READ, ResourceType::WORKSPACE) else {
    ///     panic!("the filter depends on the row");
    /// };
    /// assert_eq!(granted(&condition), ["read"]);
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The objects of the type to which the subject may do the action.
///
/// [`Filter::matches`] agrees with [`authorize`](crate::authorize) for every object of the type, except for questions
/// about any organization.
///
/// ```
/// use keyfob_rbac::{Action, Catalogue, Filter, Id, ResourceType, RoleName, RoleSettings, Scope, Subject};
/// use keyfob_rbac::{built_in_role, filter};
///
/// let catalogue = Catalogue::built_in();
/// let owner = built_in_role(&catalogue, &RoleName::site("owner"), &RoleSettings::default())?;
/// let subject = Subject::compile(&catalogue, Id::from("someone"), &[owner], &[], &Scope::everything());
/// assert_eq!(filter(&subject, Action::READ, ResourceType::WORKSPACE), Filter::All);
/// # Ok::<(), keyfob_rbac::RoleLookupError>(())
/// ```
pub fn filter(subject: &Subject, action: Action, of: ResourceType) -> Filter {
    if !subject.reach.knows(action, of) {
        return Filter::None;
    }
    let listed = match subject.allow_list_reach(of) {
        AllowReach::All => Filter::All,
        AllowReach::Some(ids) => is_in(ids, Atom::IdIn),
        AllowReach::None => Filter::None,
    };
    let memberships = subject.memberships.sorted();
    let shared = shared(subject, &memberships, action, of);
    all([listed, any([permitted(subject, memberships, action, of), shared])])
}

/// What both roles and scopes permit.
fn permitted(subject: &Subject, memberships: Vec<(OwnedId, &Table)>, action: Action, of: ResourceType) -> Filter {
    let outside = subject.outside.cell(of).permitted;
    if outside.allows(action, false) {
        // If objects of others outside of organizations are permitted, the site level permits it, and so everywhere.
        return Filter::All;
    }
    let own_outside = if outside.allows(action, true) { own_without_organization(subject) } else { Filter::None };
    let inside = Inside::of(subject, memberships, |table| table.cell(of).permitted, action);
    any([own_outside, inside.others, inside.own])
}

/// What access lists permit, within the scopes, to members of the object's organization.
fn shared(subject: &Subject, memberships: &[(OwnedId, &Table)], action: Action, of: ResourceType) -> Filter {
    // Where everything is permitted already, access lists add nothing.
    let gains = |id: &OwnedId, table: &Table| *id != OwnedId::None && !table.cell(of).permitted.allows(action, false);
    let memberships: Vec<_> = memberships.iter().filter(|(id, table)| gains(id, table)).cloned().collect();
    let organizations: Vec<OwnedId> = memberships.iter().map(|(id, _)| id.clone()).collect();
    let granted = GrantedAction { action, name: subject.catalogue.shared_action_name(action) };
    let user = is(Atom::UserAcl { user: subject.id.clone(), action: granted.clone() });
    let groups = is_in(subject.groups.sorted(), |groups| Atom::GroupAcl { groups, action: granted.clone() });
    let everyone = is_in(organizations, |organizations| Atom::EveryoneAcl { organizations, action: granted.clone() });
    let inside = Inside::of(subject, memberships, |table| table.cell(of).by_scope, action);
    all([any([inside.others, inside.own]), any([user, groups, everyone])])
}

/// The organizations in which the action is permitted.
struct Inside {
    /// On all objects.
    others: Filter,
    /// On the subject's own objects only.
    own: Filter,
}

impl Inside {
    fn of(
        subject: &Subject,
        memberships: Vec<(OwnedId, &Table)>,
        permitted: impl Fn(&Table) -> Permitted,
        action: Action,
    ) -> Self {
        let (mut others, mut own) = (Vec::new(), Vec::new());
        for (id, table) in memberships {
            let here = permitted(table);
            if here.allows(action, false) {
                others.push(id);
            } else if here.allows(action, true) {
                own.push(id);
            }
        }
        let owned = all([is_in(own, Atom::OrganizationIn), is(Atom::OwnerIs(subject.id.clone()))]);
        Self { others: is_in(others, Atom::OrganizationIn), own: owned }
    }
}

fn own_without_organization(subject: &Subject) -> Filter {
    all([is(Atom::OwnerIs(subject.id.clone())), is(Atom::OrganizationEmpty)])
}

fn is(atom: Atom) -> Filter {
    Filter::When(Predicate::Is(atom))
}

/// The atom for a set of ids; nothing is in an empty set.
fn is_in(ids: Vec<OwnedId>, atom: impl FnOnce(Vec<OwnedId>) -> Atom) -> Filter {
    if ids.is_empty() { Filter::None } else { is(atom(ids)) }
}

fn all<const N: usize>(parts: [Filter; N]) -> Filter {
    Join::All.of(parts)
}

fn any<const N: usize>(parts: [Filter; N]) -> Filter {
    Join::Any.of(parts)
}

#[derive(Clone, Copy)]
enum Join {
    All,
    Any,
}

impl Join {
    /// Joins the parts into one filter, and folds constants.
    fn of<const N: usize>(self, parts: [Filter; N]) -> Filter {
        let (neutral, absorbing) = match self {
            Self::All => (Filter::All, Filter::None),
            Self::Any => (Filter::None, Filter::All),
        };
        let mut conditions = Vec::new();
        for part in parts {
            match part {
                Filter::When(condition) => self.push(&mut conditions, condition),
                constant if constant == absorbing => return absorbing,
                _ => {}
            }
        }
        if conditions.is_empty() { neutral } else { Filter::When(self.tree(conditions)) }
    }

    fn push(self, conditions: &mut Vec<Predicate>, condition: Predicate) {
        match (self, condition) {
            (Self::All, Predicate::All(inner)) | (Self::Any, Predicate::Any(inner)) => conditions.extend(inner),
            (_, condition) => conditions.push(condition),
        }
    }

    fn tree(self, conditions: Vec<Predicate>) -> Predicate {
        match self {
            Self::All => joined(conditions, Predicate::All),
            Self::Any => factored(conditions),
        }
    }
}

/// At least one of these, with what all of them require looked at once: `(a and b) or (a and c)` is `a and (b or c)`.
fn factored(parts: Vec<Predicate>) -> Predicate {
    let requirements = |part| match part {
        Predicate::All(all) => all,
        other => vec![other],
    };
    let mut parts: Vec<Vec<Predicate>> = parts.into_iter().map(requirements).collect();
    let (Some(first), others) = (parts.first(), parts.get(1..).unwrap_or_default()) else {
        return Predicate::Any(Vec::new());
    };
    let common: Vec<Predicate> =
        first.iter().filter(|required| others.iter().all(|part| part.contains(required))).cloned().collect();
    for part in &mut parts {
        part.retain(|required| !common.contains(required));
    }
    // To one that requires nothing more, the others add nothing.
    if parts.iter().any(Vec::is_empty) {
        return joined(common, Predicate::All);
    }
    let mut differing = Vec::new();
    for part in parts {
        Join::Any.push(&mut differing, joined(part, Predicate::All));
    }
    let mut all = common;
    all.push(joined(differing, Predicate::Any));
    joined(all, Predicate::All)
}

/// The only condition, or all of them together.
fn joined(mut conditions: Vec<Predicate>, join: fn(Vec<Predicate>) -> Predicate) -> Predicate {
    match (conditions.len(), conditions.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            conditions.extend(last);
            join(conditions)
        }
    }
}

impl Filter {
    /// Whether the filter lets an object of its type through.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Catalogue, Filter, Id, Object, ResourceType, Scope, Subject, filter};
    /// use keyfob_rbac::{RoleName, RoleSettings, built_in_role};
    /// use uuid::Uuid;
    ///
    /// let (catalogue, me, organization) = (Catalogue::built_in(), Uuid::from_u128(1), Uuid::from_u128(2));
    /// let name = RoleName::in_organization("organization-workspace-access", organization);
    /// let role = built_in_role(&catalogue, &name, &RoleSettings::default())?;
    /// let subject = Subject::compile(&catalogue, Id::from(me), &[role], &[], &Scope::everything());
    ///
    /// let readable = filter(&subject, Action::READ, ResourceType::WORKSPACE);
    /// let workspace = Object::of(ResourceType::WORKSPACE).in_organization(organization);
    /// assert!(readable.matches(&workspace.owned_by(me)));
    /// assert!(!readable.matches(&workspace.owned_by(Uuid::from_u128(3))));
    /// # Ok::<(), keyfob_rbac::RoleLookupError>(())
    /// ```
    pub fn matches(&self, object: &Object<'_>) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::When(predicate) => predicate.holds(object),
        }
    }
}

impl Predicate {
    fn holds(&self, object: &Object<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(object)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(object)),
            Self::Is(atom) => atom.holds(object),
        }
    }
}

impl Atom {
    fn holds(&self, object: &Object<'_>) -> bool {
        let one_of = |ids: &[OwnedId], id: Id<'_>| ids.iter().any(|known| known.as_id() == id);
        match self {
            Self::IdIn(ids) => one_of(ids, object.id),
            Self::OrganizationIn(ids) => one_of(ids, object.organization),
            Self::OrganizationEmpty => object.organization.is_none(),
            Self::OwnerIs(id) => object.owner == id.as_id(),
            Self::OwnerNotEmpty => !object.owner.is_none(),
            Self::UserAcl { user, action } => object.acl.is_some_and(|acl| acl.user_grant(user.as_id(), action.action)),
            Self::GroupAcl { groups, action } => {
                object.acl.is_some_and(|acl| acl.group_grant(action.action, |group| one_of(groups, group)).is_some())
            }
            Self::EveryoneAcl { organizations, action } => {
                let everyone = |group: Id<'_>| group == object.organization;
                one_of(organizations, object.organization)
                    && object.acl.is_some_and(|acl| acl.group_grant(action.action, everyone).is_some())
            }
        }
    }
}
