//! Organizations, as people name them, and the option that names one.
use anyhow::{Context as _, bail};
use keyfob_api::organizations::Organization;
use keyfob_client::{Client, ME};
use uuid::Uuid;

use super::name::parse_name;

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
/// the organization.
pub(crate) async fn id_of(client: &Client, organization: &str) -> anyhow::Result<Uuid> {
    match Uuid::try_parse(organization) {
        Ok(id) => Ok(id),
        Err(_) => Ok(client.organization(organization).await.context("cannot find the organization")?.id),
    }
}
