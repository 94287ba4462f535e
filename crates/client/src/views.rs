//! Registered workspaces and templates, in the shapes of the original.
use keyfob_api::views::{Template, Workspace, WorkspacesResponse};
use uuid::Uuid;

use crate::{client::Client, error::Error, resources::Paging};

impl Client {
    /// The workspaces that a search such as `owner:me status:running` finds; an empty one finds all.
    ///
    /// # Errors
    /// 400 for a search that cannot be read.
    pub async fn workspaces(&self, q: &str, paging: Paging) -> Result<WorkspacesResponse, Error> {
        let mut query = vec![("q", q.to_owned())];
        paging.add_to(&mut query);
        self.get("/workspaces", &[]).query(&query).send().await?.json()
    }

    /// A workspace.
    ///
    /// # Errors
    /// 404 when it is missing or hidden.
    pub async fn workspace(&self, id: Uuid) -> Result<Workspace, Error> {
        self.get("/workspaces/{workspace}", &[&id.to_string()]).send().await?.json()
    }

    /// The templates that the caller may read.
    ///
    /// # Errors
    /// 401 without a key.
    pub async fn templates(&self) -> Result<Vec<Template>, Error> {
        self.get("/templates", &[]).send().await?.json()
    }

    /// A template.
    ///
    /// # Errors
    /// 404 when it is missing or hidden.
    pub async fn template(&self, id: Uuid) -> Result<Template, Error> {
        self.get("/templates/{template}", &[&id.to_string()]).send().await?.json()
    }
}
