//! Registered workspaces and templates, in the shapes of Coder's API (`docs/compatibility.md`).
use keyfob_api::views::{Template, Workspace, WorkspacesResponse};
use uuid::Uuid;

use crate::{client::Client, error::Error, resources::Paging};

impl Client {
    /// Lists the workspaces that match a search, as far as the caller may read them. An empty search matches all.
    ///
    /// # Errors
    /// 400 for an invalid search.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::Paging;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let found = keyfob.list_workspaces("owner:me status:running", Paging::default()).await?;
    /// println!("{} of my workspaces run", found.count);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_workspaces(&self, q: &str, paging: Paging) -> Result<WorkspacesResponse, Error> {
        let mut query = vec![("q", q.to_owned())];
        paging.add_to(&mut query);
        self.get("/workspaces", &[]).query(&query).send().await?.json()
    }

    /// Gets a workspace.
    ///
    /// # Errors
    /// 404 when the workspace is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client, id: uuid::Uuid) -> Result<(), keyfob_client::Error> {
    /// let workspace = keyfob.workspace(id).await?;
    /// println!("{} is {}", workspace.name, workspace.latest_build.status);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn workspace(&self, id: Uuid) -> Result<Workspace, Error> {
        self.get("/workspaces/{workspace}", &[&id.to_string()]).send().await?.json()
    }

    /// Lists the templates that the caller may read.
    ///
    /// # Errors
    /// 401 without a key.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// for template in keyfob.list_templates().await? {
    ///     println!("{}: {}", template.name, template.description);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_templates(&self) -> Result<Vec<Template>, Error> {
        self.get("/templates", &[]).send().await?.json()
    }

    /// Gets a template.
    ///
    /// # Errors
    /// 404 when the template is missing or hidden.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client, id: uuid::Uuid) -> Result<(), keyfob_client::Error> {
    /// println!("{}", keyfob.template(id).await?.display_name);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn template(&self, id: Uuid) -> Result<Template, Error> {
        self.get("/templates/{template}", &[&id.to_string()]).send().await?.json()
    }
}
