//! What the deployment says of itself.
use keyfob_api::deployment::{BuildInfo, Entitlements, UpdateCheck};

use crate::{client::Client, error::Error};

impl Client {
    /// The server's version, and what to do when it differs from one's own.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn build_info(&self) -> Result<BuildInfo, Error> {
        self.get("/buildinfo", &[]).send().await?.json()
    }

    /// The features of this deployment.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn entitlements(&self) -> Result<Entitlements, Error> {
        self.get("/entitlements", &[]).send().await?.json()
    }

    /// The experiments that are switched on.
    ///
    /// # Errors
    /// 401 without a key.
    pub async fn experiments(&self) -> Result<Vec<String>, Error> {
        self.get("/experiments", &[]).send().await?.json()
    }

    /// Whether the server is up to date, as far as it knows.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn update_check(&self) -> Result<UpdateCheck, Error> {
        self.get("/updatecheck", &[]).send().await?.json()
    }
}
