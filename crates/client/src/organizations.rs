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

    /// Makes an organization, of which the caller is a member from then on.
    ///
    /// # Errors
    /// 400 for an impossible name, 403 when the caller may not, 409 when the name is taken.
    pub async fn create_organization(&self, new: &CreateOrganizationRequest) -> Result<Organization, Error> {
        self.post("/organizations", &[]).json(new).send().await?.json()
    }

    /// Changes an organization.
    ///
    /// # Errors
    /// 400 for an impossible name, 403 or 404 when the caller may not, 409 when the name is taken.
    pub async fn update_organization(
        &self,
        organization: &str,
        change: &UpdateOrganizationRequest,
    ) -> Result<Organization, Error> {
        self.patch("/organizations/{organization}", &[organization]).json(change).send().await?.json()
    }

    /// Removes an empty organization.
    ///
    /// # Errors
    /// 400 while there is something in it, 403 or 404 when the caller may not.
    pub async fn delete_organization(&self, organization: &str) -> Result<(), Error> {
        self.delete("/organizations/{organization}", &[organization]).send().await?;
        Ok(())
    }

    /// The members that the caller may read, by username.
    ///
    /// # Errors
    /// 404 when the organization is missing or hidden.
    pub async fn organization_members(&self, organization: &str) -> Result<Vec<OrganizationMemberWithUserData>, Error> {
        self.get("/organizations/{organization}/members/", &[organization]).send().await?.json()
    }

    /// Ends a membership.
    ///
    /// # Errors
    /// 400 for oneself, 404 when the caller may not.
    pub async fn remove_organization_member(&self, organization: &str, user: &str) -> Result<(), Error> {
        self.delete("/organizations/{organization}/members/{user}", &[organization, user]).send().await?;
        Ok(())
    }

    /// Gives a member these roles of the organization, in place of all earlier ones.
    ///
    /// # Errors
    /// 400 for unknown roles and for oneself, 403 or 404 when the caller may not.
    pub async fn update_member_roles(
        &self,
        organization: &str,
        user: &str,
        roles: &UpdateRoles,
    ) -> Result<OrganizationMember, Error> {
        let request = self.put("/organizations/{organization}/members/{user}/roles", &[organization, user]);
        request.json(roles).send().await?.json()
    }

    /// The roles that there are to give in an organization.
    ///
    /// # Errors
    /// 404 when the organization is missing or hidden.
    pub async fn organization_roles(&self, organization: &str) -> Result<Vec<AssignableRole>, Error> {
        self.get("/organizations/{organization}/members/roles", &[organization]).send().await?.json()
    }

    /// Makes a user a member.
    ///
    /// # Errors
    /// 400 when the user is one, 403 or 404 when the caller may not.
    pub async fn add_organization_member(&self, organization: &str, user: &str) -> Result<OrganizationMember, Error> {
        self.post("/organizations/{organization}/members/{user}", &[organization, user]).send().await?.json()
    }
}
