//! The decision, explained: every vote, and for a denial the smallest change that would allow it.
mod missing;

pub use missing::Missing;

use crate::{
    Action, Catalogue, Id, Object, Subject, Vote, authorize,
    decision::{Votes, acl_allows, is_contradictory, standing, votes},
};

/// Why something is allowed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The decision, always the same as [`authorize`]'s.
    pub allowed: bool,
    /// One sentence for people.
    pub reason: String,
    /// What was looked at, in order.
    pub steps: Vec<Step>,
    /// What to add for a yes: all of it together, and nothing less. Empty when it is allowed, and when adding cannot
    /// help because something forbids it.
    pub missing: Vec<Missing>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The question contradicts itself.
    Contradiction,
    /// The roles' vote at a level.
    Role(Level, Vote),
    /// Whether the object's access list grants it.
    AccessList(bool),
    /// The scopes' vote at a level.
    Scope(Level, Vote),
    /// The allow-list entry that fits the object, if one does.
    AllowList(Option<String>),
}

/// Where permissions apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Everywhere.
    Site,
    /// On own objects that are in no organization.
    User,
    /// On everything of the object's organization.
    Organization,
    /// On own objects of the object's organization.
    Member,
}

impl Level {
    /// The level's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::User => "user",
            Self::Organization => "organization",
            Self::Member => "member",
        }
    }
}

impl Step {
    /// What was asked.
    pub fn source(&self) -> &'static str {
        match self {
            Self::Contradiction => "object",
            Self::Role(..) => "roles",
            Self::AccessList(_) => "access list",
            Self::Scope(..) => "scopes",
            Self::AllowList(_) => "allow list",
        }
    }

    /// The level of the roles or scopes; empty where there is none.
    pub fn level(&self) -> &'static str {
        match self {
            Self::Role(level, _) | Self::Scope(level, _) => level.name(),
            Self::Contradiction | Self::AccessList(_) | Self::AllowList(_) => "",
        }
    }

    /// `allow`, `deny` or `abstain`.
    pub fn vote(&self) -> &'static str {
        match self {
            Self::Role(_, Vote::Allow) | Self::Scope(_, Vote::Allow) | Self::AccessList(true) | Self::AllowList(Some(_)) => {
                "allow"
            }
            Self::Role(_, Vote::Deny) | Self::Scope(_, Vote::Deny) | Self::Contradiction | Self::AllowList(None) => "deny",
            Self::Role(_, Vote::Abstain) | Self::Scope(_, Vote::Abstain) | Self::AccessList(false) => "abstain",
        }
    }

    /// More for people.
    pub fn detail(&self) -> String {
        match self {
            Self::Contradiction => "any organization and one organization exclude each other".to_owned(),
            Self::Role(_, Vote::Deny) => "a negative permission of a role matches".to_owned(),
            Self::Scope(_, Vote::Deny) => "a negative permission of a scope matches".to_owned(),
            Self::AllowList(Some(entry)) => format!("{entry} fits the object"),
            Self::AllowList(None) => "no entry fits the object".to_owned(),
            Self::Role(..) | Self::Scope(..) | Self::AccessList(_) => String::new(),
        }
    }
}

/// What each of the three conditions came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    pub(crate) roles: Votes,
    pub(crate) scope: Votes,
    pub(crate) by_acl: bool,
    pub(crate) listed: bool,
    pub(crate) is_member: bool,
    pub(crate) user_counts: bool,
    pub(crate) member_counts: bool,
}

impl Parts {
    fn of(subject: &Subject, action: Action, object: &Object<'_>) -> Self {
        let standing = standing(subject, object);
        let (role_tables, scope_tables) = standing.tables.unzip();
        Self {
            roles: votes(&subject.roles, role_tables, standing, action, object),
            scope: votes(&subject.scope, scope_tables, standing, action, object),
            by_acl: acl_allows(subject, standing.is_member, action, object),
            listed: subject.reach.fits(object.resource_type, object.id),
            is_member: standing.is_member,
            user_counts: standing.user_counts,
            member_counts: standing.member_counts,
        }
    }

    pub(crate) fn roles_allow(self) -> bool {
        self.roles.allow() || self.by_acl
    }
}

/// Decides, and says why.
pub fn explain(catalogue: &Catalogue, subject: &Subject, action: Action, object: &Object<'_>) -> Explanation {
    let allowed = authorize(subject, action, object).is_allowed();
    if is_contradictory(object) {
        let reason = "the question asks about any organization and about one at the same time".to_owned();
        return Explanation { allowed, reason, steps: vec![Step::Contradiction], missing: Vec::new() };
    }
    let parts = Parts::of(subject, action, object);
    let missing = missing::of(catalogue, parts, action, object);
    Explanation {
        allowed,
        reason: reason(catalogue, parts, action, object),
        steps: steps(catalogue, subject, parts, object),
        missing: missing.unwrap_or_default(),
    }
}

fn steps(catalogue: &Catalogue, subject: &Subject, parts: Parts, object: &Object<'_>) -> Vec<Step> {
    let at = |step: fn(Level, Vote) -> Step, votes: Votes| {
        let mut steps = vec![step(Level::Site, votes.site)];
        if parts.user_counts {
            steps.push(step(Level::User, votes.user));
        }
        if parts.is_member {
            steps.push(step(Level::Organization, votes.org));
        }
        if parts.is_member && parts.member_counts {
            steps.push(step(Level::Member, votes.member));
        }
        steps
    };
    let mut steps = at(Step::Role, parts.roles);
    if object.acl.is_some_and(|acl| !acl.is_empty()) {
        steps.push(Step::AccessList(parts.by_acl));
    }
    steps.extend(at(Step::Scope, parts.scope));
    let asked = missing::entry_for(catalogue, object);
    let entry = subject.reach.list.entries().iter().find(|entry| parts.listed && entry.contains(&asked));
    steps.push(Step::AllowList(entry.map(ToString::to_string)));
    steps
}

fn reason(catalogue: &Catalogue, parts: Parts, action: Action, object: &Object<'_>) -> String {
    let permission = format!("{}:{}", catalogue.type_name(object.resource_type), catalogue.action_name(action));
    let mut against: Vec<&str> = Vec::new();
    if !parts.roles_allow() {
        let forbidden = [parts.roles.site, parts.roles.org, parts.roles.member, parts.roles.user].contains(&Vote::Deny);
        against.push(if forbidden { "a role forbids it" } else { "no role and no access list permits it" });
    }
    if !parts.scope.allow() {
        against.push("no scope of the key permits it");
    }
    if !parts.listed {
        against.push(match object.id {
            Id::None => "the key's allow list names single objects, and this is about no single one",
            Id::Uuid(_) | Id::Text(_) => "the key's allow list does not name the object",
        });
    }
    match against.as_slice() {
        [] if parts.roles.allow() => format!("{permission} is permitted by a role, within the key's scopes and allow list"),
        [] => format!("{permission} is permitted by the object's access list, within the key's scopes and allow list"),
        reasons => format!("{permission} is refused: {}", reasons.join("; ")),
    }
}
