//! Roles, and what they permit.
use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;
use uuid::Uuid;

/// Allows, or forbids, an action on a type; `*` stands for every one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct Permission {
    /// Forbids in place of allowing.
    pub negate: bool,
    /// The type.
    pub resource_type: String,
    /// The action.
    pub action: String,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Role {
    /// Unique in its place.
    pub name: String,
    /// The organization whose role it is; none for deployment-wide ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
    /// The name for people.
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

/// A role that there is to give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct AssignableRole {
    /// The role.
    #[serde(flatten)]
    pub role: Role,
    /// Whether whoever asks may give it.
    pub assignable: bool,
    /// Whether every deployment has it.
    pub built_in: bool,
}

/// `POST` and `PUT /organizations/{organization}/members/roles`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct CustomRoleRequest {
    /// Required; names the role from then on.
    pub name: String,
    /// The name for people.
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
