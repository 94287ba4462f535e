//! `keyfob resources`.
mod acl;
mod attributes;
mod columns;
mod create;
mod edit;
mod list;
mod remove;
mod show;

use crate::invocation::Invocation;

/// A platform registers its workspaces, templates and other objects, so that scopes and allow lists can refer to them.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob resources create workspace:dev
  keyfob resources list --type workspace --owner me
  keyfob resources show workspace:dev -o json
  keyfob resources remove workspace:dev"
)]
pub(crate) enum ResourcesCommand {
    /// Register a resource and print its id
    Create(create::CreateArgs),
    /// List the resources that you may read
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// Show one resource
    #[command(visible_alias = "view")]
    Show(show::ShowArgs),
    /// Change a resource's name, owner, organization or attributes
    Edit(edit::EditArgs),
    /// Delete a resource; its id is never used again
    #[command(visible_aliases = ["delete", "rm"])]
    Remove(remove::RemoveArgs),
    /// Manage the access list of a resource
    #[command(subcommand)]
    Acl(acl::AclCommand),
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: ResourcesCommand) -> anyhow::Result<()> {
    match command {
        ResourcesCommand::Create(args) => create::run(invocation, args).await,
        ResourcesCommand::List(args) => list::run(invocation, args).await,
        ResourcesCommand::Show(args) => show::run(invocation, &args).await,
        ResourcesCommand::Edit(args) => edit::run(invocation, args).await,
        ResourcesCommand::Remove(args) => remove::run(invocation, &args).await,
        ResourcesCommand::Acl(command) => acl::run(invocation, command).await,
    }
}
