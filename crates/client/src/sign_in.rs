//! Setting a deployment up, signing in, and signing out.
use keyfob_api::{
    BUILD_VERSION_HEADER,
    users::{AuthMethods, CreateFirstUserRequest, CreateFirstUserResponse, LoginRequest, LoginResponse},
};
use reqwest::StatusCode;

use crate::{client::Client, error::Error};

impl Client {
    /// Checks whether the deployment has been set up. It needs no key.
    ///
    /// # Errors
    /// [`Error::MissingBuildVersion`] when the answer comes from something other than a Keyfob or Coder server.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// if !keyfob.has_first_user().await? {
    ///     println!("set the deployment up first");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn has_first_user(&self) -> Result<bool, Error> {
        let answer = self.get("/users/first", &[]).send_any().await?;
        match answer.status {
            StatusCode::NOT_FOUND if answer.headers.contains_key(BUILD_VERSION_HEADER) => Ok(false),
            StatusCode::NOT_FOUND => Err(Error::MissingBuildVersion),
            status if status.is_success() => answer.json::<serde_json::Value>().map(|_| true),
            _ => Err(answer.into_error()),
        }
    }

    /// Sets the deployment up: creates its first user, an owner. It needs no key.
    ///
    /// # Errors
    /// 400 for invalid fields, 409 when the deployment has a user already.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::api::{secret::SecretText, users::CreateFirstUserRequest};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let owner = CreateFirstUserRequest {
    ///     email: "amy@example.com".to_owned(),
    ///     username: "amy".to_owned(),
    ///     password: SecretText::new(std::env::var("FIRST_PASSWORD")?),
    ///     ..CreateFirstUserRequest::default()
    /// };
    /// keyfob.create_first_user(&owner).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_first_user(&self, user: &CreateFirstUserRequest) -> Result<CreateFirstUserResponse, Error> {
        self.post("/users/first", &[]).json(user).send().await?.json()
    }

    /// Signs in with an e-mail address and a password. The answer has the token of the new session.
    ///
    /// # Errors
    /// 401 when they do not match or the user is suspended, 403 when signing in with a password is switched off, 429
    /// after too many attempts.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{Client, api::{secret::SecretText, users::LoginRequest}};
    ///
    /// # async fn example(keyfob: Client, password: SecretText) -> Result<(), Box<dyn std::error::Error>> {
    /// let login = LoginRequest { email: "amy@example.com".to_owned(), password };
    /// let session = keyfob.login_with_password(&login).await?.session_token;
    /// let keyfob = keyfob.with_session_token(&session)?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn login_with_password(&self, login: &LoginRequest) -> Result<LoginResponse, Error> {
        self.post("/users/login", &[]).json(login).send().await?.json()
    }

    /// Signs out: expires the key in use.
    ///
    /// # Errors
    /// 401 when the key had expired before.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.logout().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn logout(&self) -> Result<(), Error> {
        self.post("/users/logout", &[]).send().await.map(drop)
    }

    /// Gets the ways to sign in that the server offers. It needs no key.
    ///
    /// # Errors
    /// [`Error::Transport`] when no answer came.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let methods = keyfob.auth_methods().await?;
    /// println!("password: {}, OpenID Connect: {}", methods.password.enabled, methods.oidc.enabled);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn auth_methods(&self) -> Result<AuthMethods, Error> {
        self.get("/users/authmethods", &[]).send().await?.json()
    }
}
