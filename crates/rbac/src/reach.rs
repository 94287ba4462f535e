//! An allow list, compiled: matching an object costs two look-ups, whatever the length of the list.
use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::{
    Action, AllowList, Catalogue, Object, OwnedId, ResourceType,
    catalogue::{Origin, Refused},
    ids::IdSet,
};

/// The objects of a type that an allow list matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowReach {
    /// All of them, including those that do not exist yet.
    All,
    /// Those with one of these ids.
    Some(Vec<OwnedId>),
    /// None of them.
    None,
}

#[derive(Clone, Debug)]
pub(crate) struct Reach {
    everything: bool,
    /// What `*:*` does not settle: types and actions of other catalogues; without it, all of them.
    refused: Refused,
    catalogue: Origin,
    by_type: HashMap<ResourceType, Listed, FixedState>,
    /// The ids of entries for any type.
    of_any_type: IdSet,
    pub(crate) list: AllowList,
}

/// The entries for one type.
#[derive(Clone, Debug, Default)]
struct Listed {
    whole: bool,
    ids: IdSet,
}

impl Reach {
    pub(crate) fn compile(catalogue: &Catalogue, list: &AllowList) -> Self {
        let mut by_type: HashMap<ResourceType, Listed, FixedState> = HashMap::default();
        let mut of_any_type = IdSet::default();
        for entry in list.entries() {
            match (entry.resource_type(), entry.id()) {
                (Some(of), None) => by_type.entry(of).or_default().whole = true,
                (Some(of), Some(id)) => by_type.entry(of).or_default().ids.insert(id.clone()),
                (None, Some(id)) => of_any_type.insert(id.clone()),
                (None, None) => {}
            }
        }
        let (everything, catalogue) = (list.is_everything(), catalogue.origin());
        let refused = if everything { Refused::all_but(catalogue) } else { Refused::ALL };
        Self { everything, refused, catalogue, by_type, of_any_type, list: list.clone() }
    }

    /// Whether the type and the action are of the subject's catalogue, and an entry matches the object.
    #[inline]
    pub(crate) fn fits(&self, action: Action, object: &Object<'_>) -> bool {
        !self.refused.has(object.resource_type.0, action.0) || self.lists(action, object)
    }

    // Not inlined: most keys have `*:*`, and the code of the decision is shorter without it.
    #[inline(never)]
    fn lists(&self, action: Action, object: &Object<'_>) -> bool {
        let of_type = self.by_type.get(&object.resource_type);
        self.knows(action, object.resource_type)
            && (of_type.is_some_and(|listed| listed.whole || listed.ids.contains(object.id))
                || self.of_any_type.contains(object.id))
    }

    /// Whether the type and the action are of the subject's catalogue.
    pub(crate) fn knows(&self, action: Action, of: ResourceType) -> bool {
        of.0.origin().and(action.0.origin()).is_within(self.catalogue)
    }

    /// The objects of the type that entries match.
    pub(crate) fn of(&self, of: ResourceType) -> AllowReach {
        if !of.0.origin().is_within(self.catalogue) {
            return AllowReach::None;
        }
        let listed = self.by_type.get(&of);
        if self.everything || listed.is_some_and(|listed| listed.whole) {
            return AllowReach::All;
        }
        let mut ids = listed.map(|listed| listed.ids.sorted()).unwrap_or_default();
        ids.extend(self.of_any_type.sorted());
        ids.sort();
        ids.dedup();
        if ids.is_empty() { AllowReach::None } else { AllowReach::Some(ids) }
    }
}
