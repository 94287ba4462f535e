//! Entries of allow lists, with the names of the objects that they stand for.
use keyfob_authority::{AuthorizedStore, Refused, resources::ObjectNames};
use keyfob_rbac::{AllowEntry, Catalogue, OwnedId, ResourceType};
use uuid::Uuid;

use super::{
    scopes::{plural, singular},
    wording::isolated,
};
use crate::app::App;

/// The names of the objects of some entries, as far as the person may see them.
pub(super) struct Names<'a> {
    catalogue: &'a Catalogue,
    known: ObjectNames,
}

impl<'a> Names<'a> {
    /// Looks up the objects of all of these entries at once.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn of(
        app: &'a App,
        store: &AuthorizedStore,
        entries: impl IntoIterator<Item = &str>,
    ) -> Result<Self, Refused> {
        let catalogue: &Catalogue = app.catalogue();
        let objects: Vec<_> = entries.into_iter().filter_map(|entry| object_of(catalogue, entry)).collect();
        Ok(Self { catalogue, known: store.incidental().object_names(objects).await? })
    }

    /// The name of the one object of an entry, if it is known.
    pub(super) fn name(&self, entry: &str) -> Option<&str> {
        self.known.get(&object_of(self.catalogue, entry)?).map(String::as_str)
    }

    /// An entry in words.
    pub(super) fn words(&self, entry: &str) -> String {
        match entry.split_once(':') {
            Some(("*", "*")) => "everything".to_owned(),
            Some((of, "*")) => format!("all {}", plural(of)),
            Some((of, _)) => match self.name(entry) {
                Some(name) => format!("{} ({})", isolated(name), singular(of)),
                None => entry.to_owned(),
            },
            None => entry.to_owned(),
        }
    }
}

/// The one object that an entry names.
fn object_of(catalogue: &Catalogue, entry: &str) -> Option<(ResourceType, Uuid)> {
    let entry = AllowEntry::parse(catalogue, entry).ok()?;
    match (entry.resource_type(), entry.id()) {
        (Some(of), Some(OwnedId::Uuid(id))) => Some((of, *id)),
        _ => None,
    }
}
