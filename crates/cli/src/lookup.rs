//! From the names that people use to the ids that the API wants.
use anyhow::Context as _;
use keyfob_client::Client;
use uuid::Uuid;

/// The id of an organization. What is an id already is not looked up: the key in use may not read the organization.
pub(crate) async fn organization_id(client: &Client, organization: &str) -> anyhow::Result<Uuid> {
    match Uuid::try_parse(organization) {
        Ok(id) => Ok(id),
        Err(_) => Ok(client.organization(organization).await.context("find the organization")?.id),
    }
}

/// The id of a user. What is an id already is not looked up: the key in use may not read the user.
pub(crate) async fn user_id(client: &Client, user: &str) -> anyhow::Result<Uuid> {
    match Uuid::try_parse(user) {
        Ok(id) => Ok(id),
        Err(_) => Ok(client.user(user).await.context("find the owner")?.id),
    }
}
