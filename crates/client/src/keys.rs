//! Tokens and sessions.
use keyfob_api::{
    DESCENDANTS_ENDED_HEADER,
    keys::{ApiKey, ApiKeyWithOwner, CreateTokenRequest, GenerateApiKeyResponse, TokenConfig},
};

use crate::{
    client::{Answer, Call, Client},
    error::Error,
};

/// Which tokens [`Client::tokens`] lists. By default the user's own that still live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokensFilter {
    /// Everybody's tokens, as far as the caller may read them.
    pub include_all: bool,
    /// Also those that have expired.
    pub include_expired: bool,
}

/// What happens to the keys that a key has minted when it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Descendants {
    /// They end with a narrow key and outlive a full one.
    #[default]
    ByKind,
    /// They end too.
    End,
    /// They live on.
    Keep,
}

impl Client {
    /// Mints an API token for a user. The answer is the only time that the token is shown.
    ///
    /// # Errors
    /// 400 for unknown scopes, bad allow-list entries and lifetimes beyond the limit, 403 for more than the caller's own
    /// key may, 409 for a name that is taken.
    pub async fn create_token(&self, user: &str, token: &CreateTokenRequest) -> Result<GenerateApiKeyResponse, Error> {
        self.post("/users/{user}/keys/tokens", &[user]).json(token).send().await?.json()
    }

    /// Begins a session for a user, with the scopes and the allow list of the caller's own key.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not.
    pub async fn create_api_key(&self, user: &str) -> Result<GenerateApiKeyResponse, Error> {
        self.post("/users/{user}/keys", &[user]).send().await?.json()
    }

    /// The API tokens that the filter asks for, as far as the caller may read them.
    ///
    /// # Errors
    /// 404 when the user is missing or hidden.
    pub async fn tokens(&self, user: &str, filter: TokensFilter) -> Result<Vec<ApiKeyWithOwner>, Error> {
        let query =
            [("include_all", filter.include_all.to_string()), ("include_expired", filter.include_expired.to_string())];
        // Servers of the original answer `null` for an empty list.
        let tokens: Option<_> = self.get("/users/{user}/keys/tokens", &[user]).query(&query).send().await?.json()?;
        Ok(tokens.unwrap_or_default())
    }

    /// The key with this id, of any kind, expired or not. With `me` as the user, the id alone decides.
    ///
    /// # Errors
    /// 404 when it is missing or hidden.
    pub async fn api_key_by_id(&self, user: &str, id: &str) -> Result<ApiKey, Error> {
        self.get("/users/{user}/keys/{keyid}", &[user, id]).send().await?.json()
    }

    /// The user's token with this name, a living one before an expired one.
    ///
    /// # Errors
    /// 404 when it is missing or hidden.
    pub async fn api_key_by_name(&self, user: &str, name: &str) -> Result<ApiKey, Error> {
        self.get("/users/{user}/keys/tokens/{keyname}", &[user, name]).send().await?.json()
    }

    /// Removes a key. Returns how many of its descendants ended with it.
    ///
    /// # Errors
    /// 404 when it is missing or hidden.
    pub async fn delete_api_key(&self, user: &str, id: &str, descendants: Descendants) -> Result<u64, Error> {
        let call = self.delete("/users/{user}/keys/{keyid}", &[user, id]);
        Ok(descendants_ended(&with_descendants(call, descendants).send().await?))
    }

    /// The longest lifetime that the caller could give a token of this user.
    ///
    /// # Errors
    /// 404 when the user is missing or hidden.
    pub async fn get_token_config(&self, user: &str) -> Result<TokenConfig, Error> {
        self.get("/users/{user}/keys/tokens/tokenconfig", &[user]).send().await?.json()
    }

    /// Ends a key but keeps its record. Returns how many of its descendants ended with it; doing it twice is no error.
    ///
    /// # Errors
    /// 404 when it is missing or hidden.
    pub async fn expire_api_key(&self, user: &str, id: &str, descendants: Descendants) -> Result<u64, Error> {
        let call = self.put("/users/{user}/keys/{keyid}/expire", &[user, id]);
        Ok(descendants_ended(&with_descendants(call, descendants).send().await?))
    }
}

fn with_descendants(call: Call<'_>, descendants: Descendants) -> Call<'_> {
    match descendants {
        Descendants::ByKind => call,
        Descendants::End => call.query(&[("descendants", "true".to_owned())]),
        Descendants::Keep => call.query(&[("descendants", "false".to_owned())]),
    }
}

/// The original knows no descendants and says nothing.
fn descendants_ended(answer: &Answer) -> u64 {
    let header = answer.headers.get(DESCENDANTS_ENDED_HEADER);
    header.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok()).unwrap_or_default()
}
