//! The group that a command is about.
use anyhow::Context as _;
use keyfob_api::{groups::Group, organizations::Organization};
use keyfob_client::Client;

use crate::arguments::{name::parse_name, organization::OrganizationOption};

/// The arguments that name a group.
#[derive(clap::Args)]
pub(super) struct GroupArgs {
    /// Name of the group
    #[arg(value_name = "GROUP", value_parser = parse_name)]
    pub(super) group: String,
    #[command(flatten)]
    pub(super) organization: OrganizationOption,
}

impl GroupArgs {
    /// The organization, and the group in it.
    pub(super) async fn find(&self, client: &Client) -> anyhow::Result<(Organization, Group)> {
        let organization = self.organization.find(client).await?;
        let group = client.group(&organization.id.to_string(), &self.group).await.context("cannot get the group")?;
        Ok((organization, group))
    }
}
