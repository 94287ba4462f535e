//! Tokens, as people name them.
use anyhow::Context as _;
use keyfob_api::keys::ApiKey;
use keyfob_client::{Client, ME, StatusCode};

/// How long the two parts of a token are: the id of its key, and the secret.
const TOKEN_PARTS: (usize, usize) = (10, 22);

/// The key with this id, else the token with this name; a whole token begins with its id.
///
/// The name is asked for first, which mostly is enough. If it could be an id, too, the key with that id wins: names are
/// chosen, and may be chosen to be mistaken.
pub(crate) async fn find(client: &Client, text: &str) -> anyhow::Result<ApiKey> {
    find_of(client, ME, text).await
}

/// The same for the tokens of this user; for `me`, an id may be that of anybody's key.
pub(crate) async fn find_of(client: &Client, user: &str, text: &str) -> anyhow::Result<ApiKey> {
    let id = text.split('-').next().unwrap_or(text);
    let named = match client.api_key_by_name(user, text).await {
        Ok(named) if named.id == id || !could_be_an_id(text) => return Ok(named),
        named => named,
    };
    match (client.api_key_by_id(user, id).await, named) {
        (Err(error), Ok(named)) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(named),
        (found, _) => found.context("cannot fetch api key by name or id"),
    }
}

/// Whether the text is as long as an id or a whole token.
fn could_be_an_id(text: &str) -> bool {
    let is = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (id, secret) = TOKEN_PARTS;
    is(text, id) || text.split_once('-').is_some_and(|(first, last)| is(first, id) && is(last, secret))
}
