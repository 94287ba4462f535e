//! Groups of an organization's members.
use keyfob_api::groups::{CreateGroupRequest, Group, PatchGroupRequest};
use uuid::Uuid;

use crate::{client::Client, error::Error};

impl Client {
    /// Lists the groups of an organization that the caller may read.
    ///
    /// # Errors
    /// 404 when the organization is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::DEFAULT_ORGANIZATION;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// for group in keyfob.list_groups(DEFAULT_ORGANIZATION).await? {
    ///     println!("{}: {} members", group.name, group.total_member_count);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_groups(&self, organization: &str) -> Result<Vec<Group>, Error> {
        self.get("/organizations/{organization}/groups", &[organization]).send().await?.json()
    }

    /// Gets an organization's group by name.
    ///
    /// # Errors
    /// 404 when the group is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::DEFAULT_ORGANIZATION;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let group = keyfob.group(DEFAULT_ORGANIZATION, "backend").await?;
    /// println!("{}", group.members.iter().map(|user| user.username.as_str()).collect::<Vec<_>>().join(", "));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn group(&self, organization: &str, name: &str) -> Result<Group, Error> {
        self.get("/organizations/{organization}/groups/{groupname}", &[organization, name]).send().await?.json()
    }

    /// Gets a group by its id.
    ///
    /// # Errors
    /// 404 when the group is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client, id: uuid::Uuid) -> Result<(), keyfob_client::Error> {
    /// let group = keyfob.group_by_id(id).await?;
    /// println!("{} of {}", group.name, group.organization_name);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn group_by_id(&self, group: Uuid) -> Result<Group, Error> {
        self.get("/groups/{group}", &[&group.to_string()]).send().await?.json()
    }

    /// Creates a group without members.
    ///
    /// # Errors
    /// 400 for an invalid name, 403 or 404 when the caller may not, 409 when the name is taken.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{DEFAULT_ORGANIZATION, api::groups::CreateGroupRequest};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let new = CreateGroupRequest { name: "backend".to_owned(), ..CreateGroupRequest::default() };
    /// let group = keyfob.create_group(DEFAULT_ORGANIZATION, &new).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_group(&self, organization: &str, new: &CreateGroupRequest) -> Result<Group, Error> {
        self.post("/organizations/{organization}/groups", &[organization]).json(new).send().await?.json()
    }

    /// Changes a group's fields and members; fields that the request leaves out stay as they are.
    ///
    /// # Errors
    /// 400 for an invalid name and for users who cannot be added or removed, 403 or 404 when the caller may not, 409
    /// when the name is taken.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{DEFAULT_ORGANIZATION, api::groups::PatchGroupRequest};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let group = keyfob.group(DEFAULT_ORGANIZATION, "backend").await?;
    /// let amy = keyfob.user("amy").await?;
    /// let change = PatchGroupRequest { add_users: vec![amy.id.to_string()], ..PatchGroupRequest::default() };
    /// keyfob.update_group(group.id, &change).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_group(&self, group: Uuid, change: &PatchGroupRequest) -> Result<Group, Error> {
        self.patch("/groups/{group}", &[&group.to_string()]).json(change).send().await?.json()
    }

    /// Deletes a group, and its entries in access lists.
    ///
    /// # Errors
    /// 400 for the group of all members, 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::DEFAULT_ORGANIZATION;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let group = keyfob.group(DEFAULT_ORGANIZATION, "backend").await?;
    /// keyfob.delete_group(group.id).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_group(&self, group: Uuid) -> Result<(), Error> {
        self.delete("/groups/{group}", &[&group.to_string()]).send().await.map(drop)
    }
}
