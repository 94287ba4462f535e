//! Roles: listing those that can be assigned, assigning them, and the custom roles of organizations.
mod assign;
mod assignable;
mod assigner;
mod custom;
mod editor;
mod member;
mod permissions;

pub use assign::{AssignError, RolesBefore};
pub(crate) use assign::{each_once, require_assigning};
pub use assignable::AssignableRole;
pub(crate) use assigner::{Assigner, may_assign_all_of};
pub use custom::{CustomRoleError, CustomRoleFields, CustomRoleShown, DeleteCustomRoleError, MAX_CUSTOM_ROLES};
pub use editor::{CustomRoleRights, Holding, MatrixRow, MatrixType, RoleMatrix};
pub use member::UpdateMemberRolesError;
pub use permissions::{OtherLevel, RequestedPermission, RequestedPermissions};

use keyfob_rbac::{Object, ResourceType};
use keyfob_store::OrganizationId;

/// The roles of an organization, in decisions on assigning and changing them.
pub(crate) fn roles_object<'a>(organization: OrganizationId) -> Object<'a> {
    Object::of(ResourceType::ASSIGN_ORG_ROLE).in_organization(organization.0)
}
