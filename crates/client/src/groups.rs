//! Groups of an organization's members.
use keyfob_api::groups::{CreateGroupRequest, Group, PatchGroupRequest};
use uuid::Uuid;

use crate::{client::Client, error::Error};

impl Client {
    /// The groups of an organization that the caller may read.
    ///
    /// # Errors
    /// 404 when the organization is missing or hidden.
    pub async fn groups(&self, organization: &str) -> Result<Vec<Group>, Error> {
        self.get("/organizations/{organization}/groups", &[organization]).send().await?.json()
    }

    /// An organization's group of this name.
    ///
    /// # Errors
    /// 404 when it is missing or hidden.
    pub async fn group(&self, organization: &str, name: &str) -> Result<Group, Error> {
        self.get("/organizations/{organization}/groups/{groupname}", &[organization, name]).send().await?.json()
    }

    /// Makes a group.
    ///
    /// # Errors
    /// 400 for an impossible name, 403 or 404 when the caller may not, 409 when the name is taken.
    pub async fn create_group(&self, organization: &str, new: &CreateGroupRequest) -> Result<Group, Error> {
        self.post("/organizations/{organization}/groups", &[organization]).json(new).send().await?.json()
    }

    /// Changes a group, and who is in it.
    ///
    /// # Errors
    /// 400 for an impossible name and for users who cannot come or go, 403 or 404 when the caller may not, 409 when the
    /// name is taken.
    pub async fn update_group(&self, group: Uuid, change: &PatchGroupRequest) -> Result<Group, Error> {
        self.patch("/groups/{group}", &[&group.to_string()]).json(change).send().await?.json()
    }

    /// Removes a group, also from access lists.
    ///
    /// # Errors
    /// 400 for the group of all members, 403 or 404 when the caller may not.
    pub async fn delete_group(&self, group: Uuid) -> Result<(), Error> {
        self.delete("/groups/{group}", &[&group.to_string()]).send().await.map(drop)
    }
}
