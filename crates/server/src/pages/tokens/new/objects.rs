//! Objects to pick for the allow list, by their names.
use keyfob_authority::{
    AuthorizedStore,
    data::{ListResources, Page},
    resources::registrable,
};

use super::Fields;
use crate::{
    app::App,
    http::error::ApiError,
    pages::{names::Names, scopes::singular},
};

/// How many are shown.
const MOST: u64 = 20;

/// The objects that are ticked, and those that were found.
#[derive(Default)]
pub(super) struct Objects {
    pub(super) boxes: Vec<ObjectBox>,
    /// How many more match.
    pub(super) more: u64,
}

/// An object as a box to tick.
pub(super) struct ObjectBox {
    /// The entry of the allow list.
    pub(super) entry: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) is_ticked: bool,
}

impl Objects {
    /// The objects whose names have what is searched for, as far as the person may see them, after those that are ticked.
    pub(super) async fn find(app: &App, store: &AuthorizedStore, fields: &Fields) -> Result<Self, ApiError> {
        let store = store.incidental();
        let catalogue = app.catalogue();
        let names = Names::of(app, &store, fields.ticked.iter().map(String::as_str)).await?;
        let ticked = |entry: &String| ObjectBox {
            name: names.name(entry).unwrap_or_default().to_owned(),
            kind: singular(entry.split(':').next().unwrap_or_default()),
            entry: entry.clone(),
            is_ticked: true,
        };
        let mut boxes: Vec<ObjectBox> = fields.ticked.iter().map(ticked).collect();
        let list = ListResources {
            name_contains: Some(fields.search.clone()).filter(|text| !text.is_empty()),
            page: Page { limit: Some(MOST), ..Page::default() },
            ..ListResources::default()
        };
        let (found, count) = store.list_resources(&registrable(catalogue), list).await?;
        let shown = u64::try_from(found.len()).unwrap_or(u64::MAX);
        for resource in found {
            let entry = format!("{}:{}", resource.key.resource_type, resource.key.id.0);
            if boxes.iter().all(|known| known.entry != entry) {
                let kind = singular(&resource.key.resource_type);
                boxes.push(ObjectBox { entry, name: resource.name, kind, is_ticked: false });
            }
        }
        Ok(Self { boxes, more: count.saturating_sub(shown) })
    }
}
