//! The decision.
use uuid::Uuid;

use crate::{
    Action, Id, Object, Subject, Vote,
    subject::{Levels, OrganizationTables},
};

/// Yes or no. No answer counts as no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// Yes.
    Allow,
    /// No.
    Deny,
}

impl Decision {
    /// Whether it is yes.
    pub fn is_allowed(self) -> bool {
        self == Self::Allow
    }
}

/// The votes at all levels; one that does not count abstains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Votes {
    pub(crate) site: Vote,
    pub(crate) user: Vote,
    pub(crate) org: Vote,
    pub(crate) member: Vote,
}

impl Votes {
    /// What the votes come to.
    #[inline]
    pub(crate) fn allow(self) -> bool {
        match self.site {
            Vote::Allow => true,
            Vote::Deny => false,
            Vote::Abstain => {
                self.user == Vote::Allow
                    || self.org == Vote::Allow
                    || self.org != Vote::Deny && self.member == Vote::Allow
            }
        }
    }
}

/// How an object stands to a subject: which levels count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing<'s> {
    pub(crate) user_counts: bool,
    pub(crate) member_counts: bool,
    /// What roles and scopes permit in the object's organization; none where the subject is no member.
    pub(crate) tables: Option<(&'s OrganizationTables, &'s OrganizationTables)>,
    pub(crate) is_member: bool,
}

/// Asking about any organization and about one at the same time has no answer.
#[inline]
pub(crate) fn is_contradictory(object: &Object<'_>) -> bool {
    object.any_organization && !object.organization.is_none() && object.organization != Id::Uuid(Uuid::nil())
}

#[inline]
pub(crate) fn standing<'s>(subject: &'s Subject, object: &Object<'_>) -> Standing<'s> {
    let owned = object.owner == subject.id.as_id();
    let user_counts = owned && object.organization.is_none() && !object.any_organization;
    if object.any_organization {
        let is_member = !subject.memberships.is_empty();
        let tables = is_member.then_some((&subject.roles.any, &subject.scope.any));
        return Standing { user_counts, member_counts: owned && !object.owner.is_none(), tables, is_member };
    }
    let membership = if object.organization.is_none() { None } else { subject.memberships.get(object.organization) };
    Standing {
        user_counts,
        member_counts: owned && !object.owner.is_none(),
        tables: membership.map(|membership| (&membership.roles, &membership.scope)),
        is_member: membership.is_some(),
    }
}

#[inline]
pub(crate) fn votes(
    levels: &Levels,
    organization: Option<&OrganizationTables>,
    standing: Standing<'_>,
    action: Action,
    object: &Object<'_>,
) -> Votes {
    let of = object.resource_type;
    let site = levels.site.vote(action, of);
    let user = if standing.user_counts { levels.user.vote(action, of) } else { Vote::Abstain };
    let (org, member) = organization.map_or((Vote::Abstain, Vote::Abstain), |tables| {
        let member = if standing.member_counts { tables.member.vote(action, of) } else { Vote::Abstain };
        (tables.org.vote(action, of), member)
    });
    Votes { site, user, org, member }
}

/// Whether the object's access list lets the subject do it: that takes membership.
#[inline]
pub(crate) fn acl_allows(subject: &Subject, is_member: bool, action: Action, object: &Object<'_>) -> bool {
    let Some(acl) = object.acl.filter(|_| is_member) else { return false };
    let is_group = |group: Id<'_>| group == object.organization || subject.groups.contains(group);
    acl.permits_user(subject.id.as_id(), action) || acl.permits_group(action, is_group)
}

/// Decides whether the subject may do that to the object. It allocates nothing.
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
    if is_contradictory(object) || !subject.reach.fits(object.resource_type, object.id) {
        return Decision::Deny;
    }
    let standing = standing(subject, object);
    let (role_tables, scope_tables) = standing.tables.unzip();
    if !votes(&subject.scope, scope_tables, standing, action, object).allow() {
        return Decision::Deny;
    }
    let by_role = votes(&subject.roles, role_tables, standing, action, object).allow();
    if by_role || acl_allows(subject, standing.is_member, action, object) { Decision::Allow } else { Decision::Deny }
}
