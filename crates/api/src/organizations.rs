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
    /// The organization's id; it never changes.
    pub id: Uuid,
    /// Unique without regard to case.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// A description for people.
    pub description: String,
    /// The address of a picture.
    pub icon: String,
    /// When it was created.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Whether it is the organization of new users.
    pub is_default: bool,
    /// Roles that every member has in addition to their own.
    pub default_org_member_roles: Vec<String>,
}

/// `POST /organizations`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct CreateOrganizationRequest {
    /// The organization's name; required.
    pub name: String,
    /// The display name; if empty, the name.
    pub display_name: String,
    /// A description for people.
    pub description: String,
    /// The address of a picture.
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
    /// The display name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub display_name: String,
    /// A description for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Roles that every member has in addition to their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_org_member_roles: Option<Vec<String>>,
}

/// A role of a user or a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct SlimRole {
    /// The role's name.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// The role's organization, in lists that have roles of both kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
}

/// A member, with details of the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct OrganizationMemberWithUserData {
    /// The user's username.
    pub username: String,
    /// The user's display name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The address of a picture of the user.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub avatar_url: String,
    /// The user's e-mail address.
    pub email: String,
    /// Whether the user may act.
    pub status: UserStatus,
    /// How the user signs in.
    pub login_type: LoginType,
    /// When the user last used a key; unset if never.
    pub last_seen_at: Time,
    /// When the user was created.
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
    /// A page of the members, by username.
    pub members: Vec<OrganizationMemberWithUserData>,
    /// The number of matching members on all pages; with `after_id`, of those after it.
    pub count: u64,
}

/// A user's membership of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct OrganizationMember {
    /// The id of the user.
    pub user_id: Uuid,
    /// The id of the organization.
    pub organization_id: Uuid,
    /// When the membership began.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// Roles assigned to this member, without the default roles.
    pub roles: Vec<SlimRole>,
}
