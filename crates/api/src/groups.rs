//! Groups.
use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    time::Time,
    users::{LoginType, UserStatus},
};

/// A group of an organization's members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Group {
    /// The group's id; it never changes. For the group of all members it is the organization's id.
    pub id: Uuid,
    /// Unique in the organization.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// The id of its organization.
    pub organization_id: Uuid,
    /// The members that the caller may see.
    pub members: Vec<ReducedUser>,
    /// The number of all members.
    pub total_member_count: u64,
    /// The address of a picture.
    pub avatar_url: String,
    /// A number that clients may store; Keyfob does not use it.
    pub quota_allowance: i32,
    /// `user` if a user created it, `oidc` if it comes from a provider.
    pub source: String,
    /// The organization's name.
    pub organization_name: String,
    /// The organization's display name.
    pub organization_display_name: String,
}

/// A user as a member of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ReducedUser {
    /// The user's id; it never changes.
    pub id: Uuid,
    /// Unique without regard to case.
    pub username: String,
    /// The display name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub avatar_url: String,
    /// Empty for service accounts.
    pub email: String,
    /// When the user was created.
    pub created_at: Time,
    /// When anything about the user last changed.
    pub updated_at: Time,
    /// When the user last used a key; unset if never.
    pub last_seen_at: Time,
    /// Whether the user may act.
    pub status: UserStatus,
    /// How the user signs in.
    pub login_type: LoginType,
    /// Whether this is a program's account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_service_account: bool,
}

/// `GET …/groups/{group}/members`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct GroupMemberList {
    /// A page of the members, by username.
    pub users: Vec<ReducedUser>,
    /// The number of matching members on all pages; with `after_id`, of those after it.
    pub count: u64,
}

/// `POST /organizations/{organization}/groups`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct CreateGroupRequest {
    /// The group's name; required.
    pub name: String,
    /// The display name.
    pub display_name: String,
    /// The address of a picture.
    pub avatar_url: String,
    /// A number that clients may store; Keyfob does not use it.
    pub quota_allowance: i32,
}

/// `PATCH /groups/{group}`: what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct PatchGroupRequest {
    /// Unique in the organization.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The address of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// A number that clients may store; Keyfob does not use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota_allowance: Option<i32>,
    /// Ids of users to add.
    pub add_users: Vec<String>,
    /// Ids of users to remove.
    pub remove_users: Vec<String>,
}
