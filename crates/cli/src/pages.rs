//! Lists that are read in bounded requests.
use keyfob_api::keys::ApiKeyWithOwner;
use keyfob_client::{Client, Error, TokensFilter};

/// How many tokens are asked for at a time.
pub(crate) const PAGE: u32 = 200;

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
