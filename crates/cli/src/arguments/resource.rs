//! Objects, as people name them: by id, or by name among those that they may see.
use std::str::FromStr;

use anyhow::{Context as _, bail};
use keyfob_api::resources::Resource;
use keyfob_client::{Client, ME, Paging, ResourcesFilter};
use uuid::Uuid;

use super::{organization, user};
use crate::{
    names::{Names, visible},
    terminal::problem::Problem,
};

/// `<type>:<name or id>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) resource_type: String,
    pub(crate) name: String,
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
    pub(crate) async fn find(&self, client: &Client) -> anyhow::Result<Resource> {
        match Uuid::try_parse(&self.name) {
            Ok(id) => client.resource(&self.resource_type, id).await.context("cannot get the resource"),
            Err(_) => find_named(client, &self.resource_type, &self.name).await,
        }
    }
}

/// The id of an object of any type that has names. A text that is an id already is not looked up.
pub(crate) async fn id_of(client: &Client, resource_type: &str, text: &str) -> anyhow::Result<Uuid> {
    if let Ok(id) = Uuid::try_parse(text) {
        return Ok(id);
    }
    match resource_type {
        "user" => user::id_of(client, text).await,
        "organization" => organization::id_of(client, text).await,
        "group" => group_id(client, text).await,
        of => Ok(find_named(client, of, text).await?.id),
    }
}

/// The only resource with this name that the caller may read.
async fn find_named(client: &Client, resource_type: &str, name: &str) -> anyhow::Result<Resource> {
    let mut named = all_named(client, resource_type, name).await?;
    match named.pop() {
        None => {
            let what = format!("there is no {resource_type} named {name:?} that you may read");
            Err(Problem::new(what, format!("'keyfob resources list --type {resource_type}' lists those that you may")))?
        }
        Some(only) if named.is_empty() => Ok(only),
        Some(last) => {
            named.push(last);
            let known = Names::new(client);
            let mut listed = Vec::new();
            for resource in named.iter().take(MOST_CANDIDATES) {
                listed.push(candidate(&known, resource).await?);
            }
            if let Some(others) = named.len().checked_sub(MOST_CANDIDATES).filter(|others| *others > 0) {
                listed.push(format!("and {others} more"));
            }
            let what = format!("several resources of type {resource_type} are named {name:?}");
            Err(Problem::new(what, format!("use the id of one of them: {}", listed.join("; "))))?
        }
    }
}

/// The resources with exactly this name that the caller may read. To the server, the case of letters does not matter.
async fn all_named(client: &Client, resource_type: &str, name: &str) -> anyhow::Result<Vec<Resource>> {
    let mut named = Vec::new();
    let mut paging = Paging { limit: Some(PAGE), ..Paging::default() };
    for _ in 0..MOST_PAGES {
        let filter = ResourcesFilter {
            resource_type: Some(resource_type.to_owned()),
            name: Some(name.to_owned()),
            paging,
            ..ResourcesFilter::default()
        };
        let listed = client.list_resources(&filter).await.context("cannot find the resource by its name")?.resources;
        let is_last = listed.len() < PAGE as usize;
        paging.after_id = listed.last().map(|resource| resource.id);
        named.extend(listed.into_iter().filter(|resource| resource.name == name));
        if is_last {
            return Ok(named);
        }
    }
    let what = format!("the server lists too many resources of type {resource_type} for the name {name:?}");
    Err(Problem::new(what, "use the id of the one that you mean"))?
}

/// How many resources are asked for at a time.
const PAGE: u32 = 100;
/// How many pages are read: a server of an earlier version does not look for the name, and lists all.
const MOST_PAGES: u32 = 20;
/// How many resources of the same name an error lists.
const MOST_CANDIDATES: usize = 10;

/// The id of a resource, and whose it is.
async fn candidate(names: &Names<'_>, resource: &Resource) -> anyhow::Result<String> {
    let owner = match resource.owner_id {
        Some(owner) => names.user(owner).await?,
        None => None,
    };
    let organization = match resource.organization_id {
        Some(id) => names.organization(id).await?,
        None => None,
    };
    let of = [owner.map(|name| format!("of {name}")), organization.map(|name| format!("in {name}"))];
    let of: Vec<String> = of.into_iter().flatten().collect();
    Ok(if of.is_empty() { resource.id.to_string() } else { format!("{} ({})", resource.id, of.join(" ")) })
}

/// The id of the only group of this name in the caller's organizations.
async fn group_id(client: &Client, name: &str) -> anyhow::Result<Uuid> {
    let mut found = Vec::new();
    for organization in client.list_user_organizations(ME).await.context("cannot get your organizations")? {
        let group = visible(client.group(&organization.id.to_string(), name).await);
        if let Some(group) = group.context("cannot find the group")? {
            found.push((group.id, organization.name));
        }
    }
    match found.as_slice() {
        [] => bail!("there is no group named {name:?} that you may read in your organizations"),
        [(id, _)] => Ok(*id),
        several => {
            let ids: Vec<String> =
                several.iter().map(|(id, organization)| format!("{id} (in {organization})")).collect();
            let next = format!("use the id of one of them: {}", ids.join("; "));
            Err(Problem::new(format!("several groups are named {name:?}"), next))?
        }
    }
}
