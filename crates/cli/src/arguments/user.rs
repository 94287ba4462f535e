//! Users, as people name them.
use anyhow::Context as _;
use keyfob_client::Client;
use uuid::Uuid;

/// The id of a user. A text that is an id already is not looked up: the key in use may not be allowed to read the user.
pub(crate) async fn id_of(client: &Client, user: &str) -> anyhow::Result<Uuid> {
    match Uuid::try_parse(user) {
        Ok(id) => Ok(id),
        Err(_) => Ok(client.user(user).await.context("cannot find the user")?.id),
    }
}
