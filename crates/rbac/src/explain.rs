//! The decision, explained: every vote, and for a denial the smallest change that would allow the action.
mod missing;
mod votes;

pub use missing::Missing;
use votes::Votes;

use crate::{
    Action, AllowEntry, AllowReach, Catalogue, Id, Level, Object, OwnedId, Subject, Vote,
    decision::{Standing, is_contradictory},
};

/// Why something is allowed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The decision; always the same as that of [`authorize`](crate::authorize).
    pub allowed: bool,
    /// One sentence for people.
    pub reason: String,
    /// The checks that were made, in order.
    pub steps: Vec<Step>,
    /// What would have to be added for a yes: all of it together. Empty if the action is allowed, and if adding cannot
    /// help because something forbids it.
    pub missing: Vec<Missing>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The question contradicts itself.
    Contradiction,
    /// The roles' vote at a level.
    Role(Level, Vote),
    /// The grant in the object's access list that permits it, if there is one.
    AccessList(Option<Grant>),
    /// The scopes' vote at a level.
    Scope(Level, Vote),
    /// The allow-list entry that matches the object, if one does.
    AllowList(Option<String>),
}

/// The grantee of an entry in an access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// The subject.
    User,
    /// A group of the subject.
    Group(OwnedId),
    /// All members of the object's organization.
    Everyone,
}

impl Step {
    /// What was checked: `roles`, `access list`, `scopes` or `allow list`.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Level, Step, Vote};
    ///
    /// assert_eq!(Step::Role(Level::Site, Vote::Allow).source(), "roles");
    /// assert_eq!(Step::AllowList(None).source(), "allow list");
    /// ```
    pub fn source(&self) -> &'static str {
        match self {
            Self::Contradiction => "object",
            Self::Role(..) => "roles",
            Self::AccessList(_) => "access list",
            Self::Scope(..) => "scopes",
            Self::AllowList(_) => "allow list",
        }
    }

    /// The level of the roles or scopes; empty for other checks.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Level, Step, Vote};
    ///
    /// assert_eq!(Step::Scope(Level::Organization, Vote::Abstain).level(), "organization");
    /// assert_eq!(Step::AllowList(None).level(), "");
    /// ```
    pub fn level(&self) -> &'static str {
        match self {
            Self::Role(level, _) | Self::Scope(level, _) => level.name(),
            Self::Contradiction | Self::AccessList(_) | Self::AllowList(_) => "",
        }
    }

    /// `allow`, `deny` or `abstain`.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Level, Step, Vote};
    ///
    /// assert_eq!(Step::Role(Level::User, Vote::Deny).vote(), "deny");
    /// assert_eq!(Step::AccessList(None).vote(), "abstain");
    /// ```
    pub fn vote(&self) -> &'static str {
        match self {
            Self::Role(_, Vote::Allow)
            | Self::Scope(_, Vote::Allow)
            | Self::AccessList(Some(_))
            | Self::AllowList(Some(_)) => "allow",
            Self::Role(_, Vote::Deny) | Self::Scope(_, Vote::Deny) | Self::Contradiction | Self::AllowList(None) => {
                "deny"
            }
            Self::Role(_, Vote::Abstain) | Self::Scope(_, Vote::Abstain) | Self::AccessList(None) => "abstain",
        }
    }

    /// Details for people.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::Step;
    ///
    /// let step = Step::AllowList(Some("workspace:*".to_owned()));
    /// assert_eq!(step.detail(), "workspace:* fits the object");
    /// ```
    pub fn detail(&self) -> String {
        match self {
            Self::Contradiction => "any organization and one organization exclude each other".to_owned(),
            Self::Role(_, Vote::Deny) => "a negative permission of a role matches".to_owned(),
            Self::Scope(_, Vote::Deny) => "a negative permission of a scope matches".to_owned(),
            Self::AccessList(Some(Grant::User)) => "it is granted to the user".to_owned(),
            Self::AccessList(Some(Grant::Group(id))) => format!("it is granted to the group {id}"),
            Self::AccessList(Some(Grant::Everyone)) => "it is granted to everybody in the organization".to_owned(),
            Self::AllowList(Some(entry)) => format!("{entry} fits the object"),
            Self::AllowList(None) => "no entry fits the object".to_owned(),
            Self::Role(..) | Self::Scope(..) | Self::AccessList(None) => String::new(),
        }
    }
}

/// The results of the conditions.
#[derive(Clone, Debug)]
struct Parts<'s> {
    standing: Standing<'s>,
    roles: Votes,
    scope: Votes,
    grant: Option<Grant>,
    /// The allow-list entry that matches the object.
    entry: Option<&'s AllowEntry>,
    /// Whether an allow-list entry matches some object of the type.
    lists_type: bool,
}

