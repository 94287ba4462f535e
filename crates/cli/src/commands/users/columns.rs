//! The columns of a table of users.
use clap::ValueEnum;
use keyfob_api::users::{User, UserStatus};

use crate::terminal::{printing::Columns, table::Column};

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
    Status,
}

impl Columns for UserColumn {
    const USUAL: &'static str = "username,email,created at,status";
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
    fn cell(&self, row: &User) -> String {
        match self {
            Self::Id => row.id.to_string(),
            Self::Username => row.username.clone(),
            Self::Name => row.name.clone(),
            Self::Email => row.email.clone(),
            Self::CreatedAt => row.created_at.to_string(),
            Self::UpdatedAt => row.updated_at.to_string(),
            Self::Status => status(row.status).to_owned(),
        }
    }
}
