//! `keyfob resources`.
mod acl;
mod create;
mod list;
mod remove;
mod rows;
mod show;

use std::str::FromStr;

use anyhow::{Context as _, bail};
use keyfob_api::resources::Resource;
use keyfob_client::{Client, ResourcesFilter};
use uuid::Uuid;

use crate::app::App;

/// A platform registers its workspaces, templates and other objects here, so that scopes and allow lists can speak of
/// them.
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
    /// Remove a resource; its id is never given out again
    #[command(visible_aliases = ["delete", "rm"])]
    Remove(remove::RemoveArgs),
    /// Who may do what to a resource besides what their roles allow
    #[command(subcommand)]
    Acl(acl::AclCommand),
}

/// Runs one of them.
pub(crate) async fn run(app: &App, command: ResourcesCommand) -> anyhow::Result<()> {
    match command {
        ResourcesCommand::Create(args) => create::run(app, args).await,
        ResourcesCommand::List(args) => list::run(app, args).await,
        ResourcesCommand::Show(args) => show::run(app, &args).await,
        ResourcesCommand::Remove(args) => remove::run(app, &args).await,
        ResourcesCommand::Acl(command) => acl::run(app, command).await,
    }
}

/// `<type>:<name or id>`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reference {
    resource_type: String,
    name: String,
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((resource_type, name)) if !resource_type.is_empty() && !name.is_empty() => {
                Ok(Self { resource_type: resource_type.to_owned(), name: name.to_owned() })
            }
            _ => Err("want <type>:<name>, such as workspace:dev".to_owned()),
        }
    }
}

impl Reference {
    /// The resource with this id, else the only one with this name that the caller may read.
    async fn find(&self, client: &Client) -> anyhow::Result<Resource> {
        let resource_type = self.resource_type.as_str();
        if let Ok(id) = Uuid::try_parse(&self.name) {
            return client.resource(resource_type, id).await.context("get resource");
        }
        let filter = ResourcesFilter {
            resource_type: Some(resource_type.to_owned()),
            q: Some(self.name.clone()),
            ..ResourcesFilter::default()
        };
        let found = client.resources(&filter).await.context("find resource by name")?.resources;
        let mut named: Vec<_> = found.into_iter().filter(|resource| resource.name == self.name).collect();
        match (named.pop(), named.as_slice()) {
            (Some(resource), []) => Ok(resource),
            (None, _) => bail!("there is no {resource_type} named {:?} that you may read", self.name),
            (Some(last), others) => {
                let ids: Vec<_> = others.iter().chain([&last]).map(|resource| resource.id.to_string()).collect();
                bail!("several are named {:?}, say which one: {}", self.name, ids.join(", "))
            }
        }
    }
}
