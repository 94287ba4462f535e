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
    /// Never changes; the organization's own id for the group of all its members.
    pub id: Uuid,
    /// Unique in the organization.
    pub name: String,
    /// The name for people.
    pub display_name: String,
    /// Whose members it gathers.
    pub organization_id: Uuid,
    /// Those of them that whoever asks may see.
    pub members: Vec<ReducedUser>,
    /// How many there are.
    pub total_member_count: u64,
    /// Where a picture is.
    pub avatar_url: String,
    /// What clients want to keep with it.
    pub quota_allowance: i32,
    /// `user`: somebody made it.
    pub source: String,
    /// The organization's name.
    pub organization_name: String,
    /// The organization's name for people.
    pub organization_display_name: String,
}

/// A user as groups show one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ReducedUser {
    /// Never changes.
    pub id: Uuid,
    /// Unique without regard to case.
    pub username: String,
    /// The name for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Where a picture is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub avatar_url: String,
    /// Empty for service accounts.
    pub email: String,
    /// When the user was made.
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
    /// A page of those asked for, by username.
    pub users: Vec<ReducedUser>,
    /// How many there are from `after_id` on.
    pub count: u64,
}

/// `POST /organizations/{organization}/groups`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct CreateGroupRequest {
    /// Required.
    pub name: String,
    /// The name for people.
    pub display_name: String,
    /// Where a picture is.
    pub avatar_url: String,
    /// What clients want to keep with it.
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
    /// The name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Where a picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// What clients want to keep with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota_allowance: Option<i32>,
    /// Ids of users to put in.
    pub add_users: Vec<String>,
    /// Ids of users to take out.
    pub remove_users: Vec<String>,
}
