//! Custom roles of organizations.
use keyfob_api::roles::{CustomRoleRequest, Role};

use crate::{client::Client, error::Error};

impl Client {
    /// Creates a custom role of an organization.
    ///
    /// # Errors
    /// 400 for an invalid role, 403 or 404 when the caller may not, 409 when the name is taken.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::api::roles::{CustomRoleRequest, Permission};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let read_templates = Permission {
    ///     negate: false,
    ///     resource_type: "template".to_owned(),
    ///     action: "read".to_owned(),
    /// };
    /// let role = CustomRoleRequest {
    ///     name: "template-reader".to_owned(),
    ///     organization_permissions: vec![read_templates],
    ///     ..CustomRoleRequest::default()
    /// };
    /// keyfob.create_role("research", &role).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_role(&self, organization: &str, role: &CustomRoleRequest) -> Result<Role, Error> {
        self.post("/organizations/{organization}/members/roles", &[organization]).json(role).send().await?.json()
    }

    /// Replaces the display name and the permissions of an organization's custom role.
    ///
    /// # Errors
    /// 400 for an invalid role, 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::api::roles::CustomRoleRequest;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let role = CustomRoleRequest {
    ///     name: "template-reader".to_owned(),
    ///     display_name: "Reader of templates".to_owned(),
    ///     ..CustomRoleRequest::default()
    /// };
    /// keyfob.update_role("research", &role).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_role(&self, organization: &str, role: &CustomRoleRequest) -> Result<Role, Error> {
        self.put("/organizations/{organization}/members/roles", &[organization]).json(role).send().await?.json()
    }

    /// Deletes a custom role of an organization, and takes it from the members who hold it.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.delete_role("research", "template-reader").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_role(&self, organization: &str, role: &str) -> Result<(), Error> {
        let request = self.delete("/organizations/{organization}/members/roles/{rolename}", &[organization, role]);
        request.send().await.map(drop)
    }
}
