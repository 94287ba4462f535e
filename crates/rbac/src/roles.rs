//! Roles: the built-in ones, and the ones that every member of an organization has.
mod assign;
mod permissions;
mod table;

use uuid::Uuid;

pub use assign::{is_assignable, is_reserved_role_name, is_stored_system_role, may_assign, may_assign_any};

use crate::{Action, Catalogue, OwnedId, Permission, ResourceType, RoleName};
use table::{Row, allow, deny, permissions as expand};

/// A role, expanded to its permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The role's name.
    pub name: RoleName,
    /// Its permissions at the site level: on all objects.
    pub site: Vec<Permission>,
    /// Its permissions at the user level: on the subject's own objects that are in no organization.
    pub user: Vec<Permission>,
    /// Its permissions in organizations. A subject whose role has an entry for an organization, even an empty one, is a
    /// member there.
    pub organizations: Vec<(OwnedId, OrganizationPermissions)>,
}

/// A role's permissions in one organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OrganizationPermissions {
    /// On all objects of the organization.
    pub org: Vec<Permission>,
    /// On the subject's own objects in the organization.
    pub member: Vec<Permission>,
}

impl OrganizationPermissions {
    /// Its permissions of both levels.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = &Permission> {
        self.org.iter().chain(&self.member)
    }
}

impl Role {
    /// A role without permissions.
    ///
    /// # Examples
    /// ```
    /// use keyfob_rbac::{Action, Permission, ResourceType, Role, RoleName};
    ///
    /// let mut reader = Role::empty(RoleName::site("audit-reader"));
    /// reader.site.push(Permission::allow(ResourceType::AUDIT_LOG, Action::READ));
    /// ```
    pub fn empty(name: RoleName) -> Self {
        Self { name, site: Vec::new(), user: Vec::new(), organizations: Vec::new() }
    }

    /// Its permissions of all levels.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = &Permission> {
        let organizations = self.organizations.iter().flat_map(|(_, at)| at.permissions());
        self.site.iter().chain(&self.user).chain(organizations)
    }
}

/// Settings of a deployment that change the permissions of roles.
///
/// # Examples
/// ```
/// use keyfob_rbac::RoleSettings;
///
/// let without_sharing = RoleSettings { workspace_sharing: false, ..RoleSettings::default() };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent settings, none of them a state")]
pub struct RoleSettings {
    /// Whether owners may connect to all workspaces by ssh and applications.
    pub owner_workspace_exec: bool,
    /// Whether workspaces may be shared.
    pub workspace_sharing: bool,
    /// Whether chats may be shared.
    pub chat_sharing: bool,
    /// Whether members have only the minimum of permissions, unless another role adds to it.
    pub minimum_implicit_member: bool,
}

impl Default for RoleSettings {
    fn default() -> Self {
        Self { owner_workspace_exec: true, workspace_sharing: true, chat_sharing: true, minimum_implicit_member: false }
    }
}

/// Whose workspaces may be shared in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShareableWorkspaceOwners {
    /// Those of all users.
    Everyone,
    /// Those of service accounts.
    ServiceAccounts,
    /// None.
    None,
}

/// Why a name is not a built-in role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleLookupError {
    /// The role does not exist.
    #[error("role \"{0}\" not found")]
    NotFound(RoleName),
    /// The role belongs to an organization, and the name has none.
    #[error("expect a org id for role {0:?}")]
    NeedsOrganization(String),
}

/// A built-in role, as data.
struct BuiltIn {
    name: &'static str,
    display_name: &'static str,
    site: &'static [Row],
    user: &'static [Row],
    /// For organization roles: the permissions at the levels organization and member.
    organization: Option<(&'static [Row], &'static [Row])>,
}

use permissions as p;

const BUILT_IN: &[BuiltIn] = &[
    site_role("owner", "Owner", p::OWNER_SITE, &[]),
    site_role("member", "Member", p::MEMBER_SITE, p::MEMBER_USER),
    site_role("auditor", "Auditor", p::AUDITOR_SITE, &[]),
    site_role("template-admin", "Template Admin", p::TEMPLATE_ADMIN_SITE, &[]),
    site_role("user-admin", "User Admin", p::USER_ADMIN_SITE, &[]),
    BuiltIn {
        site: p::ORGANIZATION_ADMIN_SITE,
        ..organization_role("organization-admin", "Organization Admin", p::ORGANIZATION_ADMIN_ORG, &[])
    },
    organization_role("organization-auditor", "Organization Auditor", p::ORGANIZATION_AUDITOR_ORG, &[]),
    BuiltIn {
        site: p::ORGANIZATION_USER_ADMIN_SITE,
        ..organization_role("organization-user-admin", "Organization User Admin", p::ORGANIZATION_USER_ADMIN_ORG, &[])
    },
    organization_role(
        "organization-template-admin",
        "Organization Template Admin",
        p::ORGANIZATION_TEMPLATE_ADMIN_ORG,
        &[],
    ),
    organization_role(
        "organization-workspace-creation-ban",
        "Organization Workspace Creation Ban",
        p::ORGANIZATION_WORKSPACE_CREATION_BAN_ORG,
        &[],
    ),
    organization_role(
        "organization-workspace-access",
        "Organization Workspace Access",
        &[],
        p::ORGANIZATION_WORKSPACE_ACCESS_MEMBER,
    ),
    organization_role("agents-access", "Coder Agents User", &[], p::AGENTS_ACCESS_MEMBER),
];

