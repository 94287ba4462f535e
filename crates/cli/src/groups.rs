//! `keyfob groups`.
mod change;
mod members;
mod rows;
mod show;

use anyhow::Context as _;
use keyfob_api::{groups::Group, organizations::Organization};
use keyfob_client::Client;

use crate::{app::App, organizations::Selection};

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
pub(crate) async fn run(app: &App, command: GroupsCommand) -> anyhow::Result<()> {
    match command {
        GroupsCommand::Create(args) => change::create(app, args).await,
        GroupsCommand::Edit(args) => change::edit(app, args).await,
        GroupsCommand::Delete(args) => change::delete(app, &args).await,
        GroupsCommand::List(args) => show::list(app, &args).await,
        GroupsCommand::Show(args) => show::one(app, &args).await,
        GroupsCommand::Members(command) => members::run(app, command).await,
    }
}

/// Which group.
#[derive(clap::Args)]
struct Named {
    /// The group's name
    #[arg(value_name = "GROUP")]
    group: String,
    #[command(flatten)]
    selection: Selection,
}

impl Named {
    async fn find(&self, client: &Client) -> anyhow::Result<(Organization, Group)> {
        let organization = self.selection.find(client).await?;
        let group = client.group(&organization.id.to_string(), &self.group).await.context("get group")?;
        Ok((organization, group))
    }
}
