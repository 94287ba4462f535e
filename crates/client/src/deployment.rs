//! Facts about the deployment.
use keyfob_api::deployment::{BuildInfo, Entitlements, Readiness, UpdateCheck};

use crate::{client::Client, error::Error};

impl Client {
    /// Gets the server's version, and what to do when a client's version differs from it. It needs no key.
    ///
    /// # Errors
    /// [`Error::Transport`] when no answer came.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// println!("{} runs {}", keyfob.url(), keyfob.build_info().await?.version);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn build_info(&self) -> Result<BuildInfo, Error> {
        self.get("/buildinfo", &[]).send().await?.json()
    }

    /// Asks whether the server and its database answer. It needs no key.
    ///
    /// # Errors
    /// 503 with what is missing.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let lease = keyfob.ready().await?.revocation_lease_ms;
    /// println!("a revocation is in effect on every replica after {lease} ms");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self) -> Result<Readiness, Error> {
        self.get_at_root("/readyz").send().await?.json()
    }

    /// Gets the features of this deployment.
    ///
    /// # Errors
    /// [`Error::Transport`] when no answer came.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let features = keyfob.entitlements().await?.features;
    /// println!("{}", features.into_keys().collect::<Vec<_>>().join(", "));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn entitlements(&self) -> Result<Entitlements, Error> {
        self.get("/entitlements", &[]).send().await?.json()
    }

    /// Lists the experiments that are switched on.
    ///
    /// # Errors
    /// 401 without a key.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// println!("{} experiments are on", keyfob.list_experiments().await?.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_experiments(&self) -> Result<Vec<String>, Error> {
        self.get("/experiments", &[]).send().await?.json()
    }

    /// Checks whether the server is up to date, as far as the server knows.
    ///
    /// # Errors
    /// [`Error::Transport`] when no answer came.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let check = keyfob.update_check().await?;
    /// if !check.current {
    ///     println!("there is a newer version: {}", check.url);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_check(&self) -> Result<UpdateCheck, Error> {
        self.get("/updatecheck", &[]).send().await?.json()
    }
}
