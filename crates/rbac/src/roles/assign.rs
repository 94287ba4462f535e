//! Which roles may assign which roles.
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

/// Every role of the deployment that can be assigned.
const SITE_ROLES: &[&str] = &["auditor", "custom-site-role", "member", "owner", "template-admin", "user-admin"];

/// The roles that each role may assign and remove. No role may assign `organization-service-account`.
const MATRIX: &[(&str, &[&[&str]])] = &[
    ("owner", &[SITE_ROLES, ORGANIZATION_ROLES]),
    (SYSTEM, &[SITE_ROLES, ORGANIZATION_ROLES]),
    ("user-admin", &[&["agents-access", "member", "organization-member", "organization-workspace-access"]]),
    ("organization-admin", &[ORGANIZATION_ROLES]),
    ("organization-user-admin", &[&["agents-access", "organization-member", "organization-workspace-access"]]),
];

/// The roles of every member and of every service account, which the matrix names in addition to the built-in ones.
const STORED_SYSTEM_ROLES: [&str; 2] = ["organization-member", "organization-service-account"];

/// The role of the server's own work; a role of an organization with that name does not count.
const SYSTEM: &str = "system";

/// Whether one of the roles `actor` may assign and remove the role `target`.
///
/// An organization role may assign only roles of the same organization, a role of the deployment those of all. Roles
/// that are not built in are looked up as custom roles of their kind.
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

/// Whether the role may assign any role at all. Only such roles of a subject matter to [`may_assign`].
///
/// # Examples
/// ```
/// use keyfob_rbac::{RoleName, may_assign_any};
///
/// assert!(may_assign_any(&RoleName::site("user-admin")));
/// assert!(!may_assign_any(&RoleName::site("auditor")));
/// ```
pub fn may_assign_any(role: &RoleName) -> bool {
    let is_meant = role.organization.is_none() || role.name != SYSTEM;
    is_meant && MATRIX.iter().any(|(name, _)| *name == role.name)
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

/// Whether a custom role may not have this name: it is the name of a built-in role, or of the server's own role.
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

/// Whether every organization has a role of that name, in addition to the built-in ones.
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

/// Whether it is a built-in role of the right kind.
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
