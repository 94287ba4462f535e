//! Resources, as people name them.
use std::str::FromStr;

use anyhow::{Context as _, bail};
use keyfob_api::resources::Resource;
use keyfob_client::{Client, ResourcesFilter};
use uuid::Uuid;

/// `<type>:<name or id>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) resource_type: String,
    pub(super) name: String,
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((resource_type, name)) if !resource_type.is_empty() && !name.is_empty() => {
                Ok(Self { resource_type: resource_type.to_owned(), name: name.to_owned() })
            }
            _ => Err("want <type>:<name>, such as workspace:dev".to_owned()),
        }
    }
}

impl Reference {
    /// The resource with this id, else the only one with this name that the caller may read.
    pub(super) async fn find(&self, client: &Client) -> anyhow::Result<Resource> {
        let resource_type = self.resource_type.as_str();
        if let Ok(id) = Uuid::try_parse(&self.name) {
            return client.resource(resource_type, id).await.context("get resource");
        }
        let filter = ResourcesFilter {
            resource_type: Some(resource_type.to_owned()),
            q: Some(self.name.clone()),
            ..ResourcesFilter::default()
        };
        let found = client.list_resources(&filter).await.context("find resource by name")?.resources;
        let mut named: Vec<_> = found.into_iter().filter(|resource| resource.name == self.name).collect();
        match (named.pop(), named.as_slice()) {
            (Some(resource), []) => Ok(resource),
            (None, _) => bail!("there is no {resource_type} named {:?} that you may read", self.name),
            (Some(last), others) => {
                let ids: Vec<_> = others.iter().chain([&last]).map(|resource| resource.id.to_string()).collect();
                bail!("several resources are named {:?}: use the id of one of them: {}", self.name, ids.join(", "))
            }
        }
    }
}
