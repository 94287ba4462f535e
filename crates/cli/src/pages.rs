//! Lists that are read in bounded requests.
use keyfob_api::{keys::ApiKeyWithOwner, users::User};
use keyfob_client::{Client, Error, Paging, StatusCode, TokensFilter};

/// How many rows are asked for at a time.
pub(crate) const PAGE: u32 = 200;

/// Whether a server may have refused a list because it is too long for one answer: then it is read in pages.
pub(crate) fn is_too_long(error: &Error) -> bool {
    error.status() == Some(StatusCode::BAD_REQUEST)
}

/// All users that match a search, by username.
///
/// # Errors
/// Those of the requests.
pub(crate) async fn users(client: &Client, search: &str) -> Result<Vec<User>, Error> {
    match client.list_users(search, &Paging::default()).await {
        Err(error) if is_too_long(&error) => {}
        listed => return Ok(listed?.users),
    }
    let mut users = Vec::new();
    let mut paging = Paging { limit: Some(PAGE), ..Paging::default() };
    loop {
        let page = client.list_users(search, &paging).await?.users;
        let last = page.last().map(|user| user.id);
        // A server that gives the same page again has no pages.
        let is_last = page.len() < PAGE as usize || last == paging.after_id;
        paging.after_id = last;
        users.extend(page);
        if is_last {
            return Ok(users);
        }
    }
}

/// The tokens of a user or of all, oldest first.
pub(crate) struct TokenPages<'c> {
    client: &'c Client,
    user: &'c str,
    filter: TokensFilter,
    /// The last token that was read.
    after: Option<String>,
    is_over: bool,
}

impl<'c> TokenPages<'c> {
    pub(crate) fn new(client: &'c Client, user: &'c str, filter: TokensFilter) -> Self {
        Self { client, user, filter, after: None, is_over: false }
    }

    /// The next tokens, at most so many; empty at the end of the list.
    ///
    /// # Errors
    /// Those of the request.
    pub(crate) async fn next(&mut self, most: u32) -> Result<Vec<ApiKeyWithOwner>, Error> {
        if self.is_over {
            return Ok(Vec::new());
        }
        let page = self.client.list_tokens_page(self.user, self.filter, most, self.after.as_deref()).await?;
        let last = page.last().map(|token| token.key.id.clone());
        // Servers of Coder have no pages: they answer with all tokens, each time.
        self.is_over = page.len() != most as usize || last == self.after;
        if last == self.after {
            return Ok(Vec::new());
        }
        self.after = last;
        Ok(page)
    }
}
