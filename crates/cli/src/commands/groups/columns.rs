//! The columns of tables of groups and of their members.
use clap::ValueEnum;
use keyfob_api::groups::{Group, ReducedUser};

use crate::terminal::{
    printing::{Columns, Named},
    table::{Cell, Column, Weight},
};

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

impl Named for Group {
    fn name(&self) -> String {
        self.name.clone()
    }
}

impl Column<Group> for GroupColumn {
    fn cell(&self, row: &Group) -> Cell {
        match self {
            Self::Name => row.name.as_str().into(),
            Self::DisplayName => row.display_name.as_str().into(),
            Self::Id => row.id.to_string().into(),
            Self::Organization => row.organization_name.as_str().into(),
            Self::Members => row.total_member_count.to_string().into(),
            Self::AvatarUrl => row.avatar_url.as_str().into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Name => Weight::Key,
            Self::DisplayName | Self::AvatarUrl => Weight::Wraps,
            Self::Id => Weight::Light,
            Self::Organization | Self::Members => Weight::Usual,
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
    fn cell(&self, row: &ReducedUser) -> Cell {
        match self {
            Self::Username => row.username.as_str().into(),
            Self::Email => row.email.as_str().into(),
            Self::UserId => row.id.to_string().into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Username => Weight::Key,
            Self::Email => Weight::Wraps,
            Self::UserId => Weight::Light,
        }
    }
}
