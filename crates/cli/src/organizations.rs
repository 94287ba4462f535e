//! `keyfob organizations`.
mod create;
mod custom_roles;
mod delete;
mod list;
mod members;
mod roles;
mod rows;
mod show;

use anyhow::{Context as _, bail};
use keyfob_api::organizations::Organization;
use keyfob_client::{Client, ME};
use uuid::Uuid;

use crate::app::App;

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
    /// Make an organization
    Create(create::CreateArgs),
    /// Remove an organization in which there is nothing
    #[command(visible_alias = "rm")]
    Delete(delete::DeleteArgs),
    /// List the organizations that you may read
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// Show one organization, or your own
    Show(show::ShowArgs),
    /// Who is a member
    #[command(subcommand, visible_alias = "member")]
    Members(members::MembersCommand),
    /// Which roles there are to give
    #[command(subcommand, visible_alias = "role")]
    Roles(roles::RolesCommand),
}

/// Runs one of them.
pub(crate) async fn run(app: &App, command: OrganizationsCommand) -> anyhow::Result<()> {
    match command {
        OrganizationsCommand::Create(args) => create::run(app, args).await,
        OrganizationsCommand::Delete(args) => delete::run(app, &args).await,
        OrganizationsCommand::List(args) => list::run(app, &args).await,
        OrganizationsCommand::Show(args) => show::run(app, &args).await,
        OrganizationsCommand::Members(command) => members::run(app, command).await,
        OrganizationsCommand::Roles(command) => roles::run(app, command).await,
    }
}

/// Which organization a command is about.
#[derive(clap::Args)]
pub(crate) struct Selection {
    /// The organization: its name or its id; may be left out by members of only one
    #[arg(short = 'O', long, env = "KEYFOB_ORGANIZATION", value_name = "NAME|ID")]
    org: Option<String>,
}

impl Selection {
    /// The organization that is meant.
    pub(crate) async fn find(&self, client: &Client) -> anyhow::Result<Organization> {
        selected(client, self.org.as_deref()).await
    }
}

/// The organization of that name or id; without one the only one that the caller is a member of.
pub(crate) async fn selected(client: &Client, wanted: Option<&str>) -> anyhow::Result<Organization> {
    let mut own = client.organizations_of(ME).await.context("get organizations")?;
    match wanted {
        None if own.len() == 1 => own.pop().context("you are a member of no organization"),
        None if own.is_empty() => bail!("You are a member of no organization: name one with --org"),
        None => {
            let names: Vec<_> = own.iter().map(|organization| organization.name.as_str()).collect();
            bail!("You are a member of several organizations: name one with --org, of {}", names.join(", "))
        }
        Some(named) => {
            let id = Uuid::try_parse(named).ok();
            match own.into_iter().find(|own| own.name.eq_ignore_ascii_case(named) || Some(own.id) == id) {
                Some(organization) => Ok(organization),
                None => Ok(client.organization(named).await.context("get organization")?),
            }
        }
    }
}
