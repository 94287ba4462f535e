//! Organizations.
use keyfob_api::organizations::{Organization, OrganizationMember};

use crate::{client::Client, error::Error};

impl Client {
    /// The organizations that the caller may read.
    ///
    /// # Errors
    /// 401 without a key.
    pub async fn organizations(&self) -> Result<Vec<Organization>, Error> {
        self.get("/organizations", &[]).send().await?.json()
    }

    /// An organization, by name, by id, or `default`.
    ///
    /// # Errors
    /// 404 when it is missing or hidden.
    pub async fn organization(&self, organization: &str) -> Result<Organization, Error> {
        self.get("/organizations/{organization}", &[organization]).send().await?.json()
    }

    /// Makes a user a member.
    ///
    /// # Errors
    /// 400 when the user is one, 403 or 404 when the caller may not.
    pub async fn add_organization_member(&self, organization: &str, user: &str) -> Result<OrganizationMember, Error> {
        self.post("/organizations/{organization}/members/{user}", &[organization, user]).send().await?.json()
    }
}
