//! Names for the ids of answers, as far as the caller may see them; what is hidden keeps its id.
use std::{cell::RefCell, collections::HashMap};

use keyfob_client::Client;
use uuid::Uuid;

/// More names than these are not looked up one by one.
const MOST: usize = 200;

/// Names that were looked up.
pub(crate) struct Names<'c> {
    client: &'c Client,
    known: RefCell<HashMap<(String, Uuid), Option<String>>>,
}

impl<'c> Names<'c> {
    pub(crate) fn new(client: &'c Client) -> Self {
        Self { client, known: RefCell::default() }
    }

    /// The name of a user.
    pub(crate) async fn user(&self, id: Uuid) -> Option<String> {
        self.of("user", id).await
    }

    /// The name of an organization.
    pub(crate) async fn organization(&self, id: Uuid) -> Option<String> {
        self.of("organization", id).await
    }

    /// The name of an object of any type.
    pub(crate) async fn of(&self, resource_type: &str, id: Uuid) -> Option<String> {
        let key = (resource_type.to_owned(), id);
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        if self.known.borrow().len() >= MOST {
            return None;
        }
        let found = match resource_type {
            "user" => self.client.user(&id.to_string()).await.ok().map(|user| user.username),
            "organization" => self.client.organization(&id.to_string()).await.ok().map(|found| found.name),
            of => self.client.resource(of, id).await.ok().map(|resource| resource.name),
        };
        self.known.borrow_mut().insert(key, found.clone());
        found
    }

    /// An allow-list entry with a name in place of its id.
    pub(crate) async fn entry(&self, entry: &str) -> String {
        let Some((resource_type, id)) = entry.split_once(':') else { return entry.to_owned() };
        let Ok(id) = Uuid::try_parse(id) else { return entry.to_owned() };
        match self.of(resource_type, id).await {
            Some(name) => format!("{resource_type}:{name}"),
            None => entry.to_owned(),
        }
    }
}
