//! The columns of a table of users.
use clap::ValueEnum;
use keyfob_api::users::{User, UserStatus};

use crate::terminal::{
    printing::{Columns, Named},
    table::{Cell, Column, Weight},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum UserColumn {
    Id,
    Username,
    Name,
    Email,
    #[value(name = "created at")]
    CreatedAt,
    #[value(name = "updated at")]
    UpdatedAt,
    #[value(name = "last seen")]
    LastSeen,
    Status,
    Roles,
}

impl Columns for UserColumn {
    const USUAL: &'static str = "username,email,created at,status";
}

impl Named for User {
    fn name(&self) -> String {
        self.username.clone()
    }
}

/// The name of a status.
pub(super) fn status(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Active => "active",
        UserStatus::Dormant => "dormant",
        UserStatus::Suspended => "suspended",
    }
}

impl Column<User> for UserColumn {
    fn cell(&self, row: &User) -> Cell {
        match self {
            Self::Id => row.id.to_string().into(),
            Self::Username => row.username.as_str().into(),
            Self::Name => row.name.as_str().into(),
            Self::Email => row.email.as_str().into(),
            Self::CreatedAt => row.created_at.into(),
            Self::UpdatedAt => row.updated_at.into(),
            Self::LastSeen => row.last_seen_at.into(),
            Self::Status => status(row.status).into(),
            Self::Roles => row.roles.iter().map(|role| role.name.as_str()).collect::<Vec<_>>().join(", ").into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Username => Weight::Key,
            Self::Name | Self::Email | Self::Roles => Weight::Wraps,
            Self::Id => Weight::Light,
            Self::CreatedAt | Self::UpdatedAt | Self::LastSeen | Self::Status => Weight::Usual,
        }
    }
}
