//! Roles that organizations make for themselves.
use keyfob_api::roles::{CustomRoleRequest, Role};

use crate::{client::Client, error::Error};

impl Client {
    /// Makes a role of an organization.
    ///
    /// # Errors
    /// 400 for what is wrong with the role, 403 or 404 when the caller may not, 409 when the name is taken.
    pub async fn create_role(&self, organization: &str, role: &CustomRoleRequest) -> Result<Role, Error> {
        self.post("/organizations/{organization}/members/roles", &[organization]).json(role).send().await?.json()
    }

    /// Gives a role of an organization another content.
    ///
    /// # Errors
    /// 400 for what is wrong with the role, 403 or 404 when the caller may not.
    pub async fn update_role(&self, organization: &str, role: &CustomRoleRequest) -> Result<Role, Error> {
        self.put("/organizations/{organization}/members/roles", &[organization]).json(role).send().await?.json()
    }

    /// Removes a role of an organization, also from who holds it.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not.
    pub async fn delete_role(&self, organization: &str, role: &str) -> Result<(), Error> {
        let request = self.delete("/organizations/{organization}/members/roles/{rolename}", &[organization, role]);
        request.send().await.map(drop)
    }
}
