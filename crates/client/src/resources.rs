//! The registry.
use keyfob_api::resources::{
    CreateResourceRequest, Resource, ResourceAcl, ResourceList, ResourceTypes, UpdateResourceRequest,
};
use uuid::Uuid;

use crate::{client::Client, error::Error};

/// Which part of a list to answer. By default all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paging {
    /// How many at most.
    pub limit: Option<u32>,
    /// How many to leave out first.
    pub offset: Option<u32>,
    /// Only what comes after the one with this id.
    pub after_id: Option<Uuid>,
}

impl Paging {
    pub(crate) fn add_to(self, query: &mut Vec<(&str, String)>) {
        query.extend(self.limit.map(|limit| ("limit", limit.to_string())));
        query.extend(self.offset.map(|offset| ("offset", offset.to_string())));
        query.extend(self.after_id.map(|id| ("after_id", id.to_string())));
    }
}

/// Which resources [`Client::resources`] lists. By default all that the caller may read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourcesFilter {
    /// Only of this type.
    pub resource_type: Option<String>,
    /// Only in this organization.
    pub organization: Option<Uuid>,
    /// Only of this owner.
    pub owner: Option<Uuid>,
    /// Only with this in their name.
    pub q: Option<String>,
    /// Which part of the list.
    pub paging: Paging,
}

impl ResourcesFilter {
    fn query(&self) -> Vec<(&'static str, String)> {
        let texts = [
            ("type", self.resource_type.clone()),
            ("organization", self.organization.map(|id| id.to_string())),
            ("owner", self.owner.map(|id| id.to_string())),
            ("q", self.q.clone()),
        ];
        let mut query: Vec<_> = texts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
        self.paging.add_to(&mut query);
        query
    }
}

impl Client {
    /// The types that the server knows, with their actions.
    ///
    /// # Errors
    /// 401 without a key.
    pub async fn resource_types(&self) -> Result<ResourceTypes, Error> {
        self.get("/resource-types", &[]).send().await?.json()
    }

    /// Registers a resource.
    ///
    /// # Errors
    /// 400 for what is wrong with the request, 403 when the caller may not, 409 when id or name is taken.
    pub async fn create_resource(&self, resource: &CreateResourceRequest) -> Result<Resource, Error> {
        self.post("/resources", &[]).json(resource).send().await?.json()
    }

    /// The resources that the filter asks for, as far as the caller may read them.
    ///
    /// # Errors
    /// 400 for an unknown type and for a filter that cannot be read.
    pub async fn resources(&self, filter: &ResourcesFilter) -> Result<ResourceList, Error> {
        self.get("/resources", &[]).query(&filter.query()).send().await?.json()
    }

    /// A resource.
    ///
    /// # Errors
    /// 404 when it is missing or hidden.
    pub async fn resource(&self, resource_type: &str, id: Uuid) -> Result<Resource, Error> {
        self.get("/resources/{type}/{id}", &[resource_type, &id.to_string()]).send().await?.json()
    }

    /// Changes a resource; what the request leaves out stays.
    ///
    /// # Errors
    /// 400 for what is wrong with the request, 403 or 404 when the caller may not, 409 when the name is taken.
    pub async fn update_resource(
        &self,
        resource_type: &str,
        id: Uuid,
        change: &UpdateResourceRequest,
    ) -> Result<Resource, Error> {
        self.patch("/resources/{type}/{id}", &[resource_type, &id.to_string()]).json(change).send().await?.json()
    }

    /// Removes a resource. Its id is never given out again.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not.
    pub async fn delete_resource(&self, resource_type: &str, id: Uuid) -> Result<(), Error> {
        self.delete("/resources/{type}/{id}", &[resource_type, &id.to_string()]).send().await.map(drop)
    }

    /// Who may do what to a resource besides what their roles allow.
    ///
    /// # Errors
    /// 403 or 404 when the caller may not, 400 for a type without access lists.
    pub async fn resource_acl(&self, resource_type: &str, id: Uuid) -> Result<ResourceAcl, Error> {
        self.get("/resources/{type}/{id}/acl", &[resource_type, &id.to_string()]).send().await?.json()
    }

    /// Changes the entries of the ids that are named, and answers the whole list.
    ///
    /// # Errors
    /// 400 for unknown roles, actions and ids, 403 or 404 when the caller may not.
    pub async fn update_resource_acl(
        &self,
        resource_type: &str,
        id: Uuid,
        change: &ResourceAcl,
    ) -> Result<ResourceAcl, Error> {
        self.patch("/resources/{type}/{id}/acl", &[resource_type, &id.to_string()]).json(change).send().await?.json()
    }
}
