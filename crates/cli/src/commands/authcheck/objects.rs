//! The object that a check is about.
use keyfob_api::authz::AuthorizationObject;
use keyfob_client::{Client, ME};
use uuid::Uuid;

use crate::arguments::{name::parse_name, organization, user};

/// The arguments that apply to every check of a command line.
#[derive(clap::Args)]
pub(super) struct ObjectArgs {
    /// Owner of the object: me, a username or an id
    #[arg(long, value_name = "USER", value_parser = parse_name)]
    owner: Option<String>,
    /// Organization of the object: a name, an id or `default`
    #[arg(short = 'O', long, visible_alias = "org", value_name = "ORGANIZATION", value_parser = parse_name)]
    organization: Option<String>,
    /// Check whether the action is allowed in at least one organization
    #[arg(long, conflicts_with = "organization")]
    any_organization: bool,
    /// Id of an existing object; its own owner and organization are used. <type>:<action>@<name> finds it by name
    #[arg(long, value_name = "UUID")]
    id: Option<Uuid>,
}

impl ObjectArgs {
    /// The object of every check, without its type.
    pub(super) async fn template(&self, client: &Client) -> anyhow::Result<AuthorizationObject> {
        let owner_id = match self.owner.as_deref() {
            // The server resolves it, for the key that is checked.
            Some(ME) => ME.to_owned(),
            Some(owner) => user::id_of(client, owner).await?.to_string(),
            None => String::new(),
        };
        let organization_id = match self.organization.as_deref() {
            Some(organization) => organization::id_of(client, organization).await?.to_string(),
            None => String::new(),
        };
        Ok(AuthorizationObject {
            resource_type: String::new(),
            owner_id,
            organization_id,
            resource_id: self.id.map(|id| id.to_string()).unwrap_or_default(),
            any_org: self.any_organization,
        })
    }
}
