//! Setting up, signing in, signing out.
use keyfob_api::{
    BUILD_VERSION_HEADER,
    users::{AuthMethods, CreateFirstUserRequest, CreateFirstUserResponse, LoginRequest, LoginResponse},
};
use reqwest::StatusCode;

use crate::{client::Client, error::Error};

impl Client {
    /// Whether the deployment has been set up.
    ///
    /// # Errors
    /// [`Error::MissingBuildVersion`] when what answers is no server of this kind.
    pub async fn has_first_user(&self) -> Result<bool, Error> {
        let answer = self.get("/users/first", &[]).send_any().await?;
        match answer.status {
            StatusCode::NOT_FOUND if answer.headers.contains_key(BUILD_VERSION_HEADER) => Ok(false),
            StatusCode::NOT_FOUND => Err(Error::MissingBuildVersion),
            status if status.is_success() => answer.json::<serde_json::Value>().map(|_| true),
            _ => Err(answer.into_error()),
        }
    }

    /// Sets the deployment up: makes its first user, an owner.
    ///
    /// # Errors
    /// 400 for what is wrong with the request, 409 when somebody was faster.
    pub async fn create_first_user(&self, user: &CreateFirstUserRequest) -> Result<CreateFirstUserResponse, Error> {
        self.post("/users/first", &[]).json(user).send().await?.json()
    }

    /// Begins a session with an e-mail address and a password.
    ///
    /// # Errors
    /// 401 when they do not match or the user is suspended, 403 when signing in by password is not on offer, 429 after
    /// too many tries.
    pub async fn login_with_password(&self, login: &LoginRequest) -> Result<LoginResponse, Error> {
        self.post("/users/login", &[]).json(login).send().await?.json()
    }

    /// Ends the key in use.
    ///
    /// # Errors
    /// 401 when it had ended before.
    pub async fn logout(&self) -> Result<(), Error> {
        self.post("/users/logout", &[]).send().await.map(drop)
    }

    /// The ways to sign in.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn auth_methods(&self) -> Result<AuthMethods, Error> {
        self.get("/users/authmethods", &[]).send().await?.json()
    }
}