const fn site_role(
    name: &'static str,
    display_name: &'static str,
    site: &'static [Row],
    user: &'static [Row],
) -> BuiltIn {
    BuiltIn { name, display_name, site, user, organization: None }
}

const fn organization_role(
    name: &'static str,
    display_name: &'static str,
    org: &'static [Row],
    member: &'static [Row],
) -> BuiltIn {
    BuiltIn { name, display_name, site: &[], user: &[], organization: Some((org, member)) }
}

/// The display name of a built-in role.
///
/// # Examples
/// ```
/// use keyfob_rbac::display_name;
///
/// assert_eq!(display_name("user-admin"), Some("User Admin"));
/// assert_eq!(display_name("astronaut"), None);
/// ```
pub fn display_name(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|role| role.name == name).map(|role| role.display_name)
}

/// The names of all built-in roles, each with whether it belongs to an organization. No other role may have one of
/// these names.
///
/// # Examples
/// ```
/// use keyfob_rbac::built_in_role_names;
///
/// let names: Vec<_> = built_in_role_names().collect();
/// assert!(names.contains(&("owner", false)));
/// assert!(names.contains(&("organization-admin", true)));
/// ```
pub fn built_in_role_names() -> impl Iterator<Item = (&'static str, bool)> {
    BUILT_IN.iter().map(|role| (role.name, role.organization.is_some()))
}

/// The built-in role of this name.
///
/// # Errors
/// [`RoleLookupError`] when there is no built-in role of that name and kind.
///
/// # Examples
/// ```
/// use keyfob_rbac::{Action, Catalogue, Permission, ResourceType, RoleLookupError, RoleName, RoleSettings};
/// use keyfob_rbac::built_in_role;
///
/// let (catalogue, settings) = (Catalogue::built_in(), RoleSettings::default());
/// let auditor = built_in_role(&catalogue, &RoleName::site("auditor"), &settings)?;
/// assert!(auditor.site.contains(&Permission::allow(ResourceType::AUDIT_LOG, Action::READ)));
///
/// let name = RoleName::site("organization-admin");
/// let error = built_in_role(&catalogue, &name, &settings).unwrap_err();
/// assert_eq!(error, RoleLookupError::NeedsOrganization("organization-admin".to_owned()));
/// # Ok::<(), RoleLookupError>(())
/// ```
pub fn built_in_role(catalogue: &Catalogue, name: &RoleName, settings: &RoleSettings) -> Result<Role, RoleLookupError> {
    let not_found = || RoleLookupError::NotFound(name.clone());
    let data = BUILT_IN.iter().find(|role| role.name == name.name).ok_or_else(not_found)?;
    let mut role = Role::empty(name.clone());
    role.site = expand(catalogue, data.site);
    role.user = expand(catalogue, data.user);
    match (data.organization, name.organization) {
        (None, None) => {}
        (None, Some(_)) => return Err(not_found()),
        (Some(_), None) => return Err(RoleLookupError::NeedsOrganization(name.name.clone())),
        (Some((org, member)), Some(id)) => {
            let permissions =
                OrganizationPermissions { org: expand(catalogue, org), member: expand(catalogue, member) };
            role.organizations.push((OwnedId::Uuid(id), permissions));
        }
    }
    apply_settings(catalogue, &mut role, *settings);
    catalogue.custom_grants.extend(&mut role);
    Ok(role)
}

fn apply_settings(catalogue: &Catalogue, role: &mut Role, settings: RoleSettings) {
    if role.name.name == "owner" && !settings.owner_workspace_exec {
        let exec = [Action::SSH, Action::APPLICATION_CONNECT].map(|it| Permission::allow(ResourceType::WORKSPACE, it));
        role.site.retain(|permission| !exec.contains(permission));
    }
    if role.name.name == "member" {
        if !settings.workspace_sharing {
            role.site.extend(expand(catalogue, &[deny("workspace", "share")]));
        }
        if !settings.chat_sharing {
            role.site.extend(expand(catalogue, &[deny("chat", "share")]));
        }
    }
}

