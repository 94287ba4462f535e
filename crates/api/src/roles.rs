//! Roles and their permissions.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Permits or forbids an action on a type; `*` stands for all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Permission {
    /// Whether it forbids instead of permitting.
    pub negate: bool,
    /// The type.
    pub resource_type: String,
    /// The action.
    pub action: String,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Role {
    /// The role's name; unique among the roles of the deployment or of an organization.
    pub name: String,
    /// The role's organization; none for roles of the deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
    /// The display name.
    pub display_name: String,
    /// What it permits everywhere.
    pub site_permissions: Vec<Permission>,
    /// What it permits on the holder's own objects that are in no organization.
    pub user_permissions: Vec<Permission>,
    /// What it permits on everything of the organization.
    pub organization_permissions: Vec<Permission>,
    /// What it permits on the holder's own objects of the organization.
    pub organization_member_permissions: Vec<Permission>,
}

/// A role that can be assigned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssignableRole {
    /// The role.
    #[serde(flatten)]
    pub role: Role,
    /// Whether the caller may assign it.
    pub assignable: bool,
    /// Whether it is built in.
    pub built_in: bool,
}

/// `POST` and `PUT /organizations/{organization}/members/roles`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct CustomRoleRequest {
    /// The role's name; required.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// Must be empty.
    pub site_permissions: Vec<Permission>,
    /// Must be empty.
    pub user_permissions: Vec<Permission>,
    /// What it permits on everything of the organization.
    pub organization_permissions: Vec<Permission>,
    /// Must be empty.
    pub organization_member_permissions: Vec<Permission>,
}
