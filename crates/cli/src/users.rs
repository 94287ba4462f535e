//! `keyfob users`.
mod create;
mod delete;
mod edit_roles;
mod list;
mod notices;
mod rows;
mod show;
mod status;

use crate::app::App;

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
    /// Make a user
    Create(create::CreateArgs),
    /// List the users that you may read
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// Show one user
    Show(show::ShowArgs),
    /// Remove a user, with their keys and memberships
    #[command(visible_alias = "rm")]
    Delete(delete::DeleteArgs),
    /// Refuse every key of a user from now on
    Suspend(status::StatusArgs),
    /// Let a user act again
    #[command(visible_alias = "active")]
    Activate(status::StatusArgs),
    /// Give a user roles of the deployment, in place of all earlier ones
    EditRoles(edit_roles::EditRolesArgs),
    /// Choose what a user is told by mail
    Notices(notices::NoticesArgs),
}

/// Runs one of them.
pub(crate) async fn run(app: &App, command: UsersCommand) -> anyhow::Result<()> {
    match command {
        UsersCommand::Create(args) => create::run(app, args).await,
        UsersCommand::List(args) => list::run(app, &args).await,
        UsersCommand::Show(args) => show::run(app, &args).await,
        UsersCommand::Delete(args) => delete::run(app, &args).await,
        UsersCommand::Suspend(args) => status::suspend(app, &args).await,
        UsersCommand::Activate(args) => status::activate(app, &args).await,
        UsersCommand::EditRoles(args) => edit_roles::run(app, args).await,
        UsersCommand::Notices(args) => notices::run(app, &args).await,
    }
}
