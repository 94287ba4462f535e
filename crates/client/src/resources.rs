//! The registry of resources: objects of a platform that roles, scopes and allow lists apply to.
use keyfob_api::resources::{
    CreateResourceRequest, Resource, ResourceAcl, ResourceList, ResourceTypes, UpdateResourceRequest,
};
use uuid::Uuid;

use crate::{client::Client, error::Error};

/// Selects a part of a list. By default all of it.
///
/// # Examples
/// ```
/// use keyfob_client::Paging;
///
/// let second_page = Paging { limit: Some(50), offset: Some(50), ..Paging::default() };
/// assert_eq!(second_page.after_id, None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// The most items to list.
    pub limit: Option<u32>,
    /// The number of items to skip.
    pub offset: Option<u32>,
    /// Only items after the one with this id.
    pub after_id: Option<Uuid>,
}

impl Paging {
    pub(crate) fn add_to(self, query: &mut Vec<(&str, String)>) {
        query.extend(self.limit.map(|limit| ("limit", limit.to_string())));
        query.extend(self.offset.map(|offset| ("offset", offset.to_string())));
        query.extend(self.after_id.map(|id| ("after_id", id.to_string())));
    }
}

/// Selects the resources that [`Client::list_resources`] lists. By default all that the caller may read.
///
/// # Examples
/// ```
/// use keyfob_client::ResourcesFilter;
///
/// let workspaces = ResourcesFilter { resource_type: Some("workspace".to_owned()), ..ResourcesFilter::default() };
/// assert_eq!(workspaces.q, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourcesFilter {
    /// Only of this type.
    pub resource_type: Option<String>,
    /// Only in this organization.
    pub organization: Option<Uuid>,
    /// Only of this owner.
    pub owner: Option<Uuid>,
    /// Only with this name, whatever its case.
    pub name: Option<String>,
    /// Only with this in their name.
    pub q: Option<String>,
    /// The part of the list.
    pub paging: Paging,
}

impl ResourcesFilter {
    fn query(&self) -> Vec<(&'static str, String)> {
        let texts = [
            ("type", self.resource_type.clone()),
            ("organization", self.organization.map(|id| id.to_string())),
            ("owner", self.owner.map(|id| id.to_string())),
            ("name", self.name.clone()),
            ("q", self.q.clone()),
        ];
        let mut query: Vec<_> = texts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
        self.paging.add_to(&mut query);
        query
    }
}

