//! `keyfob groups`.
mod change;
mod columns;
mod group_args;
mod members;
mod show;

use crate::invocation::Invocation;

/// Groups of an organization's members. Access lists may name a group in place of each of its members.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob groups create builders
  keyfob groups members add builders amy bob
  keyfob groups show builders"
)]
pub(crate) enum GroupsCommand {
    /// Create a group and print its id
    Create(change::CreateArgs),
    /// Change a group's name or picture
    Edit(change::EditArgs),
    /// Delete a group, and remove it from access lists
    #[command(visible_alias = "rm")]
    Delete(change::DeleteArgs),
    /// List the groups that you may read
    #[command(visible_alias = "ls")]
    List(show::ListArgs),
    /// Show a group and its members
    #[command(visible_alias = "view")]
    Show(show::ShowArgs),
    /// Add members to a group, or remove them
    #[command(subcommand, visible_alias = "member")]
    Members(members::MembersCommand),
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: GroupsCommand) -> anyhow::Result<()> {
    match command {
        GroupsCommand::Create(args) => change::create(invocation, args).await,
        GroupsCommand::Edit(args) => change::edit(invocation, args).await,
        GroupsCommand::Delete(args) => change::delete(invocation, &args).await,
        GroupsCommand::List(args) => show::list(invocation, &args).await,
        GroupsCommand::Show(args) => show::one(invocation, &args).await,
        GroupsCommand::Members(command) => members::run(invocation, command).await,
    }
}
