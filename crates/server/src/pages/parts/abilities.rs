//! What a key can do, in sentences: what matters now first, and the rest behind a click.
use askama::{Template, filters::HtmlSafe};
use keyfob_authority::tokens::{Ability, Objects};
use keyfob_rbac::Catalogue;

use crate::pages::scopes::ability;

/// How many sentences are shown at once.
const MOST_SHOWN: usize = 6;

/// Sentences about what a key can do.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/parts/abilities.html")]
pub(crate) struct Abilities {
    first: Vec<String>,
    rest: Vec<String>,
}

impl Abilities {
    pub(crate) fn new(catalogue: &Catalogue, mut abilities: Vec<Ability>) -> Self {
        // What it can do to the most objects that there are, then what it could make, and last what there is none of.
        abilities.sort_by_key(|ability| match ability.to {
            Objects::Over(_) => (0, 0),
            Objects::Now(0) => (2, 0),
            Objects::Now(count) => (0, u64::MAX - count),
            Objects::Uncounted | Objects::New => (1, 0),
        });
        let mut first: Vec<String> = abilities.iter().map(|each| ability(catalogue, each)).collect();
        let rest = first.split_off(first.len().min(MOST_SHOWN));
        Self { first, rest }
    }

    /// Whether it can do nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty()
    }
}

/// Only escaped text is in it.
impl HtmlSafe for Abilities {}
