//! The columns of a table of resources.
use clap::ValueEnum;
use keyfob_api::resources::Resource;
use uuid::Uuid;

use crate::terminal::{printing::Columns, table::Column};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ResourceColumn {
    Id,
    Type,
    Name,
    Owner,
    Organization,
    Attributes,
    #[value(name = "created at")]
    CreatedAt,
    #[value(name = "updated at")]
    UpdatedAt,
}

impl Columns for ResourceColumn {
    const USUAL: &'static str = "id,type,name,owner,organization,created at";
}

impl Column<Resource> for ResourceColumn {
    fn cell(&self, row: &Resource) -> String {
        let or_nothing = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        match self {
            Self::Id => row.id.to_string(),
            Self::Type => row.resource_type.clone(),
            Self::Name => row.name.clone(),
            Self::Owner => or_nothing(row.owner_id),
            Self::Organization => or_nothing(row.organization_id),
            Self::Attributes => serde_json::to_string(&row.attributes).unwrap_or_default(),
            Self::CreatedAt => row.created_at.to_string(),
            Self::UpdatedAt => row.updated_at.to_string(),
        }
    }
}
