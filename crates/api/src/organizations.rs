//! Organizations and their members.
use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    time::Time,
    users::{LoginType, UserStatus},
};

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
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

/// `POST /organizations`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct CreateOrganizationRequest {
    /// Required.
    pub name: String,
    /// The name for people; the name itself unless said otherwise.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// Where a picture is.
    pub icon: String,
}

/// `PATCH /organizations/{organization}`: what is left out stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct UpdateOrganizationRequest {
    /// Unique without regard to case.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The name for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where a picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Roles that every member has besides their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_org_member_roles: Option<Vec<String>>,
}

/// A role by name, as users and members carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct SlimRole {
    /// The role.
    pub name: String,
    /// The name for people.
    pub display_name: String,
    /// Set on organization roles in lists that mix both kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
}

/// A member with the user that they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct OrganizationMemberWithUserData {
    /// The user's name.
    pub username: String,
    /// The user's name for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where a picture of the user is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub avatar_url: String,
    /// The user's address.
    pub email: String,
    /// Whether the user may act.
    pub status: UserStatus,
    /// How the user signs in.
    pub login_type: LoginType,
    /// When the user last used a key; unset if never.
    pub last_seen_at: Time,
    /// When the user was made.
    pub user_created_at: Time,
    /// When anything about the user last changed.
    pub user_updated_at: Time,
    /// Whether this is a program's account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_service_account: bool,
    /// The user's deployment-wide roles.
    pub global_roles: Vec<SlimRole>,
    /// Always false here; clients insist on the field.
    pub has_ai_seat: bool,
    /// The membership.
    #[serde(flatten)]
    pub member: OrganizationMember,
}

/// `GET /organizations/{organization}/paginated-members`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct MemberList {
    /// A page of those asked for, by username.
    pub members: Vec<OrganizationMemberWithUserData>,
    /// How many there are from `after_id` on.
    pub count: u64,
}

/// A user's membership of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
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
