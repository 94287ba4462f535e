//! Names for the ids of answers, as far as the caller may see them; what is hidden keeps its id.
use std::{cell::RefCell, collections::HashMap};

use anyhow::Context as _;
use keyfob_client::{Client, Error, StatusCode};
use uuid::Uuid;

/// More names than these are not looked up one by one.
const MOST: usize = 200;

/// What was asked for, if the caller may see it.
///
/// # Errors
/// Those that do not say that it is missing or hidden: an expired key, or too many requests.
pub(crate) fn visible<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.status(), Some(StatusCode::NOT_FOUND | StatusCode::FORBIDDEN)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Names that were looked up. Each look-up fails as [`visible`] does.
pub(crate) struct Names<'c> {
    client: &'c Client,
    known: RefCell<HashMap<(String, Uuid), Option<String>>>,
}

impl<'c> Names<'c> {
    pub(crate) fn new(client: &'c Client) -> Self {
        Self { client, known: RefCell::default() }
    }

    /// The name of a user.
    pub(crate) async fn user(&self, id: Uuid) -> anyhow::Result<Option<String>> {
        self.of("user", id).await
    }

    /// The name of an organization.
    pub(crate) async fn organization(&self, id: Uuid) -> anyhow::Result<Option<String>> {
        self.of("organization", id).await
    }

    /// The name of a group.
    pub(crate) async fn group(&self, id: Uuid) -> anyhow::Result<Option<String>> {
        self.of("group", id).await
    }

    /// The name of an object of any type.
    pub(crate) async fn of(&self, resource_type: &str, id: Uuid) -> anyhow::Result<Option<String>> {
        let key = (resource_type.to_owned(), id);
        if let Some(known) = self.known.borrow().get(&key) {
            return Ok(known.clone());
        }
        if self.known.borrow().len() >= MOST {
            return Ok(None);
        }
        let found = match resource_type {
            "user" => visible(self.client.user(&id.to_string()).await.map(|user| user.username)),
            "organization" => visible(self.client.organization(&id.to_string()).await.map(|found| found.name)),
            "group" => visible(self.client.group_by_id(id).await.map(|group| group.name)),
            of => visible(self.client.resource(of, id).await.map(|resource| resource.name)),
        };
        let found = found.with_context(|| format!("cannot look up the name of a {resource_type}"))?;
        self.known.borrow_mut().insert(key, found.clone());
        Ok(found)
    }

    /// An allow-list entry with a name in place of its id.
    pub(crate) async fn entry(&self, entry: &str) -> anyhow::Result<String> {
        let Some((resource_type, id)) = entry.split_once(':') else { return Ok(entry.to_owned()) };
        let Ok(id) = Uuid::try_parse(id) else { return Ok(entry.to_owned()) };
        Ok(match self.of(resource_type, id).await? {
            Some(name) => format!("{resource_type}:{name}"),
            None => entry.to_owned(),
        })
    }
}
