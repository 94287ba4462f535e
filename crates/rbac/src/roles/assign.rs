//! Which roles may assign which.
use super::BUILT_IN;
use crate::RoleName;

/// Every organization role that can be assigned.
const ORGANIZATION_ROLES: &[&str] = &[
    "agents-access",
    "custom-organization-role",
    "organization-admin",
    "organization-auditor",
    "organization-member",
    "organization-template-admin",
    "organization-user-admin",
    "organization-workspace-access",
    "organization-workspace-creation-ban",
];

/// Every deployment-wide role that can be assigned.
const SITE_ROLES: &[&str] = &["auditor", "custom-site-role", "member", "owner", "template-admin", "user-admin"];

/// What each role may assign and remove; `organization-service-account` is nobody's to give.
const MATRIX: &[(&str, &[&[&str]])] = &[
    ("owner", &[SITE_ROLES, ORGANIZATION_ROLES]),
    (SYSTEM, &[SITE_ROLES, ORGANIZATION_ROLES]),
    ("user-admin", &[&["agents-access", "member", "organization-member", "organization-workspace-access"]]),
    ("organization-admin", &[ORGANIZATION_ROLES]),
    ("organization-user-admin", &[&["agents-access", "organization-member", "organization-workspace-access"]]),
];

/// What every member has, and every service account: roles that the matrix knows besides the built-in ones.
const STORED_SYSTEM_ROLES: [&str; 2] = ["organization-member", "organization-service-account"];

/// What the server itself acts as; an organization's own role of that name is not meant.
const SYSTEM: &str = "system";

/// Whether one of these roles may assign, or remove, that one.
///
/// An organization role counts only for roles of the same organization, a deployment-wide one for all. Roles that are
/// not built in are looked up as custom ones of their kind.
///
/// # Examples
/// ```
/// use keyfob_rbac::{RoleName, may_assign};
/// use uuid::Uuid;
///
/// assert!(may_assign(&[RoleName::site("owner")], &RoleName::site("auditor")));
/// assert!(!may_assign(&[RoleName::site("user-admin")], &RoleName::site("owner")));
///
/// let (here, there) = (Uuid::from_u128(2), Uuid::from_u128(3));
/// let admin = [RoleName::in_organization("organization-admin", here)];
/// assert!(may_assign(&admin, &RoleName::in_organization("organization-auditor", here)));
/// assert!(!may_assign(&admin, &RoleName::in_organization("organization-auditor", there)));
/// ```
pub fn may_assign(actor: &[RoleName], target: &RoleName) -> bool {
    actor.iter().any(|role| {
        let in_reach = role.organization.is_none() || role.organization == target.organization;
        let is_meant = role.organization.is_none() || role.name != SYSTEM;
        in_reach
            && is_meant
            && MATRIX.iter().any(|(name, lists)| *name == role.name && lists.iter().any(|list| holds(list, target)))
    })
}

fn holds(list: &[&str], target: &RoleName) -> bool {
    let is_known =
        BUILT_IN.iter().any(|role| role.name == target.name) || STORED_SYSTEM_ROLES.contains(&target.name.as_str());
    let name = match target.organization {
        _ if is_known => target.name.as_str(),
        Some(_) => "custom-organization-role",
        None => "custom-site-role",
    };
    list.contains(&name)
}

/// Whether no organization may call a role of its own like that: it is the name of a built-in role, or of what the
/// server itself acts as.
///
/// # Examples
/// ```
/// use keyfob_rbac::is_reserved_role_name;
///
/// assert!(is_reserved_role_name("Owner"));
/// assert!(is_reserved_role_name("system"));
/// assert!(!is_reserved_role_name("template-reader"));
/// ```
pub fn is_reserved_role_name(name: &str) -> bool {
    BUILT_IN.iter().map(|role| role.name).chain([SYSTEM]).any(|reserved| reserved.eq_ignore_ascii_case(name))
}

/// Whether every organization has a role of that name from the beginning, besides the built-in ones.
///
/// # Examples
/// ```
/// use keyfob_rbac::is_stored_system_role;
///
/// assert!(is_stored_system_role("organization-member"));
/// assert!(!is_stored_system_role("organization-admin"));
/// ```
pub fn is_stored_system_role(name: &str) -> bool {
    STORED_SYSTEM_ROLES.iter().any(|stored| stored.eq_ignore_ascii_case(name))
}

/// Whether there is a built-in role of that name and kind.
///
/// # Examples
/// ```
/// use keyfob_rbac::{RoleName, is_assignable};
/// use uuid::Uuid;
///
/// assert!(is_assignable(&RoleName::site("auditor")));
/// assert!(!is_assignable(&RoleName::in_organization("auditor", Uuid::from_u128(2))));
/// ```
pub fn is_assignable(role: &RoleName) -> bool {
    BUILT_IN.iter().any(|known| known.name == role.name && known.organization.is_some() == role.organization.is_some())
}
