//! The permissions of custom roles: which may be requested, and which the caller may grant.
use keyfob_rbac::{Catalogue, Object, Permission};
use keyfob_store::{NamedPermission, OrganizationId};

use super::{CustomRoleError, each_once};
use crate::Caller;

/// A permission that a custom role is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedPermission {
    /// The name of the type.
    pub resource_type: String,
    /// The name of the action.
    pub action: String,
    /// Whether it forbids instead of permitting.
    pub is_negative: bool,
}

/// The permissions that a custom role is to have, by level.
#[derive(Clone, Debug, Default)]
pub struct RequestedPermissions {
    /// On everything of the organization: the only level that custom roles have.
    pub organization: Vec<RequestedPermission>,
    /// On everything.
    pub site: Vec<RequestedPermission>,
    /// On the holder's own objects that are in no organization.
    pub user: Vec<RequestedPermission>,
    /// On the holder's own objects of the organization.
    pub organization_member: Vec<RequestedPermission>,
}

/// A level of permissions that custom roles do not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherLevel {
    /// On everything.
    Site,
    /// On the holder's own objects that are in no organization.
    User,
    /// On the holder's own objects of the organization.
    OrganizationMember,
}

impl RequestedPermission {
    fn named(&self) -> NamedPermission {
        NamedPermission { resource_type: self.resource_type.clone(), action: self.action.clone() }
    }
}

impl RequestedPermissions {
    /// The rules that depend on the request alone.
    pub(super) fn check(&self) -> Result<(), CustomRoleError> {
        let other_levels = [
            (&self.site, OtherLevel::Site),
            (&self.user, OtherLevel::User),
            (&self.organization_member, OtherLevel::OrganizationMember),
        ];
        if let Some((_, level)) = other_levels.into_iter().find(|(permissions, _)| !permissions.is_empty()) {
            return Err(CustomRoleError::OtherLevel(level));
        }
        match self.organization.iter().find(|permission| permission.is_negative) {
            Some(negative) => Err(CustomRoleError::Negative(negative.named())),
            None => Ok(()),
        }
    }

    /// The permissions on the organization, each once.
    pub(super) fn of_organization(&self) -> Vec<NamedPermission> {
        each_once(self.organization.iter().map(RequestedPermission::named).collect())
    }

    /// The same without types and actions that the catalogue does not have: a role stays changeable after a type was
    /// removed from the catalogue.
    pub(super) fn known_of_organization(&self, catalogue: &Catalogue) -> Vec<NamedPermission> {
        let is_known = |permission: &NamedPermission| {
            permission.resource_type == "*"
                || Permission::check(catalogue, &permission.resource_type, &permission.action).is_ok()
        };
        self.of_organization().into_iter().filter(is_known).collect()
    }
}

/// A caller grants only permissions that they hold themselves, on a new object of the type in the organization.
pub(super) fn require_held(
    catalogue: &Catalogue,
    caller: &Caller,
    organization: OrganizationId,
    permissions: &[NamedPermission],
) -> Result<(), CustomRoleError> {
    for permission in permissions {
        let NamedPermission { resource_type, action } = permission;
        if resource_type == "*" || action == "*" {
            return Err(CustomRoleError::Wildcard(permission.clone()));
        }
        Permission::check(catalogue, resource_type, action).map_err(CustomRoleError::Invalid)?;
        let known = catalogue.resource_type(resource_type).zip(catalogue.action(action));
        let Some((of, action)) = known else { return Err(CustomRoleError::NotHeld(permission.clone())) };
        if !caller.is_permitted(action, &Object::of(of).in_organization(organization.0)) {
            return Err(CustomRoleError::NotHeld(permission.clone()));
        }
    }
    Ok(())
}
