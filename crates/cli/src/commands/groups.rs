//! `keyfob groups`.
mod change;
mod group_args;
mod members;
mod rows;
mod show;

use crate::invocation::Invocation;

/// Groups of an organization's members. Access lists may name a group in place of every one of them.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob groups create builders
  keyfob groups members add builders amy bob
  keyfob groups show builders"
)]
pub(crate) enum GroupsCommand {
    /// Make a group
    Create(change::CreateArgs),
    /// Give a group another name
    Edit(change::EditArgs),
    /// Remove a group, also from access lists
    #[command(visible_alias = "rm")]
    Delete(change::DeleteArgs),
    /// List the groups that you may read
    #[command(visible_alias = "ls")]
    List(show::ListArgs),
    /// Show a group and who is in it
    #[command(visible_alias = "view")]
    Show(show::ShowArgs),
    /// Who is in a group
    #[command(subcommand, visible_alias = "member")]
    Members(members::MembersCommand),
}

/// Runs one of them.
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