impl Client {
    /// Lists the resource types of the server, with their actions.
    ///
    /// # Errors
    /// 401 without a key.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// for resource_type in keyfob.list_resource_types().await?.resource_types {
    ///     println!("{}: {}", resource_type.name, resource_type.actions.join(", "));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_resource_types(&self) -> Result<ResourceTypes, Error> {
        self.get("/resource-types", &[]).send().await?.json()
    }

    /// Registers a resource.
    ///
    /// # Errors
    /// 400 for invalid fields, 403 when the caller may not, 409 when the id or the name is taken.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::{DEFAULT_ORGANIZATION, api::resources::CreateResourceRequest};
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let new = CreateResourceRequest {
    ///     resource_type: "workspace".to_owned(),
    ///     name: "dev".to_owned(),
    ///     organization_id: Some(keyfob.organization(DEFAULT_ORGANIZATION).await?.id),
    ///     ..CreateResourceRequest::default()
    /// };
    /// let workspace = keyfob.create_resource(&new).await?;
    /// println!("allow-list entry: workspace:{}", workspace.id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn create_resource(&self, resource: &CreateResourceRequest) -> Result<Resource, Error> {
        self.post("/resources", &[]).json(resource).send().await?.json()
    }

    /// Lists the resources that the filter selects, as far as the caller may read them.
    ///
    /// # Errors
    /// 400 for an unknown type and for an invalid filter.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::ResourcesFilter;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let filter = ResourcesFilter { q: Some("dev".to_owned()), ..ResourcesFilter::default() };
    /// for resource in keyfob.list_resources(&filter).await?.resources {
    ///     println!("{}:{} {}", resource.resource_type, resource.id, resource.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_resources(&self, filter: &ResourcesFilter) -> Result<ResourceList, Error> {
        self.get("/resources", &[]).query(&filter.query()).send().await?.json()
    }

    /// Gets a resource.
    ///
    /// # Errors
    /// 404 when the resource is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client, id: uuid::Uuid) -> Result<(), keyfob_client::Error> {
    /// let workspace = keyfob.resource("workspace", id).await?;
    /// println!("{} since {}", workspace.name, workspace.created_at);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn resource(&self, resource_type: &str, id: Uuid) -> Result<Resource, Error> {
        self.get("/resources/{type}/{id}", &[resource_type, &id.to_string()]).send().await?.json()
    }

    /// Changes a resource; fields that the request leaves out stay as they are.
    ///
    /// # Errors
    /// 400 for invalid fields, 403 or 404 when the caller may not, 409 when the name is taken.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::api::resources::UpdateResourceRequest;
    ///
    /// # async fn example(keyfob: keyfob_client::Client, id: uuid::Uuid) -> Result<(), keyfob_client::Error> {
    /// let change = UpdateResourceRequest { name: Some("staging".to_owned()), ..UpdateResourceRequest::default() };
    /// keyfob.update_resource("workspace", id, &change).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_resource(
        &self,
        resource_type: &str,
        id: Uuid,
        change: &UpdateResourceRequest,
    ) -> Result<Resource, Error> {
        self.patch("/resources/{type}/{id}", &[resource_type, &id.to_string()]).json(change).send().await?.json()
    }

    /// Unregisters a resource. Its id is never given to another resource.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client, id: uuid::Uuid) -> Result<(), keyfob_client::Error> {
    /// keyfob.delete_resource("workspace", id).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn delete_resource(&self, resource_type: &str, id: Uuid) -> Result<(), Error> {
        self.delete("/resources/{type}/{id}", &[resource_type, &id.to_string()]).send().await.map(drop)
    }

    /// Gets the access list of a resource: what users and groups may do to it besides what their roles permit.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not, 400 for a type without access lists.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client, id: uuid::Uuid) -> Result<(), keyfob_client::Error> {
    /// for (user, grant) in keyfob.resource_acl("workspace", id).await?.user_roles {
    ///     println!("{user}: {grant:?}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn resource_acl(&self, resource_type: &str, id: Uuid) -> Result<ResourceAcl, Error> {
        self.get("/resources/{type}/{id}/acl", &[resource_type, &id.to_string()]).send().await?.json()
    }

    /// Changes the entries of the users and groups that the request names, and returns the whole access list.
    ///
    /// # Errors
    /// 400 for unknown roles, actions and ids, 403 or 404 when the caller may not.
    ///
    /// # Examples
    /// ```no_run
    /// use std::collections::BTreeMap;
    ///
    /// use keyfob_client::api::resources::{AclGrant, ResourceAcl};
    ///
    /// # async fn example(keyfob: keyfob_client::Client, id: uuid::Uuid) -> Result<(), keyfob_client::Error> {
    /// let amy = keyfob.user("amy").await?.id.to_string();
    /// let change = ResourceAcl {
    ///     user_roles: BTreeMap::from([(amy, AclGrant::Role("use".to_owned()))]),
    ///     ..ResourceAcl::default()
    /// };
    /// keyfob.update_resource_acl("workspace", id, &change).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_resource_acl(
        &self,
        resource_type: &str,
        id: Uuid,
        change: &ResourceAcl,
    ) -> Result<ResourceAcl, Error> {
        self.patch("/resources/{type}/{id}/acl", &[resource_type, &id.to_string()]).json(change).send().await?.json()
    }
}
