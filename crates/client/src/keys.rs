//! Tokens and sessions.
use keyfob_api::{
    DESCENDANTS_ENDED_HEADER,
    keys::{
        ApiKey, ApiKeyWithOwner, CreateTokenRequest, GenerateApiKeyResponse, TokenConfig, Unconfirmed,
        UnconfirmedReplica,
    },
};
use reqwest::StatusCode;

use crate::{
    client::{Answer, Call, Client},
    error::Error,
};

/// Selects the tokens that [`Client::list_tokens`] lists. By default, those of the user that have not expired.
///
/// # Examples
/// ```
/// use keyfob_client::TokensFilter;
///
/// let with_history = TokensFilter { include_expired: true, ..TokensFilter::default() };
/// assert!(!with_history.include_all);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokensFilter {
    /// The tokens of all users, as far as the caller may read them.
    pub include_all: bool,
    /// Expired tokens, too.
    pub include_expired: bool,
}

/// What happens to the descendants of a key, which are the keys minted with it, when it is expired or deleted.
///
/// # Examples
/// ```no_run
/// use keyfob_client::{Client, Descendants, Error, ME};
///
/// /// Expires a leaked token and everything that was minted with it; returns the number of those.
/// async fn revoke(keyfob: &Client, leaked: &str) -> Result<u64, Error> {
///     keyfob.expire_api_key(ME, leaked, Descendants::End).await
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Descendants {
    /// Descendants of a narrow key expire with it, those of a full key stay as they are.
    #[default]
    ByKind,
    /// All descendants expire.
    End,
    /// All descendants stay as they are.
    Keep,
}

/// What became of a key that was to be refused by every replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpiredEverywhere {
    /// The number of descendants that expired with it.
    pub descendants: u64,
    /// The replicas that have not confirmed it, and until when they may accept it.
    pub unconfirmed: Vec<UnconfirmedReplica>,
}

impl Client {
    /// Mints an API token for a user. The answer is the only time that the token is shown.
    ///
    /// # Errors
    /// 400 for unknown scopes, invalid allow-list entries and lifetimes beyond the limit, 403 for more than the key in
    /// use may do, 409 for a name that is taken.
    ///
    /// # Examples
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use keyfob_client::{ME, api::keys::{AllowListTarget, CreateTokenRequest}};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let wanted = CreateTokenRequest {
    ///     token_name: "ci".to_owned(),
    ///     lifetime: Duration::from_hours(24).into(),
    ///     scopes: vec!["workspace:read".to_owned()],
    ///     allow_list: vec![AllowListTarget("workspace:2c8a4b92-7a2e-4f0f-9c7e-0d6f1f3d5b11".to_owned())],
    ///     ..CreateTokenRequest::default()
    /// };
    /// let token = keyfob.create_token(ME, &wanted).await?.key;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_token(&self, user: &str, token: &CreateTokenRequest) -> Result<GenerateApiKeyResponse, Error> {
        self.post("/users/{user}/keys/tokens", &[user]).json(token).send().await?.json()
    }

