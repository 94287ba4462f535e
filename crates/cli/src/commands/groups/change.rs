//! `keyfob groups create`, `edit` and `delete`.
use anyhow::{Context as _, ensure};
use keyfob_api::groups::{CreateGroupRequest, PatchGroupRequest};

use super::group_args::GroupArgs;
use crate::{
    arguments::name::parse_name,
    invocation::Invocation,
    terminal::{printing::Named as _, problem::Step},
};

/// The arguments of `create`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob groups create builders
  keyfob groups create builders --display-name \"All builders\" --org acme")]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    named: GroupArgs,
    /// Display name
    #[arg(long, value_name = "NAME", default_value = "")]
    display_name: String,
    /// URL of a picture
    #[arg(long, value_name = "URL", default_value = "")]
    avatar_url: String,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "id")]
    output: CreatedFormat,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum CreatedFormat {
    /// Only the id
    Id,
    /// Only the name
    Name,
    /// JSON, for programs
    Json,
}

/// Creates a group and prints its id.
pub(crate) async fn create(invocation: &Invocation, args: CreateArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let organization = args.named.organization.find(&client).await?;
    let new = CreateGroupRequest {
        name: args.named.group,
        display_name: args.display_name,
        avatar_url: args.avatar_url,
        quota_allowance: 0,
    };
    let group = client.create_group(&organization.id.to_string(), &new).await.context("cannot create the group")?;
    invocation.out.remark(format!(
        "Group {} of {} has been made.",
        invocation.out.bold(&group.name),
        organization.name
    ));
    match args.output {
        CreatedFormat::Id => Ok(invocation.out.line(group.id)?),
        CreatedFormat::Name => Ok(invocation.out.line(group.name())?),
        CreatedFormat::Json => invocation.out.json(&group),
    }
}

/// The arguments of `edit`.
#[derive(clap::Args)]
#[command(after_help = "Only the given properties change.

Examples:
  keyfob groups edit builders --name makers
  keyfob groups edit builders --display-name \"All makers\"")]
pub(crate) struct EditArgs {
    #[command(flatten)]
    named: GroupArgs,
    /// New name
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    name: Option<String>,
    /// New display name
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// URL of a new picture
    #[arg(long, value_name = "URL")]
    avatar_url: Option<String>,
}

/// Changes a group.
pub(crate) async fn edit(invocation: &Invocation, args: EditArgs) -> anyhow::Result<()> {
    let EditArgs { named, name, display_name, avatar_url } = args;
    ensure!(
        name.is_some() || display_name.is_some() || avatar_url.is_some(),
        "nothing to change: use --name, --display-name or --avatar-url"
    );
    let client = invocation.connect()?;
    let (_, group) = named.find(&client).await?;
    let change =
        PatchGroupRequest { name: name.unwrap_or_default(), display_name, avatar_url, ..PatchGroupRequest::default() };
    let changed = client.update_group(group.id, &change).await;
    let changed = changed.with_context(|| Step::on("cannot change the group", "group", &group.id))?;
    invocation.out.remark(format!("Group {} has been changed.", invocation.out.bold(&changed.name)));
    Ok(())
}

/// The arguments of `delete`.
#[derive(clap::Args)]
#[command(after_help = "Its members lose the permissions that access lists grant to the group.

Examples:
  keyfob groups delete builders -y")]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    named: GroupArgs,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
}

/// Deletes a group.
pub(crate) async fn delete(invocation: &Invocation, args: &DeleteArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let (organization, group) = args.named.find(&client).await?;
    if !args.yes {
        let question = format!("Are you sure you want to delete the group {} of {}?", group.name, organization.name);
        invocation.prompt().confirm(&question)?;
    }
    let deleted = client.delete_group(group.id).await;
    deleted.with_context(|| Step::on("cannot delete the group", "group", &group.id))?;
    invocation.out.remark(format!("Group {} has been deleted.", invocation.out.bold(&group.name)));
    Ok(())
}
