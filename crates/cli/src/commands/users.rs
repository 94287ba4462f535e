//! `keyfob users`.
mod columns;
mod create;
mod delete;
mod edit;
mod edit_roles;
mod list;
mod notices;
mod password;
mod show;
mod status;

use crate::invocation::Invocation;

/// People and service accounts.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob users create --username amy --email amy@example.com
  keyfob users list -c username,status
  keyfob users edit-roles amy --roles auditor,user-admin
  keyfob users suspend amy"
)]
pub(crate) enum UsersCommand {
    /// Create a user
    Create(create::CreateArgs),
    /// List the users that you may read
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// Show one user
    Show(show::ShowArgs),
    /// Change a user's username or full name
    Edit(edit::EditArgs),
    /// Change your own password, or that of another user
    Password(password::PasswordArgs),
    /// Delete a user, with their keys and memberships
    #[command(visible_alias = "rm")]
    Delete(delete::DeleteArgs),
    /// Suspend a user: all their keys are refused
    Suspend(status::StatusArgs),
    /// Activate a suspended or dormant user
    #[command(visible_alias = "active")]
    Activate(status::StatusArgs),
    /// Replace a user's deployment-wide roles
    EditRoles(edit_roles::EditRolesArgs),
    /// Show or change which notices a user gets by mail
    Notices(notices::NoticesArgs),
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: UsersCommand) -> anyhow::Result<()> {
    match command {
        UsersCommand::Create(args) => create::run(invocation, args).await,
        UsersCommand::List(args) => list::run(invocation, &args).await,
        UsersCommand::Show(args) => show::run(invocation, &args).await,
        UsersCommand::Edit(args) => edit::run(invocation, args).await,
        UsersCommand::Password(args) => password::run(invocation, args).await,
        UsersCommand::Delete(args) => delete::run(invocation, &args).await,
        UsersCommand::Suspend(args) => status::suspend(invocation, &args).await,
        UsersCommand::Activate(args) => status::activate(invocation, &args).await,
        UsersCommand::EditRoles(args) => edit_roles::run(invocation, args).await,
        UsersCommand::Notices(args) => notices::run(invocation, &args).await,
    }
}
