//! Tokens, as people name them.
use anyhow::Context as _;
use keyfob_api::keys::ApiKey;
use keyfob_client::{Client, ME};

/// The token with this name, else the key with this id; a whole token begins with its id.
pub(super) async fn find(client: &Client, text: &str) -> anyhow::Result<ApiKey> {
    if let Ok(key) = client.api_key_by_name(ME, text).await {
        return Ok(key);
    }
    let id = text.split('-').next().unwrap_or(text);
    client.api_key_by_id(ME, id).await.context("fetch api key by name or id")
}
