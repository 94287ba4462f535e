//! `keyfob resources list`.
use anyhow::Context as _;
use keyfob_client::{Paging, ResourcesFilter};
use uuid::Uuid;

use super::columns::{ResourceColumn, Shown};
use crate::{
    arguments::{name::parse_name, organization, user},
    invocation::Invocation,
    names::Names,
    terminal::printing::Printing,
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob resources list
  keyfob resources list --type workspace --owner me -c id,name
  keyfob resources list --query dev --limit 10 -o json")]
pub(crate) struct ListArgs {
    /// Only resources of this type
    #[arg(short = 't', long = "type", value_name = "TYPE", value_parser = parse_name)]
    resource_type: Option<String>,
    /// Only resources in this organization: a name or an id
    #[arg(short = 'O', long, visible_alias = "org", value_name = "ORGANIZATION", value_parser = parse_name)]
    organization: Option<String>,
    /// Only resources of this owner: me, a username or an id
    #[arg(long, value_name = "USER", value_parser = parse_name)]
    owner: Option<String>,
    /// Only resources with this text in their name
    #[arg(short, long, value_name = "TEXT")]
    query: Option<String>,
    /// Maximum number of resources
    #[arg(short, long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Number of resources to skip
    #[arg(long, value_name = "NUMBER")]
    offset: Option<u32>,
    /// Only resources after the one with this id
    #[arg(long, value_name = "UUID")]
    after_id: Option<Uuid>,
    #[command(flatten)]
    printing: Printing<ResourceColumn>,
}

/// Prints the resources, oldest first.
pub(crate) async fn run(invocation: &Invocation, args: ListArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let organization = match args.organization.as_deref() {
        Some(organization) => Some(organization::id_of(&client, organization).await?),
        None => None,
    };
    let owner = match args.owner.as_deref() {
        Some(owner) => Some(user::id_of(&client, owner).await?),
        None => None,
    };
    let filter = ResourcesFilter {
        resource_type: args.resource_type,
        organization,
        owner,
        q: args.query,
        paging: Paging { limit: args.limit, offset: args.offset, after_id: args.after_id },
        ..ResourcesFilter::default()
    };
    let resources = client.list_resources(&filter).await.context("cannot list resources")?.resources;
    invocation.refuse_unseen(&resources, "resources")?;
    let names = Names::new(&client);
    let mut shown = Vec::new();
    for resource in resources {
        shown.push(Shown::new(resource, &names).await?);
    }
    args.printing.list(invocation.out, &shown, "No resources found.")
}
