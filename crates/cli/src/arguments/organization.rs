//! Organizations, as people name them, and the option that names one.
use anyhow::{Context as _, bail};
use keyfob_api::organizations::Organization;
use keyfob_client::{Client, DEFAULT_ORGANIZATION, Error, ME};
use uuid::Uuid;

use super::name::parse_name;
use crate::terminal::problem::Problem;

/// What takes the names of organizations, and not always their ids.
const READ: &str = "organization:read";

/// The organization that a command works in.
#[derive(clap::Args)]
pub(crate) struct OrganizationOption {
    /// Name or id of the organization; optional if you are a member of only one
    #[arg(short = 'O', long, visible_alias = "organization", env = "KEYFOB_ORGANIZATION", value_name = "NAME|ID", value_parser = parse_name)]
    org: Option<String>,
}

impl OrganizationOption {
    /// The organization that the option names, else the caller's only one.
    pub(crate) async fn find(&self, client: &Client) -> anyhow::Result<Organization> {
        find(client, self.org.as_deref()).await
    }
}

/// The organization with this name or id; without one, the only organization that the caller is a member of.
pub(crate) async fn find(client: &Client, wanted: Option<&str>) -> anyhow::Result<Organization> {
    let mut own = client.list_user_organizations(ME).await.context("cannot get your organizations")?;
    match wanted {
        None if own.len() == 1 => own.pop().context("you are not a member of any organization"),
        None if own.is_empty() && client.missing().iter().any(|missing| missing == READ) => {
            let what = format!("cannot get your organizations: the key's scopes lack {READ}");
            Err(Problem::new(what, format!("use a key with the scope {READ}")).into())
        }
        None if own.is_empty() => bail!("You are not a member of any organization: name one with --org"),
        None => {
            let names: Vec<_> = own.iter().map(|organization| organization.name.as_str()).collect();
            bail!("You are a member of several organizations: name one with --org: {}", names.join(", "))
        }
        Some(named) => {
            let is_meant = |own: &Organization| match Uuid::try_parse(named) {
                Ok(id) => own.id == id,
                Err(_) => own.name.eq_ignore_ascii_case(named),
            };
            match own.into_iter().find(is_meant) {
                Some(organization) => Ok(organization),
                None => Ok(client.organization(named).await.context("cannot get the organization")?),
            }
        }
    }
}

/// The id of an organization. A text that is an id already is not looked up: the key in use may not be allowed to read
/// the organization. A token that is narrow on purpose need not become wider.
pub(crate) async fn id_of(client: &Client, organization: &str) -> anyhow::Result<Uuid> {
    match Uuid::try_parse(organization) {
        Ok(id) => Ok(id),
        Err(_) => look_up(client, organization, "cannot find the organization", "by its id").await,
    }
}

/// The id of the deployment's default organization.
pub(crate) async fn default_id(client: &Client) -> anyhow::Result<Uuid> {
    look_up(client, DEFAULT_ORGANIZATION, "cannot find the default organization", "by its id with --org").await
}

async fn look_up(client: &Client, named: &str, step: &'static str, way: &str) -> anyhow::Result<Uuid> {
    match client.organization(named).await {
        Ok(found) => Ok(found.id),
        Err(error) if lacks_scope(&error) => {
            let next = format!("name the organization {way}, or use a key with the scope {READ}");
            Err(anyhow::Error::from(error).context(Problem::new(step, next)))
        }
        Err(error) => Err(anyhow::Error::from(error).context(step)),
    }
}

/// Whether an organization could not be looked up only because the scopes of the key are too narrow.
fn lacks_scope(error: &Error) -> bool {
    let Error::Api(answer) = error else { return false };
    answer.body.detail.strip_prefix("the key's scopes lack ") == Some(READ)
}
