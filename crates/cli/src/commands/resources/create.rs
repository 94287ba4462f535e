//! `keyfob resources create`.
use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::resources::CreateResourceRequest;
use keyfob_client::{Client, DEFAULT_ORGANIZATION};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{reference::Reference, rows::ResourceColumn};
use crate::{
    arguments::{organization, user},
    invocation::Invocation,
    terminal::table,
};

/// What to register.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob resources create workspace:dev
  keyfob resources create workspace:dev --owner amy --organization default
  keyfob resources create template:base --attribute description=Base
  ID=$(keyfob resources create workspace:dev)")]
pub(crate) struct CreateArgs {
    /// The type and the name
    #[arg(value_name = "TYPE:NAME")]
    resource: Reference,
    /// The id that the platform has for it [default: one that the server makes up]
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
    /// Whose it is: me, a username or an id [default: you, if the type has owners]
    #[arg(long, value_name = "USER")]
    owner: Option<String>,
    /// Where it is: a name or an id [default: the selected or the default one, if the type has organizations]
    #[arg(short = 'O', long, env = "KEYFOB_ORGANIZATION", value_name = "ORGANIZATION")]
    organization: Option<String>,
    /// Something to keep with it, as NAME=VALUE; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_attribute)]
    attribute: Vec<(String, Value)>,
    /// The same as one JSON object
    #[arg(long, value_name = "JSON", value_parser = parse_attributes, conflicts_with = "attribute")]
    attributes: Option<Attributes>,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "id")]
    output: CreatedFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum CreatedFormat {
    /// The id alone
    Id,
    /// Aligned columns
    Table,
    /// For programs
    Json,
}

type Attributes = Map<String, Value>;

fn parse_attribute(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("want NAME=VALUE")?;
    Ok((name.to_owned(), Value::String(value.to_owned())))
}

fn parse_attributes(text: &str) -> Result<Attributes, String> {
    serde_json::from_str(text).map_err(|error| format!("want a JSON object: {error}"))
}

/// Registers the resource.
pub(crate) async fn run(invocation: &Invocation, args: CreateArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let owner_id = match args.owner.as_deref() {
        Some(owner) => Some(user::id_of(&client, owner).await?),
        None => None,
    };
    let organization_id = match args.organization.as_deref() {
        Some(organization) => Some(organization::id_of(&client, organization).await?),
        None => usual_organization(invocation, &client, &args.resource.resource_type).await?,
    };
    let wanted = CreateResourceRequest {
        resource_type: args.resource.resource_type,
        name: args.resource.name,
        id: args.id,
        organization_id,
        owner_id,
        attributes: args.attributes.unwrap_or_else(|| args.attribute.into_iter().collect()),
    };
    let resource = client.create_resource(&wanted).await.context("create resource")?;
    match args.output {
        CreatedFormat::Id => invocation.out.line(resource.id),
        CreatedFormat::Json => invocation.out.json(&resource)?,
        CreatedFormat::Table => {
            invocation
                .out
                .result(&table::render(&[ResourceColumn::Id, ResourceColumn::Type, ResourceColumn::Name], &[resource]));
        }
    }
    Ok(())
}

/// The organization that was selected, else the default one; none for types without organizations.
async fn usual_organization(
    invocation: &Invocation,
    client: &Client,
    resource_type: &str,
) -> anyhow::Result<Option<Uuid>> {
    let types = client.resource_types().await.context("list resource types")?.resource_types;
    if !types.iter().any(|known| known.name == resource_type && known.organization) {
        return Ok(None);
    }
    let selected = invocation.state.organization()?;
    organization::id_of(client, selected.as_deref().unwrap_or(DEFAULT_ORGANIZATION)).await.map(Some)
}
