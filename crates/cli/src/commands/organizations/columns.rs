//! The columns of a table of organizations.
use clap::ValueEnum;
use keyfob_api::organizations::Organization;

use crate::terminal::{
    printing::{Columns, Named},
    table::{Cell, Column, Weight},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OrganizationColumn {
    Id,
    Name,
    #[value(name = "display name")]
    DisplayName,
    Icon,
    Description,
    #[value(name = "created at")]
    CreatedAt,
    #[value(name = "updated at")]
    UpdatedAt,
    Default,
    #[value(name = "default org member roles")]
    DefaultOrgMemberRoles,
}

impl Columns for OrganizationColumn {
    const USUAL: &'static str = "name,display name,id,default";
}

impl Named for Organization {
    fn name(&self) -> String {
        self.name.clone()
    }
}

impl Column<Organization> for OrganizationColumn {
    fn cell(&self, row: &Organization) -> Cell {
        match self {
            Self::Id => row.id.to_string().into(),
            Self::Name => row.name.as_str().into(),
            Self::DisplayName => row.display_name.as_str().into(),
            Self::Icon => row.icon.as_str().into(),
            Self::Description => row.description.as_str().into(),
            Self::CreatedAt => row.created_at.into(),
            Self::UpdatedAt => row.updated_at.into(),
            Self::Default => row.is_default.to_string().into(),
            Self::DefaultOrgMemberRoles => row.default_org_member_roles.join(", ").into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Name => Weight::Key,
            Self::DisplayName | Self::Icon | Self::Description | Self::DefaultOrgMemberRoles => Weight::Wraps,
            Self::Id => Weight::Light,
            Self::CreatedAt | Self::UpdatedAt | Self::Default => Weight::Usual,
        }
    }
}
