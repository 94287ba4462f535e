//! Scopes, and asking whether something is allowed.
use keyfob_api::authz::{AuthorizationRequest, AuthorizationResponse, ExplainedAuthorizationResponse, ScopeCatalogue};

use crate::{client::Client, error::Error};

impl Client {
    /// The scopes that a token may ask for.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn scopes(&self) -> Result<ScopeCatalogue, Error> {
        self.get("/auth/scopes", &[]).send().await?.json()
    }

    /// Whether the key in use may do these things.
    ///
    /// # Errors
    /// 400 for a question that cannot be answered, 401 without a key.
    pub async fn authcheck(&self, questions: &AuthorizationRequest) -> Result<AuthorizationResponse, Error> {
        self.post("/authcheck", &[]).json(questions).send().await?.json()
    }

    /// Whether the key in use may do these things, why, and what is missing.
    ///
    /// # Errors
    /// The same as [`Client::authcheck`].
    pub async fn authcheck_explained(
        &self,
        questions: &AuthorizationRequest,
    ) -> Result<ExplainedAuthorizationResponse, Error> {
        let query = [("explain", "true".to_owned())];
        self.post("/authcheck", &[]).query(&query).json(questions).send().await?.json()
    }
}
