//! The decision as a filter of lists: taken once per subject, action and type, it leaves a condition on the rows.
use std::sync::Arc;

use crate::{
    Action, Id, Object, OwnedId, ResourceType, Subject, Vote,
    subject::{Levels, Membership, OrganizationTables},
};

/// Which objects of a type an action is permitted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of them: no condition.
    All,
    /// None of them: no query.
    None,
    /// Those that match.
    When(Predicate),
}

/// A condition on an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// Every part holds.
    All(Vec<Self>),
    /// Some part holds.
    Any(Vec<Self>),
    /// This holds.
    Is(Atom),
}

/// The simplest conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Atom {
    /// The object's id is one of these.
    IdIn(Vec<OwnedId>),
    /// The object is in one of these organizations.
    OrganizationIn(Vec<OwnedId>),
    /// The object is in no organization.
    OrganizationEmpty,
    /// This is the object's owner.
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
    /// The object is in one of these organizations, and its access list grants the action to everybody there.
    EveryoneAcl {
        /// The organizations.
        organizations: Vec<OwnedId>,
        /// The action.
        action: GrantedAction,
    },
}

/// An action that access lists are asked for; they may grant it by name or by `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedAction {
    action: Action,
    name: Arc<str>,
}

impl GrantedAction {
    /// The action's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Which objects of the type the subject may do that to.
///
/// For every object of the type that does not ask about any organization, [`Filter::matches`] says what
/// [`authorize`](crate::authorize) decides.
pub fn filter(subject: &Subject, action: Action, of: ResourceType) -> Filter {
    let listed = subject.reach.ids_of(of).map_or(Filter::All, |ids| is_in(ids, Atom::IdIn));
    let scope = half(subject, &subject.scope, |membership| &membership.scope, action, of);
    let roles = half(subject, &subject.roles, |membership| &membership.roles, action, of);
    all([listed, scope, any([roles, acl(subject, action)])])
}

/// What one side, roles or scope, permits.
fn half(
    subject: &Subject,
    levels: &Levels,
    side: impl Fn(&Membership) -> &OrganizationTables,
    action: Action,
    of: ResourceType,
) -> Filter {
    match levels.site.vote(action, of) {
        Vote::Allow => return Filter::All,
        Vote::Deny => return Filter::None,
        Vote::Abstain => {}
    }
    let organizations = |counts: &dyn Fn(&OrganizationTables) -> bool| {
        let counting = subject.memberships.sorted().into_iter().filter(|(_, membership)| counts(side(membership)));
        let ids = counting.map(|(id, _)| id).filter(|id| *id != OwnedId::None).collect();
        is_in(ids, Atom::OrganizationIn)
    };
    let own = || is(Atom::OwnerIs(subject.id.clone()));
    let user = match levels.user.vote(action, of) {
        Vote::Allow => all([own(), is(Atom::OrganizationEmpty)]),
        Vote::Deny | Vote::Abstain => Filter::None,
    };
    let org = organizations(&|tables| tables.org.vote(action, of) == Vote::Allow);
    let member = organizations(&|tables| {
        tables.org.vote(action, of) != Vote::Deny && tables.member.vote(action, of) == Vote::Allow
    });
    any([user, org, all([member, own(), is(Atom::OwnerNotEmpty)])])
}

/// What access lists permit: that takes membership of the object's organization.
fn acl(subject: &Subject, action: Action) -> Filter {
    let organizations: Vec<OwnedId> =
        subject.memberships.sorted().into_iter().map(|(id, _)| id).filter(|id| *id != OwnedId::None).collect();
    let action = GrantedAction { action, name: subject.catalogue.shared_action_name(action) };
    let user = is(Atom::UserAcl { user: subject.id.clone(), action: action.clone() });
    let groups = is_in(subject.groups.sorted(), |groups| Atom::GroupAcl { groups, action: action.clone() });
    let everyone =
        is_in(organizations.clone(), |organizations| Atom::EveryoneAcl { organizations, action: action.clone() });
    all([is_in(organizations, Atom::OrganizationIn), any([user, groups, everyone])])
}

fn is(atom: Atom) -> Filter {
    Filter::When(Predicate::Is(atom))
}

/// Membership in an empty set is false.
fn is_in(ids: Vec<OwnedId>, atom: impl FnOnce(Vec<OwnedId>) -> Atom) -> Filter {
    if ids.is_empty() { Filter::None } else { is(atom(ids)) }
}

fn all<const N: usize>(parts: [Filter; N]) -> Filter {
    let mut conditions = Vec::new();
    for part in parts {
        match part {
            Filter::All => {}
            Filter::None => return Filter::None,
            Filter::When(Predicate::All(inner)) => conditions.extend(inner),
            Filter::When(condition) => conditions.push(condition),
        }
    }
    match (conditions.len(), conditions.pop()) {
        (_, None) => Filter::All,
        (1, Some(only)) => Filter::When(only),
        (_, Some(last)) => {
            conditions.push(last);
            Filter::When(Predicate::All(conditions))
        }
    }
}

fn any<const N: usize>(parts: [Filter; N]) -> Filter {
    let mut conditions = Vec::new();
    for part in parts {
        match part {
            Filter::All => return Filter::All,
            Filter::None => {}
            Filter::When(Predicate::Any(inner)) => conditions.extend(inner),
            Filter::When(condition) => conditions.push(condition),
        }
    }
    match (conditions.len(), conditions.pop()) {
        (_, None) => Filter::None,
        (1, Some(only)) => Filter::When(only),
        (_, Some(last)) => {
            conditions.push(last);
            Filter::When(Predicate::Any(conditions))
        }
    }
}

impl Filter {
    /// Whether an object of the filter's type passes.
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
            Self::UserAcl { user, action } => object.acl.is_some_and(|acl| acl.permits_user(user.as_id(), action.action)),
            Self::GroupAcl { groups, action } => {
                object.acl.is_some_and(|acl| acl.permits_group(action.action, |group| one_of(groups, group)))
            }
            Self::EveryoneAcl { organizations, action } => {
                let everyone = |group: Id<'_>| group == object.organization;
                one_of(organizations, object.organization)
                    && object.acl.is_some_and(|acl| acl.permits_group(action.action, everyone))
            }
        }
    }
}