/// The role that every member of an organization has there, except service accounts.
///
/// # Examples
/// ```
/// use keyfob_rbac::{Action, Catalogue, Id, Object, ResourceType, RoleSettings, Scope, ShareableWorkspaceOwners};
/// use keyfob_rbac::{Subject, authorize, organization_member_role};
/// use uuid::Uuid;
///
/// let (catalogue, me, organization) = (Catalogue::built_in(), Uuid::from_u128(1), Uuid::from_u128(2));
/// let everyone = ShareableWorkspaceOwners::Everyone;
/// let role = organization_member_role(&catalogue, organization, everyone, &RoleSettings::default());
/// let subject = Subject::compile(&catalogue, Id::from(me), &[role], &[], &Scope::everything());
///
/// let own = Object::of(ResourceType::WORKSPACE).owned_by(me).in_organization(organization);
/// assert!(authorize(&subject, Action::CREATE, &own).is_allowed());
/// ```
pub fn organization_member_role(
    catalogue: &Catalogue,
    organization: Uuid,
    owners: ShareableWorkspaceOwners,
    settings: &RoleSettings,
) -> Role {
    let (org, member): (&[Row], &[Row]) = match owners {
        ShareableWorkspaceOwners::Everyone => (&[allow("group", "read"), allow("organization_member", "read")], &[]),
        ShareableWorkspaceOwners::ServiceAccounts => {
            (&[allow("organization_member", "read")], &[deny("workspace", "share")])
        }
        ShareableWorkspaceOwners::None => (&[deny("workspace", "share")], &[deny("workspace", "share")]),
    };
    implied_role(catalogue, "organization-member", organization, *settings, (org, member))
}

/// The role that every service account in an organization has there.
///
/// # Examples
/// ```
/// use keyfob_rbac::{Catalogue, RoleSettings, ShareableWorkspaceOwners, organization_service_account_role};
/// use uuid::Uuid;
///
/// let (catalogue, organization) = (Catalogue::built_in(), Uuid::from_u128(2));
/// let everyone = ShareableWorkspaceOwners::Everyone;
/// let role = organization_service_account_role(&catalogue, organization, everyone, &RoleSettings::default());
/// assert_eq!(role.name.to_string(), format!("organization-service-account:{organization}"));
/// ```
pub fn organization_service_account_role(
    catalogue: &Catalogue,
    organization: Uuid,
    owners: ShareableWorkspaceOwners,
    settings: &RoleSettings,
) -> Role {
    let org: &[Row] = match owners {
        ShareableWorkspaceOwners::Everyone | ShareableWorkspaceOwners::ServiceAccounts => {
            &[allow("group", "read"), allow("organization_member", "read")]
        }
        ShareableWorkspaceOwners::None => &[deny("workspace", "share")],
    };
    implied_role(catalogue, "organization-service-account", organization, *settings, (org, &[]))
}

fn implied_role(
    catalogue: &Catalogue,
    name: &str,
    organization: Uuid,
    settings: RoleSettings,
    (org, member): (&[Row], &[Row]),
) -> Role {
    let mut permissions = OrganizationPermissions {
        org: [expand(catalogue, p::IMPLIED_ORG), expand(catalogue, org)].concat(),
        member: [expand(catalogue, p::IMPLIED_MEMBER), expand(catalogue, member)].concat(),
    };
    if !settings.minimum_implicit_member {
        permissions.member.extend(expand(catalogue, p::ORGANIZATION_WORKSPACE_ACCESS_MEMBER));
    }
    let mut role = Role::empty(RoleName::in_organization(name, organization));
    role.organizations.push((OwnedId::Uuid(organization), permissions));
    catalogue.custom_grants.extend(&mut role);
    role
}

/// The actions of a role in an access list; none if the type has no such role.
///
/// # Examples
/// ```
/// use keyfob_rbac::acl_role_actions;
///
/// assert_eq!(acl_role_actions("template", "use"), Some(["read", "use"].as_slice()));
/// assert_eq!(acl_role_actions("template", "owner"), None);
/// ```
pub fn acl_role_actions(resource_type: &str, role: &str) -> Option<&'static [&'static str]> {
    match (resource_type, role) {
        ("template", "admin") => Some(&["*"]),
        ("template", "use") => Some(&["read", "use"]),
        ("workspace", "admin") => Some(&[
            "application_connect",
            "create",
            "create_agent",
            "delete_agent",
            "read",
            "share",
            "ssh",
            "start",
            "stop",
            "update",
            "update_agent",
        ]),
        ("workspace", "use") => Some(&["application_connect", "read", "ssh", "start", "stop"]),
        ("chat", "read") => Some(&["read"]),
        _ => None,
    }
}
