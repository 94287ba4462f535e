//! The columns of tables of groups and of their members.
use clap::ValueEnum;
use keyfob_api::groups::{Group, ReducedUser};

use crate::terminal::{printing::Columns, table::Column};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupColumn {
    Name,
    #[value(name = "display name")]
    DisplayName,
    Id,
    Organization,
    Members,
    #[value(name = "avatar url")]
    AvatarUrl,
}

impl Columns for GroupColumn {
    const USUAL: &'static str = "name,display name,members,id";
}

impl Column<Group> for GroupColumn {
    fn cell(&self, row: &Group) -> String {
        match self {
            Self::Name => row.name.clone(),
            Self::DisplayName => row.display_name.clone(),
            Self::Id => row.id.to_string(),
            Self::Organization => row.organization_name.clone(),
            Self::Members => row.total_member_count.to_string(),
            Self::AvatarUrl => row.avatar_url.clone(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum MemberColumn {
    Username,
    Email,
    #[value(name = "user id")]
    UserId,
}

impl Column<ReducedUser> for MemberColumn {
    fn cell(&self, row: &ReducedUser) -> String {
        match self {
            Self::Username => row.username.clone(),
            Self::Email => row.email.clone(),
            Self::UserId => row.id.to_string(),
        }
    }
}
