//! The columns of a table of organizations.
use clap::ValueEnum;
use keyfob_api::organizations::Organization;

use crate::terminal::{printing::Columns, table::Column};

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

impl Column<Organization> for OrganizationColumn {
    fn cell(&self, row: &Organization) -> String {
        match self {
            Self::Id => row.id.to_string(),
            Self::Name => row.name.clone(),
            Self::DisplayName => row.display_name.clone(),
            Self::Icon => row.icon.clone(),
            Self::Description => row.description.clone(),
            Self::CreatedAt => row.created_at.to_string(),
            Self::UpdatedAt => row.updated_at.to_string(),
            Self::Default => row.is_default.to_string(),
            Self::DefaultOrgMemberRoles => row.default_org_member_roles.join(", "),
        }
    }
}
