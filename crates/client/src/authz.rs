//! Scopes, and checks whether the caller is allowed to do something.
use keyfob_api::authz::{AuthorizationRequest, AuthorizationResponse, ExplainedAuthorizationResponse, ScopeCatalogue};

use crate::{client::Client, error::Error};

impl Client {
    /// Lists the scopes that a token may ask for. It needs no key.
    ///
    /// # Errors
    /// [`Error::Transport`] when no answer came.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let scopes = keyfob.list_scopes().await?.external;
    /// assert!(scopes.contains(&"workspace:read".to_owned()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_scopes(&self) -> Result<ScopeCatalogue, Error> {
        self.get("/auth/scopes", &[]).send().await?.json()
    }

    /// Checks whether the key in use may do these things, or the subject of the request in its place.
    ///
    /// A service that guards its own objects calls this with the token of its caller; see
    /// `examples/guard_a_service.rs`.
    ///
    /// # Errors
    /// 400 for an invalid question, 401 without a key, 404 when the key may not read the subject or all that the
    /// questions name.
    ///
    /// # Examples
    /// ```no_run
    /// use std::collections::BTreeMap;
    ///
    /// use keyfob_client::{Client, Error};
    /// use keyfob_client::api::authz::{AuthorizationCheck, AuthorizationObject, AuthorizationRequest};
    ///
    /// /// Whether the client's key may connect to this workspace by ssh.
    /// async fn may_connect(keyfob: &Client, workspace: &str) -> Result<bool, Error> {
    ///     let check = AuthorizationCheck {
    ///         action: "ssh".to_owned(),
    ///         object: AuthorizationObject {
    ///             resource_type: "workspace".to_owned(),
    ///             resource_id: workspace.to_owned(),
    ///             ..AuthorizationObject::default()
    ///         },
    ///     };
    ///     let checks = AuthorizationRequest {
    ///         checks: BTreeMap::from([("connect".to_owned(), check)]),
    ///         ..AuthorizationRequest::default()
    ///     };
    ///     let answers = keyfob.authcheck(&checks).await?;
    ///     // An answer that is missing is a no.
    ///     Ok(answers.get("connect").copied().unwrap_or(false))
    /// }
    /// ```
    pub async fn authcheck(&self, questions: &AuthorizationRequest) -> Result<AuthorizationResponse, Error> {
        self.post("/authcheck", &[]).json(questions).send().await?.json()
    }

    /// Checks whether the key in use may do these things, and explains each answer: the reason, every vote, and what is
    /// missing.
    ///
    /// # Errors
    /// The same as [`Client::authcheck`].
    ///
    /// # Examples
    /// ```no_run
    /// # use keyfob_client::{Client, Error, api::authz::AuthorizationRequest};
    /// # async fn example(keyfob: Client, checks: AuthorizationRequest) -> Result<(), Error> {
    /// for (name, answer) in keyfob.authcheck_explained(&checks).await? {
    ///     println!("{name}: {}", answer.reason);
    ///     for missing in answer.missing {
    ///         println!("  missing {}: {}", missing.kind, missing.add);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn authcheck_explained(
        &self,
        questions: &AuthorizationRequest,
    ) -> Result<ExplainedAuthorizationResponse, Error> {
        let query = [("explain", "true".to_owned())];
        self.post("/authcheck", &[]).query(&query).json(questions).send().await?.json()
    }
}
