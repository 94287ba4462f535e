//! `keyfob groups members`.
use anyhow::Context as _;
use keyfob_api::groups::PatchGroupRequest;
use keyfob_client::Client;
use uuid::Uuid;

use super::group_args::GroupArgs;
use crate::{arguments::name::parse_name, invocation::Invocation, terminal::problem::Step};

/// Changes of the members of a group.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "`keyfob groups show` lists the members.

Examples:
  keyfob groups members add builders amy bob
  keyfob groups members remove builders bob"
)]
pub(crate) enum MembersCommand {
    /// Add members of the organization to a group
    Add(MembersArgs),
    /// Remove members from a group
    #[command(visible_aliases = ["rm", "delete"])]
    Remove(MembersArgs),
}

/// The arguments of the commands.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob groups members add builders amy bob
  keyfob groups members remove builders bob --org acme")]
pub(crate) struct MembersArgs {
    #[command(flatten)]
    named: GroupArgs,
    /// Usernames or ids
    #[arg(value_name = "USERNAME|ID", required = true, value_parser = parse_name)]
    users: Vec<String>,
}

/// Adds or removes the users: all of them, or none if one of them cannot be.
pub(crate) async fn run(invocation: &Invocation, command: MembersCommand) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let (args, is_adding) = match command {
        MembersCommand::Add(args) => (args, true),
        MembersCommand::Remove(args) => (args, false),
    };
    let (organization, group) = args.named.find(&client).await?;
    let ids = ids(&client, &organization.id.to_string(), &args.users).await?;
    let (add_users, remove_users) = if is_adding { (ids, Vec::new()) } else { (Vec::new(), ids) };
    let change = PatchGroupRequest { add_users, remove_users, ..PatchGroupRequest::default() };
    let changed = client.update_group(group.id, &change).await;
    let changed = changed.with_context(|| Step::on("cannot change the group", "group", &group.id))?;
    let count = changed.total_member_count;
    let noun = if count == 1 { "member" } else { "members" };
    invocation.out.remark(format!("Group {} has {count} {noun} now.", invocation.out.bold(&changed.name)));
    Ok(())
}

/// The ids of users. Names are looked up among the members of the organization: the caller may be allowed to read
/// those, but not users.
async fn ids(client: &Client, organization: &str, users: &[String]) -> anyhow::Result<Vec<String>> {
    let members = client.list_organization_members(organization).await.context("cannot list the members")?;
    let id = |user: &String| {
        if let Ok(id) = Uuid::try_parse(user) {
            return Ok(id.to_string());
        }
        let found = members.iter().find(|member| member.username.eq_ignore_ascii_case(user));
        let found = found.with_context(|| format!("the organization has no member {user} that you may see"))?;
        Ok(found.member.user_id.to_string())
    };
    users.iter().map(id).collect()
}
