//! Sessions: keys made by signing in.
use keyfob_api::{keys::Session, users::UpdatePasswordRequest};

use crate::{client::Client, error::Error};

impl Client {
    /// Lists a user's live sessions that the caller may read.
    ///
    /// # Errors
    /// 404 when the user is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::ME;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// for session in keyfob.list_sessions(ME).await? {
    ///     println!("{} from {} with {}", session.id, session.ip_address, session.user_agent);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_sessions(&self, user: &str) -> Result<Vec<Session>, Error> {
        self.get("/users/{user}/sessions", &[user]).send().await?.json()
    }

    /// Ends one of a user's sessions.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not, 404 when there is no such session.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::ME;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.end_session(ME, "Zq3bT0xWcN").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn end_session(&self, user: &str, id: &str) -> Result<(), Error> {
        self.delete("/users/{user}/sessions/{id}", &[user, id]).send().await?;
        Ok(())
    }

    /// Ends all of a user's sessions but the one in use.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::ME;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.end_other_sessions(ME).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn end_other_sessions(&self, user: &str) -> Result<(), Error> {
        let keep = [("keep_current", "true".to_owned())];
        self.delete("/users/{user}/sessions", &[user]).query(&keep).send().await?;
        Ok(())
    }

    /// Changes a user's password, which ends their other keys.
    ///
    /// # Errors
    /// 400 for a password that is weak, or an old one that is wrong; 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{ME, api::{secret::SecretText, users::UpdatePasswordRequest}};
    ///
    /// # async fn example(keyfob: keyfob_client::Client, old: SecretText, new: SecretText)
    /// # -> Result<(), keyfob_client::Error> {
    /// keyfob.update_password(ME, &UpdatePasswordRequest { old_password: old, password: new }).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_password(&self, user: &str, change: &UpdatePasswordRequest) -> Result<(), Error> {
        self.put("/users/{user}/password", &[user]).json(change).send().await?;
        Ok(())
    }
}
