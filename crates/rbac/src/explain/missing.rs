//! The smallest changes that turn a denial into a yes.
use super::Parts;
use crate::{Action, AllowEntry, Catalogue, Id, Level, Object, ResourceType, Vote, table::Rows};

/// One thing to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A scope, to add to the key.
    Scope(String),
    /// An allow-list entry, to add to the key.
    AllowListEntry(String),
    /// A permission, to add to a role of the subject at that level.
    RolePermission(Level, String),
    /// A grant of an action, to add to the object's access list.
    AccessListGrant(String),
}

impl Missing {
    /// `scope`, `allow_list`, `role` or `access_list`.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::Missing;
    ///
    /// assert_eq!(Missing::Scope("workspace:ssh".to_owned()).kind(), "scope");
    /// assert_eq!(Missing::AllowListEntry("workspace:*".to_owned()).kind(), "allow_list");
    /// ```
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Scope(_) => "scope",
            Self::AllowListEntry(_) => "allow_list",
            Self::RolePermission(..) => "role",
            Self::AccessListGrant(_) => "access_list",
        }
    }

    /// What to add.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Level, Missing};
    ///
    /// assert_eq!(Missing::RolePermission(Level::Site, "audit_log:read".to_owned()).add(), "audit_log:read");
    /// ```
    pub fn add(&self) -> String {
        match self {
            Self::Scope(text)
            | Self::AllowListEntry(text)
            | Self::RolePermission(_, text)
            | Self::AccessListGrant(text) => text.clone(),
        }
    }

    /// Details for people.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::Missing;
    ///
    /// let missing = Missing::Scope("workspace:ssh".to_owned());
    /// assert_eq!(missing.detail(), "mint the key with the scope workspace:ssh");
    /// ```
    pub fn detail(&self) -> String {
        match self {
            Self::Scope(name) => format!("mint the key with the scope {name}"),
            Self::AllowListEntry(entry) => format!("mint the key with {entry} in its allow list"),
            Self::RolePermission(level, permission) => match level {
                Level::Site => format!("a deployment-wide role with {permission}"),
                Level::User => format!("a role with {permission} on own objects"),
                Level::Organization => format!("a role with {permission} in the object's organization"),
                Level::Member => format!("a role with {permission} on own objects in the object's organization"),
            },
            Self::AccessListGrant(action) => format!("a grant of {action} in the object's access list"),
        }
    }
}

/// What is missing; none if adding cannot help.
pub(super) fn of(
    catalogue: &Catalogue,
    parts: &Parts<'_>,
    action: Action,
    object: &Object<'_>,
) -> Option<Vec<Missing>> {
    let permission = format!("{}:{}", catalogue.type_name(object.resource_type), catalogue.action_name(action));
    let mut missing = Vec::new();
    if !parts.roles_allow() {
        missing.push(match smallest_level(parts) {
            Some(level) => Missing::RolePermission(level, permission),
            None if can_be_granted(catalogue, parts, object) => {
                Missing::AccessListGrant(catalogue.action_name(action).to_owned())
            }
            None => return None,
        });
    }
    if !parts.scope.allow() {
        if parts.scope.site == Vote::Deny {
            return None;
        }
        missing.push(Missing::Scope(smallest_scope(catalogue, action, object.resource_type)));
    }
    if parts.entry.is_none() {
        missing.push(Missing::AllowListEntry(entry_for(catalogue, object)?.to_string()));
    }
    Some(missing)
}

/// The narrowest level at which one more permission would make the roles say yes.
fn smallest_level(parts: &Parts<'_>) -> Option<Level> {
    let votes = parts.roles;
    if votes.site == Vote::Deny {
        return None;
    }
    let open = Some(Vote::Abstain);
    if votes.user == open {
        Some(Level::User)
    } else if votes.member == open && votes.org != Some(Vote::Deny) {
        Some(Level::Member)
    } else if votes.org == open {
        Some(Level::Organization)
    } else {
        Some(Level::Site)
    }
}

/// Whether an access list could say yes where roles cannot: negative permissions do not reach it.
fn can_be_granted(catalogue: &Catalogue, parts: &Parts<'_>, object: &Object<'_>) -> bool {
    parts.standing.acl_counts() && !object.id.is_none() && catalogue.shape(object.resource_type).has_acl
}

/// Of the scopes that a token may ask for, the one with the fewest permissions that permits this.
fn smallest_scope(catalogue: &Catalogue, action: Action, of: ResourceType) -> String {
    let candidates = catalogue.requestable_scopes().into_iter().filter_map(|name| {
        let permitted = Rows::compile(catalogue, &catalogue.scope_permissions(&name)?);
        permitted.allows(action, of).then(|| (permitted.size(), name))
    });
    candidates.min().map_or_else(|| "coder:all".to_owned(), |(_, name)| name)
}

/// The narrowest allow-list entry that matches an object; none if no entry can name it.
fn entry_for(catalogue: &Catalogue, object: &Object<'_>) -> Option<AllowEntry> {
    let of = Some(object.resource_type).filter(|of| *of != ResourceType::OTHER);
    let id = match object.id {
        Id::None => None,
        id => Some(id),
    };
    AllowEntry::new(catalogue, of, id).ok()
}
