//! What a check is about.
use keyfob_api::authz::AuthorizationObject;
use keyfob_client::{Client, ME};

use super::AuthcheckArgs;
use crate::lookup;

/// What all checks of a command line have in common; their types are yet to be filled in.
pub(super) async fn template(client: &Client, args: &AuthcheckArgs) -> anyhow::Result<AuthorizationObject> {
    let owner_id = match args.owner.as_deref() {
        // The server knows who that is, also when another key is asked about.
        Some(ME) => ME.to_owned(),
        Some(owner) => lookup::user_id(client, owner).await?.to_string(),
        None => String::new(),
    };
    let organization_id = match args.organization.as_deref() {
        Some(organization) => lookup::organization_id(client, organization).await?.to_string(),
        None => String::new(),
    };
    Ok(AuthorizationObject {
        resource_type: String::new(),
        owner_id,
        organization_id,
        resource_id: args.id.map(|id| id.to_string()).unwrap_or_default(),
        any_org: args.any_organization,
    })
}