impl<'s> Parts<'s> {
    fn of(subject: &'s Subject, action: Action, object: &Object<'_>) -> Self {
        let standing = Standing::of(subject, object);
        let mut entries = subject.reach.list.entries().iter();
        Self {
            standing,
            roles: Votes::of(subject, standing, |votes| votes.roles, action, object),
            scope: Votes::of(subject, standing, |votes| votes.scope, action, object),
            grant: grant(subject, standing, action, object),
            entry: entries.find(|entry| entry.fits(object.resource_type, object.id)),
            lists_type: subject.allow_list_reach(object.resource_type) != AllowReach::None,
        }
    }

    fn roles_allow(&self) -> bool {
        self.roles.allow() || self.grant.is_some()
    }

    fn allow(&self) -> bool {
        self.roles_allow() && self.scope.allow() && self.entry.is_some()
    }
}

fn grant(subject: &Subject, standing: Standing<'_>, action: Action, object: &Object<'_>) -> Option<Grant> {
    let acl = object.acl.filter(|_| standing.acl_counts())?;
    if acl.user_grant(subject.id.as_id(), action) {
        return Some(Grant::User);
    }
    let group = acl.group_grant(action, |group| subject.groups.contains(group));
    let everyone = || acl.group_grant(action, |group| group == object.organization);
    group.map(|id| Grant::Group(id.clone())).or_else(|| everyone().map(|_| Grant::Everyone))
}

/// Decides, and gives the reasons.
///
/// ```
/// use keyfob_rbac::{Action, Catalogue, Id, Level, Missing, Object, ResourceType, Scope, Subject, explain};
///
/// let catalogue = Catalogue::built_in();
/// let nobody = Subject::compile(&catalogue, Id::from("someone"), &[], &[], &Scope::everything());
/// let why = explain(&nobody, Action::READ, &Object::of(ResourceType::AUDIT_LOG));
/// assert_eq!(why.missing, [Missing::RolePermission(Level::Site, "audit_log:read".to_owned())]);
/// ```
pub fn explain(subject: &Subject, action: Action, object: &Object<'_>) -> Explanation {
    if is_contradictory(object) {
        let reason = "the question asks about any organization and about one at the same time".to_owned();
        return Explanation { allowed: false, reason, steps: vec![Step::Contradiction], missing: Vec::new() };
    }
    if !subject.reach.knows(action, object.resource_type) {
        let reason = "the type or the action is of another catalogue than the subject".to_owned();
        return Explanation { allowed: false, reason, steps: Vec::new(), missing: Vec::new() };
    }
    let catalogue = &subject.catalogue;
    let parts = Parts::of(subject, action, object);
    Explanation {
        allowed: parts.allow(),
        reason: reason(catalogue, &parts, action, object),
        steps: steps(&parts, object),
        missing: missing::of(catalogue, &parts, action, object).unwrap_or_default(),
    }
}

fn steps(parts: &Parts<'_>, object: &Object<'_>) -> Vec<Step> {
    let mut steps: Vec<Step> = parts.roles.counted().map(|(level, vote)| Step::Role(level, vote)).collect();
    if object.acl.is_some_and(|acl| !acl.is_empty()) {
        steps.push(Step::AccessList(parts.grant.clone()));
    }
    steps.extend(parts.scope.counted().map(|(level, vote)| Step::Scope(level, vote)));
    steps.push(Step::AllowList(parts.entry.map(ToString::to_string)));
    steps
}

fn reason(catalogue: &Catalogue, parts: &Parts<'_>, action: Action, object: &Object<'_>) -> String {
    let permission = format!("{}:{}", catalogue.type_name(object.resource_type), catalogue.action_name(action));
    let against = against(parts, object);
    if !against.is_empty() {
        return format!("{permission} is refused: {}", against.join("; "));
    }
    let by = if parts.roles.allow() { "a role" } else { "the object's access list" };
    format!("{permission} is permitted by {by}, within the key's scopes and allow list")
}

/// The reasons against it, in words.
fn against(parts: &Parts<'_>, object: &Object<'_>) -> Vec<&'static str> {
    let mut against = Vec::new();
    if !parts.roles_allow() {
        let forbidden = parts.roles.any_denies();
        against.push(if forbidden { "a role forbids it" } else { "no role and no access list permits it" });
    }
    if !parts.scope.allow() {
        let forbidden = parts.scope.any_denies();
        against.push(if forbidden { "a scope of the key forbids it" } else { "no scope of the key permits it" });
    }
    if parts.entry.is_none() {
        against.push(match object.id {
            _ if !parts.lists_type => "the key's allow list has no entry for objects of this type",
            Id::None => "the key's allow list names single objects, and this is about no single one",
            Id::Uuid(_) | Id::Text(_) => "the key's allow list does not name the object",
        });
    }
    against
}
