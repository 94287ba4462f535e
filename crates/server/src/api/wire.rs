//! From data to the types of the wire.
pub(crate) mod key_header;
pub(crate) mod keys;

use std::collections::HashMap;

use keyfob_api::{
    groups::{Group as WireGroup, ReducedUser},
    organizations::{Organization as WireOrganization, OrganizationMember, OrganizationMemberWithUserData, SlimRole},
    roles::{Permission as WirePermission, Role as WireRole},
    time::Time,
    users::{LoginType as WireLoginType, User as WireUser, UserStatus as WireStatus},
};
use keyfob_authority::{
    data::{CustomRole, KeyLoginType, LoginType, Member, Organization, User, UserStatus},
    groups::GroupView,
    organizations::MemberView,
    users::UserView,
};
use keyfob_rbac::{Catalogue, Permission, Role, display_name};

pub(crate) fn status(status: UserStatus) -> WireStatus {
    match status {
        UserStatus::Active => WireStatus::Active,
        UserStatus::Dormant => WireStatus::Dormant,
        UserStatus::Suspended => WireStatus::Suspended,
    }
}

pub(crate) fn login_type(login_type: LoginType) -> WireLoginType {
    match login_type {
        LoginType::Password => WireLoginType::Password,
        LoginType::Github => WireLoginType::Github,
        LoginType::Oidc => WireLoginType::Oidc,
        LoginType::None => WireLoginType::None,
    }
}

/// In which way a key was begun.
pub(crate) fn key_login_type(login_type: KeyLoginType) -> WireLoginType {
    match login_type {
        KeyLoginType::Password => WireLoginType::Password,
        KeyLoginType::Github => WireLoginType::Github,
        KeyLoginType::Oidc => WireLoginType::Oidc,
        KeyLoginType::Token => WireLoginType::Token,
    }
}

fn slim_role(name: &str) -> SlimRole {
    SlimRole {
        name: name.to_owned(),
        display_name: display_name(name).unwrap_or_default().to_owned(),
        organization_id: None,
    }
}

/// A user.
pub(crate) fn user(view: UserView) -> WireUser {
    let UserView { user, organization_ids } = view;
    WireUser {
        id: user.id.0,
        username: user.username,
        name: user.name,
        avatar_url: user.avatar_url,
        email: user.email,
        created_at: Time(user.created_at),
        updated_at: Time(user.updated_at),
        last_seen_at: user.last_seen_at.map_or(Time::UNSET, Time),
        status: status(user.status),
        login_type: login_type(user.login_type),
        is_service_account: user.is_service_account,
        organization_ids: organization_ids.into_iter().map(|id| id.0).collect(),
        roles: user.roles.iter().map(|name| slim_role(name)).collect(),
        has_ai_seat: false,
    }
}

/// An organization.
pub(crate) fn organization(organization: Organization) -> WireOrganization {
    WireOrganization {
        id: organization.id.0,
        name: organization.name,
        display_name: organization.display_name,
        description: organization.description,
        icon: organization.icon,
        created_at: Time(organization.created_at),
        updated_at: Time(organization.updated_at),
        is_default: organization.is_default,
        default_org_member_roles: organization.default_org_member_roles,
    }
}

/// The display names of an organization's own roles, by their names.
pub(crate) type RoleTitles<'a> = HashMap<&'a str, &'a str>;

/// The display names of these roles.
pub(crate) fn role_titles(custom: &[CustomRole]) -> RoleTitles<'_> {
    custom.iter().map(|role| (role.name.as_str(), role.display_name.as_str())).collect()
}

/// A membership, with the display names of the organization's own roles.
pub(crate) fn member(member: &Member, titles: &RoleTitles<'_>) -> OrganizationMember {
    let role = |name: &String| {
        let slim = slim_role(name);
        let title = titles.get(name.as_str()).map(|title| (*title).to_owned());
        SlimRole {
            organization_id: Some(member.organization_id.0),
            display_name: title.unwrap_or(slim.display_name),
            ..slim
        }
    };
    OrganizationMember {
        user_id: member.user_id.0,
        organization_id: member.organization_id.0,
        created_at: Time(member.created_at),
        updated_at: Time(member.updated_at),
        roles: member.roles.iter().map(role).collect(),
    }
}

/// A member with the user that they are.
pub(crate) fn member_with_user(view: MemberView, titles: &RoleTitles<'_>) -> OrganizationMemberWithUserData {
    let MemberView { user, member } = view;
    OrganizationMemberWithUserData {
        username: user.username,
        name: user.name,
        avatar_url: user.avatar_url,
        email: user.email,
        status: status(user.status),
        login_type: login_type(user.login_type),
        last_seen_at: user.last_seen_at.map_or(Time::UNSET, Time),
        user_created_at: Time(user.created_at),
        user_updated_at: Time(user.updated_at),
        is_service_account: user.is_service_account,
        global_roles: user.roles.iter().map(|name| slim_role(name)).collect(),
        has_ai_seat: false,
        member: self::member(&member, titles),
    }
}

/// A user as groups show one.
pub(crate) fn reduced_user(user: User) -> ReducedUser {
    ReducedUser {
        id: user.id.0,
        username: user.username,
        name: user.name,
        avatar_url: user.avatar_url,
        email: user.email,
        created_at: Time(user.created_at),
        updated_at: Time(user.updated_at),
        last_seen_at: user.last_seen_at.map_or(Time::UNSET, Time),
        status: status(user.status),
        login_type: login_type(user.login_type),
        is_service_account: user.is_service_account,
    }
}

/// A group, with those of its members that the caller may see.
pub(crate) fn group(view: GroupView) -> WireGroup {
    let GroupView { group, organization, members, total_member_count } = view;
    WireGroup {
        id: group.id.0,
        name: group.name,
        display_name: group.display_name,
        organization_id: group.organization_id.0,
        members: members.into_iter().map(reduced_user).collect(),
        total_member_count: u64::try_from(total_member_count).unwrap_or(u64::MAX),
        avatar_url: group.avatar_url,
        quota_allowance: group.quota_allowance,
        source: group.source.as_str().to_owned(),
        organization_name: organization.as_ref().map(|of| of.name.clone()).unwrap_or_default(),
        organization_display_name: organization.map(|of| of.display_name).unwrap_or_default(),
    }
}

/// A role, with what it permits.
pub(crate) fn role(catalogue: &Catalogue, role: &Role, custom: Option<&CustomRole>) -> WireRole {
    let permissions = |of: &[Permission]| -> Vec<WirePermission> {
        let any = || "*".to_owned();
        let wire = |permission: &Permission| WirePermission {
            negate: permission.negate,
            resource_type: permission.resource_type.map_or_else(any, |of| catalogue.type_name(of).to_owned()),
            action: permission.action.map_or_else(any, |action| catalogue.action_name(action).to_owned()),
        };
        of.iter().map(wire).collect()
    };
    let organization = role.organizations.first().map(|(_, permissions)| permissions);
    let display = custom.map(|custom| custom.display_name.as_str()).or(display_name(&role.name.name));
    WireRole {
        name: role.name.name.clone(),
        organization_id: role.name.organization,
        display_name: display.unwrap_or_default().to_owned(),
        site_permissions: permissions(&role.site),
        user_permissions: permissions(&role.user),
        organization_permissions: organization.map(|of| permissions(&of.org)).unwrap_or_default(),
        organization_member_permissions: organization.map(|of| permissions(&of.member)).unwrap_or_default(),
    }
}
