//! Organizations and their members.
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Time;

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Never changes.
    pub id: Uuid,
    /// Unique without regard to case.
    pub name: String,
    /// The name for people.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// Where a picture is.
    pub icon: String,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Whether new users land here.
    pub is_default: bool,
    /// Roles that every member has besides their own.
    pub default_org_member_roles: Vec<String>,
}

/// A role by name, as users and members carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlimRole {
    /// The role.
    pub name: String,
    /// The name for people.
    pub display_name: String,
    /// Set on organization roles in lists that mix both kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
}

/// A user's membership of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationMember {
    /// The member.
    pub user_id: Uuid,
    /// The organization.
    pub organization_id: Uuid,
    /// When the membership began.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Roles given to this member; implied ones are not listed.
    pub roles: Vec<SlimRole>,
}
