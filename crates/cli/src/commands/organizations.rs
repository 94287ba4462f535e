//! `keyfob organizations`.
mod columns;
mod create;
mod custom_roles;
mod delete;
mod edit;
mod list;
mod members;
mod roles;
mod show;

use crate::invocation::Invocation;

/// Organizations, their members and their roles.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob organizations list
  keyfob organizations members list
  keyfob organizations members edit-roles amy organization-auditor"
)]
pub(crate) enum OrganizationsCommand {
    /// Create an organization
    Create(create::CreateArgs),
    /// Change an organization's names, description or default roles
    Edit(edit::EditArgs),
    /// Delete an empty organization
    #[command(visible_alias = "rm")]
    Delete(delete::DeleteArgs),
    /// List the organizations that you may read
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// Show an organization, by default your own
    Show(show::ShowArgs),
    /// Manage the members of an organization
    #[command(subcommand, visible_alias = "member")]
    Members(members::MembersCommand),
    /// Manage the roles of an organization
    #[command(subcommand, visible_alias = "role")]
    Roles(roles::RolesCommand),
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: OrganizationsCommand) -> anyhow::Result<()> {
    match command {
        OrganizationsCommand::Create(args) => create::run(invocation, args).await,
        OrganizationsCommand::Edit(args) => edit::run(invocation, args).await,
        OrganizationsCommand::Delete(args) => delete::run(invocation, &args).await,
        OrganizationsCommand::List(args) => list::run(invocation, &args).await,
        OrganizationsCommand::Show(args) => show::run(invocation, &args).await,
        OrganizationsCommand::Members(command) => members::run(invocation, command).await,
        OrganizationsCommand::Roles(command) => roles::run(invocation, command).await,
    }
}