    /// Creates a session for a user, with the scopes and the allow list of the caller's own key.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::ME;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let session = keyfob.create_api_key(ME).await?.key;
    /// let keyfob = keyfob.with_session_token(&session)?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_api_key(&self, user: &str) -> Result<GenerateApiKeyResponse, Error> {
        self.post("/users/{user}/keys", &[user]).send().await?.json()
    }

    /// Lists the API tokens that the filter selects, as far as the caller may read them.
    ///
    /// # Errors
    /// 404 when the user is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{ME, TokensFilter};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// for token in keyfob.list_tokens(ME, TokensFilter::default()).await? {
    ///     println!("{} expires at {}", token.key.token_name, token.key.expires_at);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_tokens(&self, user: &str, filter: TokensFilter) -> Result<Vec<ApiKeyWithOwner>, Error> {
        self.tokens(user, filter, &[]).await
    }

    /// Lists at most so many of a user's tokens, oldest first: the first ones, or those after the token with this id.
    /// Servers of Coder list all of them.
    ///
    /// # Errors
    /// As [`Client::list_tokens`]; 400 for an `after_id` that the caller may not read.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{Client, Error, ME, TokensFilter};
    ///
    /// /// How many tokens there are, read in pages.
    /// async fn count(keyfob: &Client) -> Result<usize, Error> {
    ///     let filter = TokensFilter { include_all: true, ..TokensFilter::default() };
    ///     let mut count = 0;
    ///     let mut after: Option<String> = None;
    ///     loop {
    ///         let page = keyfob.list_tokens_page(ME, filter, 100, after.as_deref()).await?;
    ///         count += page.len();
    ///         match page.last() {
    ///             Some(last) if page.len() == 100 => after = Some(last.key.id.clone()),
    ///             _ => return Ok(count),
    ///         }
    ///     }
    /// }
    /// ```
    pub async fn list_tokens_page(
        &self,
        user: &str,
        filter: TokensFilter,
        limit: u32,
        after_id: Option<&str>,
    ) -> Result<Vec<ApiKeyWithOwner>, Error> {
        let after = after_id.map(|id| ("after_id", id.to_owned()));
        let page: Vec<_> = [("limit", limit.to_string())].into_iter().chain(after).collect();
        self.tokens(user, filter, &page).await
    }

    async fn tokens(
        &self,
        user: &str,
        filter: TokensFilter,
        page: &[(&str, String)],
    ) -> Result<Vec<ApiKeyWithOwner>, Error> {
        let query =
            [("include_all", filter.include_all.to_string()), ("include_expired", filter.include_expired.to_string())];
        let call = self.get("/users/{user}/keys/tokens", &[user]).query(&query).query(page);
        // Coder servers answer `null` for an empty list.
        let tokens: Option<_> = call.send().await?.json()?;
        Ok(tokens.unwrap_or_default())
    }

    /// Gets a key of any kind by its id, even when it has expired. With `me` as the user, the id alone selects the key.
    ///
    /// # Errors
    /// 404 when the key is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::ME;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let key = keyfob.api_key_by_id(ME, "Zq3bT0xWcN").await?;
    /// println!("{} may {}", key.token_name, key.scopes.join(", "));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn api_key_by_id(&self, user: &str, id: &str) -> Result<ApiKey, Error> {
        self.get("/users/{user}/keys/{keyid}", &[user, id]).send().await?.json()
    }

    /// Gets a user's token by its name. Where an expired token has the same name as a live one, this is the live one.
    ///
    /// # Errors
    /// 404 when the token is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::ME;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let token = keyfob.api_key_by_name(ME, "ci").await?;
    /// println!("last used at {}", token.last_used);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn api_key_by_name(&self, user: &str, name: &str) -> Result<ApiKey, Error> {
        self.get("/users/{user}/keys/tokens/{keyname}", &[user, name]).send().await?.json()
    }

    /// Deletes a key. Returns the number of descendants that expired with it.
    ///
    /// # Errors
    /// 404 when the key is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{Descendants, ME};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let token = keyfob.api_key_by_name(ME, "ci").await?;
    /// keyfob.delete_api_key(ME, &token.id, Descendants::ByKind).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_api_key(&self, user: &str, id: &str, descendants: Descendants) -> Result<u64, Error> {
        let call = self.delete("/users/{user}/keys/{keyid}", &[user, id]);
        Ok(descendants_ended(&with_descendants(call, descendants).send().await?))
    }

    /// Gets the longest lifetime that the caller could give a token of this user.
    ///
    /// # Errors
    /// 404 when the user is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use keyfob_client::ME;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let longest = keyfob.token_config(ME).await?.max_token_lifetime;
    /// let lifetime = longest.min(Duration::from_hours(90 * 24).into());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn token_config(&self, user: &str) -> Result<TokenConfig, Error> {
        self.get("/users/{user}/keys/tokens/tokenconfig", &[user]).send().await?.json()
    }

    /// Expires a key but keeps its record. Returns the number of descendants that expired with it. Expiring a key twice
    /// is not an error.
    ///
    /// # Errors
    /// 404 when the key is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{Descendants, ME};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let token = keyfob.api_key_by_name(ME, "ci").await?;
    /// let descendants = keyfob.expire_api_key(ME, &token.id, Descendants::End).await?;
    /// println!("{descendants} tokens that were minted with it expired, too");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn expire_api_key(&self, user: &str, id: &str, descendants: Descendants) -> Result<u64, Error> {
        let call = self.put("/users/{user}/keys/{keyid}/expire", &[user, id]);
        Ok(descendants_ended(&with_descendants(call, descendants).send().await?))
    }

    /// Expires a key, and waits until every replica of the server refuses it: a few milliseconds as a rule, a lease of
    /// the server and a second at most.
    ///
    /// # Errors
    /// 404 when the key is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{Descendants, ME};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let expired = keyfob.expire_api_key_everywhere(ME, "aaaaaaaaaa", Descendants::End).await?;
    /// for left in expired.unconfirmed {
    ///     println!("{} may accept it until {}", left.replica, left.cannot_accept_after);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn expire_api_key_everywhere(
        &self,
        user: &str,
        id: &str,
        descendants: Descendants,
    ) -> Result<ExpiredEverywhere, Error> {
        let call = self.put("/users/{user}/keys/{keyid}/expire", &[user, id]).query(&[("wait", "true".to_owned())]);
        let answer = with_descendants(call, descendants).send().await?;
        let descendants = descendants_ended(&answer);
        let unconfirmed = match answer.status {
            StatusCode::ACCEPTED => answer.json::<Unconfirmed>()?.unconfirmed,
            _ => Vec::new(),
        };
        Ok(ExpiredEverywhere { descendants, unconfirmed })
    }
}

fn with_descendants(call: Call<'_>, descendants: Descendants) -> Call<'_> {
    match descendants {
        Descendants::ByKind => call,
        Descendants::End => call.query(&[("descendants", "true".to_owned())]),
        Descendants::Keep => call.query(&[("descendants", "false".to_owned())]),
    }
}

/// The number of descendants that expired with a key. Coder servers do not send the header.
fn descendants_ended(answer: &Answer) -> u64 {
    let header = answer.headers.get(DESCENDANTS_ENDED_HEADER);
    header.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok()).unwrap_or_default()
}
