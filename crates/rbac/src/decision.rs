//! The decision.
use uuid::Uuid;

use crate::{Acl, Action, Id, Object, Subject, table::Cell};

/// Yes or no. If nothing permits, the decision is no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

impl Decision {
    /// Whether the decision is yes.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::Decision;
    ///
    /// assert!(Decision::Allow.is_allowed());
    /// assert!(!Decision::Deny.is_allowed());
    /// ```
    pub fn is_allowed(self) -> bool {
        self == Self::Allow
    }
}

/// The relation of an object to a subject.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing<'s> {
    /// What is permitted in the object's place.
    pub(crate) cell: &'s Cell,
    /// Whether the subject owns the object, in a place where that counts.
    pub(crate) is_own: bool,
    /// Whether the subject is a member of the object's organization.
    pub(crate) is_member: bool,
    /// Whether the object is in an organization: access lists count for its members.
    pub(crate) in_organization: bool,
}

impl<'s> Standing<'s> {
    #[inline]
    pub(crate) fn of(subject: &'s Subject, object: &Object<'_>) -> Self {
        let of = object.resource_type;
        let owned = object.owner == subject.id.as_id();
        let in_organization = object.any_organization || !object.organization.is_none();
        if object.any_organization {
            let (cell, is_member) = (subject.anywhere.cell(of), !subject.memberships.is_empty());
            return Self { cell, is_own: owned, is_member, in_organization };
        }
        if let Some(table) = subject.memberships.get(object.organization) {
            return Self { cell: table.cell(of), is_own: owned, is_member: true, in_organization };
        }
        let is_own = owned && !in_organization;
        Self { cell: subject.outside.cell(of), is_own, is_member: false, in_organization }
    }

    /// Whether the object's access list counts.
    #[inline]
    pub(crate) fn acl_counts(self) -> bool {
        self.is_member && self.in_organization
    }
}

/// Whether a question asks about any organization and about one at the same time, which has no answer.
#[inline]
pub(crate) fn is_contradictory(object: &Object<'_>) -> bool {
    object.any_organization && !object.organization.is_none() && object.organization != Id::Uuid(Uuid::nil())
}

/// Whether the object's access list permits the action, within the scopes.
#[inline(never)]
fn shared(subject: &Subject, standing: Standing<'_>, action: Action, acl: &Acl, object: &Object<'_>) -> bool {
    if !standing.acl_counts() || !standing.cell.by_scope.allows(action, standing.is_own) {
        return false;
    }
    let is_group = |group: Id<'_>| group == object.organization || subject.groups.contains(group);
    acl.user_grant(subject.id.as_id(), action) || acl.group_grant(action, is_group).is_some()
}

/// Decides whether the subject may do the action to the object. It allocates nothing.
///
/// ```
/// use keyfob_rbac::{Action, Catalogue, Id, Object, ResourceType, RoleName, RoleSettings, Scope, Subject};
/// use keyfob_rbac::{authorize, built_in_role};
///
/// let catalogue = Catalogue::built_in();
/// let auditor = built_in_role(&catalogue, &RoleName::site("auditor"), &RoleSettings::default())?;
/// let subject = Subject::compile(&catalogue, Id::from("someone"), &[auditor], &[], &Scope::everything());
///
/// let log = Object::of(ResourceType::AUDIT_LOG);
/// assert!(authorize(&subject, Action::READ, &log).is_allowed());
/// assert!(!authorize(&subject, Action::CREATE, &log).is_allowed());
/// # Ok::<(), keyfob_rbac::RoleLookupError>(())
/// ```
#[inline]
pub fn authorize(subject: &Subject, action: Action, object: &Object<'_>) -> Decision {
    if is_contradictory(object) || !subject.reach.fits(action, object) {
        return Decision::Deny;
    }
    let standing = Standing::of(subject, object);
    if standing.cell.permitted.allows(action, standing.is_own) {
        return Decision::Allow;
    }
    match object.acl {
        Some(acl) if shared(subject, standing, action, acl, object) => Decision::Allow,
        _ => Decision::Deny,
    }
}
