//! `keyfob resource-types`.
use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::resources::ResourceTypeInfo;

use crate::{
    invocation::Invocation,
    terminal::{
        printing::{Columns, Named, Printing},
        table::{Cell, Column, Weight},
    },
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(
    after_help = "A scope is <type>:<action>. Objects of types that are `registrable` are registered with `keyfob \
resources create`; the server itself has the others.

Examples:
  keyfob resource-types
  keyfob resource-types -o name
  keyfob resource-types -o json | jq -r '.[] | select(.custom) | .name'"
)]
pub(crate) struct ResourceTypesArgs {
    #[command(flatten)]
    printing: Printing<TypeColumn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TypeColumn {
    Type,
    Actions,
    Registrable,
    #[value(name = "access list")]
    AccessList,
    Owner,
    Organization,
    Custom,
}

impl Columns for TypeColumn {
    const USUAL: &'static str = "type,registrable,access list,actions";
}

impl Named for ResourceTypeInfo {
    fn name(&self) -> String {
        self.name.clone()
    }
}

impl Column<ResourceTypeInfo> for TypeColumn {
    fn cell(&self, row: &ResourceTypeInfo) -> Cell {
        let yes = |is| Cell::from(if is { "yes" } else { "no" });
        match self {
            Self::Type => row.name.as_str().into(),
            Self::Actions => row.actions.join(", ").into(),
            Self::Registrable => yes(row.registrable),
            Self::AccessList => yes(row.access_list),
            Self::Owner => yes(row.owner),
            Self::Organization => yes(row.organization),
            Self::Custom => yes(row.custom),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Type => Weight::Key,
            Self::Actions => Weight::Wraps,
            Self::Registrable | Self::AccessList | Self::Owner | Self::Organization | Self::Custom => Weight::Light,
        }
    }
}

/// Prints the types with their actions.
pub(crate) async fn run(invocation: &Invocation, args: &ResourceTypesArgs) -> anyhow::Result<()> {
    let types =
        invocation.connect()?.list_resource_types().await.context("cannot list the resource types")?.resource_types;
    args.printing.list(invocation.out, &types, "No resource types found.")
}
