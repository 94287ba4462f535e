//! Organizations.
use keyfob_api::{
    organizations::{
        CreateOrganizationRequest, Organization, OrganizationMember, OrganizationMemberWithUserData,
        UpdateOrganizationRequest,
    },
    roles::AssignableRole,
    users::UpdateRoles,
};

use crate::{client::Client, error::Error};

impl Client {
    /// Lists the organizations that the caller may read.
    ///
    /// # Errors
    /// 401 without a key.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// for organization in keyfob.list_organizations().await? {
    ///     println!("{} {}", organization.id, organization.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_organizations(&self) -> Result<Vec<Organization>, Error> {
        self.get("/organizations", &[]).send().await?.json()
    }

    /// Gets an organization by name or by id; `default` is the default organization.
    ///
    /// # Errors
    /// 404 when the organization is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::DEFAULT_ORGANIZATION;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let id = keyfob.organization(DEFAULT_ORGANIZATION).await?.id;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn organization(&self, organization: &str) -> Result<Organization, Error> {
        self.get("/organizations/{organization}", &[organization]).send().await?.json()
    }

    /// Creates an organization and makes the caller a member of it.
    ///
    /// # Errors
    /// 400 for an invalid name, 403 when the caller may not, 409 when the name is taken.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::api::organizations::CreateOrganizationRequest;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let new = CreateOrganizationRequest { name: "research".to_owned(), ..CreateOrganizationRequest::default() };
    /// let organization = keyfob.create_organization(&new).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_organization(&self, new: &CreateOrganizationRequest) -> Result<Organization, Error> {
        self.post("/organizations", &[]).json(new).send().await?.json()
    }

    /// Changes an organization; fields that the request leaves out stay as they are.
    ///
    /// # Errors
    /// 400 for an invalid name, 403 or 404 when the caller may not, 409 when the name is taken.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::api::organizations::UpdateOrganizationRequest;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let change = UpdateOrganizationRequest {
    ///     description: Some("Experiments with new hardware".to_owned()),
    ///     ..UpdateOrganizationRequest::default()
    /// };
    /// keyfob.update_organization("research", &change).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_organization(
        &self,
        organization: &str,
        change: &UpdateOrganizationRequest,
    ) -> Result<Organization, Error> {
        self.patch("/organizations/{organization}", &[organization]).json(change).send().await?.json()
    }

    /// Deletes an empty organization.
    ///
    /// # Errors
    /// 400 while the organization still has something in it, 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.delete_organization("research").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_organization(&self, organization: &str) -> Result<(), Error> {
        self.delete("/organizations/{organization}", &[organization]).send().await?;
        Ok(())
    }

    /// Lists the members that the caller may read, by username.
    ///
    /// # Errors
    /// 404 when the organization is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::DEFAULT_ORGANIZATION;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// for member in keyfob.list_organization_members(DEFAULT_ORGANIZATION).await? {
    ///     let roles: Vec<_> = member.member.roles.iter().map(|role| role.name.as_str()).collect();
    ///     println!("{}: {}", member.username, roles.join(", "));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_organization_members(
        &self,
        organization: &str,
    ) -> Result<Vec<OrganizationMemberWithUserData>, Error> {
        self.get("/organizations/{organization}/members/", &[organization]).send().await?.json()
    }

    /// Removes a member from an organization.
    ///
    /// # Errors
    /// 400 for the caller's own membership, 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.remove_organization_member("research", "amy").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn remove_organization_member(&self, organization: &str, user: &str) -> Result<(), Error> {
        self.delete("/organizations/{organization}/members/{user}", &[organization, user]).send().await?;
        Ok(())
    }

    /// Gives a member these roles of the organization, in place of all earlier ones.
    ///
    /// # Errors
    /// 400 for unknown roles and for the caller's own roles, 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::api::users::UpdateRoles;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let roles = UpdateRoles { roles: vec!["organization-auditor".to_owned()] };
    /// keyfob.update_member_roles("research", "amy", &roles).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_member_roles(
        &self,
        organization: &str,
        user: &str,
        roles: &UpdateRoles,
    ) -> Result<OrganizationMember, Error> {
        let request = self.put("/organizations/{organization}/members/{user}/roles", &[organization, user]);
        request.json(roles).send().await?.json()
    }

    /// Lists the roles of an organization, and whether the caller may assign each of them.
    ///
    /// # Errors
    /// 404 when the organization is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let roles = keyfob.list_organization_roles("research").await?;
    /// let assignable = roles.into_iter().filter(|role| role.assignable).map(|role| role.role.name);
    /// println!("{}", assignable.collect::<Vec<_>>().join(", "));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_organization_roles(&self, organization: &str) -> Result<Vec<AssignableRole>, Error> {
        self.get("/organizations/{organization}/members/roles", &[organization]).send().await?.json()
    }

    /// Adds a user to an organization.
    ///
    /// # Errors
    /// 400 when the user is a member already, 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// keyfob.add_organization_member("research", "amy").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn add_organization_member(&self, organization: &str, user: &str) -> Result<OrganizationMember, Error> {
        self.post("/organizations/{organization}/members/{user}", &[organization, user]).send().await?.json()
    }
}
