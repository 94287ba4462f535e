//! `keyfob resources edit`.
use anyhow::{Context as _, ensure};
use keyfob_api::resources::UpdateResourceRequest;
use serde_json::{Map, Value};

use super::attributes::{parse_attribute, parse_attributes};
use crate::{
    arguments::{name::parse_name, organization, resource::Reference, user},
    invocation::Invocation,
    terminal::problem::Step,
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Only the given properties change. Another owner or organization also takes `delete` on the \
resource where it was, and `create` where it comes.

Examples:
  keyfob resources edit workspace:dev --name develop
  keyfob resources edit workspace:dev --owner amy
  keyfob resources edit workspace:dev --attribute status=stopped")]
pub(crate) struct EditArgs {
    /// Type, and name or id of the resource
    #[arg(value_name = "TYPE:NAME|TYPE:ID")]
    resource: Reference,
    /// New name
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    name: Option<String>,
    /// New owner: me, a username or an id
    #[arg(long, value_name = "USER", value_parser = parse_name)]
    owner: Option<String>,
    /// New organization: a name or an id
    #[arg(short = 'O', long, visible_alias = "org", value_name = "ORGANIZATION", value_parser = parse_name)]
    organization: Option<String>,
    /// Attribute to set beside those that are there; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_attribute)]
    attribute: Vec<(String, Value)>,
    /// All attributes, as a JSON object, in place of those that are there
    #[arg(long, value_name = "JSON", value_parser = parse_attributes, conflicts_with = "attribute")]
    attributes: Option<Map<String, Value>>,
}

/// Changes the resource.
pub(crate) async fn run(invocation: &Invocation, args: EditArgs) -> anyhow::Result<()> {
    let EditArgs { resource, name, owner, organization, attribute, attributes } = args;
    let is_empty = name.is_none() && owner.is_none() && organization.is_none() && attributes.is_none();
    ensure!(
        !is_empty || !attribute.is_empty(),
        "nothing to change: use --name, --owner, --organization, --attribute or --attributes"
    );
    let client = invocation.connect()?;
    let found = resource.find(&client).await?;
    let attributes =
        if attribute.is_empty() { attributes } else { Some(found.attributes.into_iter().chain(attribute).collect()) };
    let change = UpdateResourceRequest {
        name,
        organization_id: match organization.as_deref() {
            Some(organization) => Some(organization::id_of(&client, organization).await?),
            None => None,
        },
        owner_id: match owner.as_deref() {
            Some(owner) => Some(user::id_of(&client, owner).await?),
            None => None,
        },
        attributes,
    };
    let changed = client.update_resource(&found.resource_type, found.id, &change).await;
    let changed = changed.with_context(|| Step::on("cannot change the resource", &found.resource_type, &found.id))?;
    let name = invocation.out.bold(&changed.name);
    invocation.out.remark(format!("Resource {}:{name} has been changed.", changed.resource_type));
    Ok(())
}
