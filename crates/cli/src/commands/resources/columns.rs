//! The columns of a table of resources.
use clap::ValueEnum;
use keyfob_api::resources::Resource;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    names::Names,
    terminal::{
        printing::{Columns, Named},
        table::{Cell, Column, Weight},
    },
};

/// A resource with the names of its owner and its organization, as far as the caller may see them.
#[derive(Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    pub(super) resource: Resource,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_name: Option<String>,
}

impl Shown {
    /// With the ids alone.
    pub(super) fn unnamed(resource: Resource) -> Self {
        Self { resource, owner_name: None, organization_name: None }
    }

    /// # Errors
    /// When a name cannot be looked up.
    pub(super) async fn new(resource: Resource, names: &Names<'_>) -> anyhow::Result<Self> {
        let owner_name = match resource.owner_id {
            Some(owner) => names.user(owner).await?,
            None => None,
        };
        let organization_name = match resource.organization_id {
            Some(organization) => names.organization(organization).await?,
            None => None,
        };
        Ok(Self { resource, owner_name, organization_name })
    }
}

impl Named for Resource {
    fn name(&self) -> String {
        format!("{}:{}", self.resource_type, self.id)
    }
}

impl Named for Shown {
    fn name(&self) -> String {
        self.resource.name()
    }
}

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

impl Column<Shown> for ResourceColumn {
    fn cell(&self, row: &Shown) -> Cell {
        let named = |name: &Option<String>, id: Option<Uuid>| {
            let id = || id.map(|id| id.to_string()).unwrap_or_default();
            Cell::from(name.clone().unwrap_or_else(id))
        };
        let resource = &row.resource;
        match self {
            Self::Id => resource.id.to_string().into(),
            Self::Type => resource.resource_type.as_str().into(),
            Self::Name => resource.name.as_str().into(),
            Self::Owner => named(&row.owner_name, resource.owner_id),
            Self::Organization => named(&row.organization_name, resource.organization_id),
            Self::Attributes => serde_json::to_string(&resource.attributes).unwrap_or_default().into(),
            Self::CreatedAt => resource.created_at.into(),
            Self::UpdatedAt => resource.updated_at.into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Name | Self::Type => Weight::Key,
            Self::Attributes => Weight::Wraps,
            Self::UpdatedAt | Self::CreatedAt => Weight::Light,
            Self::Id | Self::Owner | Self::Organization => Weight::Usual,
        }
    }
}
