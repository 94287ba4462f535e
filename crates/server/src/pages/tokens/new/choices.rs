//! The scopes that a token could have, by what they are about, and the sets that tick several.
use keyfob_authority::tokens::{OfferedScope, presets};
use keyfob_rbac::Catalogue;

use super::Fields;
use crate::pages::{
    parts::Badge,
    scopes::{badge, capitalized, plural, sentence},
};

/// Scopes about one kind of objects.
pub(super) struct Group {
    pub(super) title: String,
    pub(super) scopes: Vec<ScopeBox>,
}

/// A scope as a box to tick.
pub(super) struct ScopeBox {
    pub(super) name: String,
    pub(super) sentence: String,
    pub(super) effect: Badge,
    pub(super) is_ticked: bool,
    /// Why it cannot be ticked.
    pub(super) lacks: Option<&'static str>,
    /// What is to be known of it otherwise.
    pub(super) remark: Option<&'static str>,
}

/// A button that ticks a set of scopes.
pub(super) struct PresetButton {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// The names of the scopes, for a script.
    pub(super) scopes: String,
}

pub(super) fn preset_buttons(catalogue: &Catalogue) -> Vec<PresetButton> {
    let button = |preset: keyfob_authority::tokens::Preset| PresetButton {
        name: preset.name,
        about: preset.about,
        scopes: preset.scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    presets(catalogue).into_iter().map(button).collect()
}

/// All scopes: those of single types first, then those that go across types.
pub(super) fn groups(offered: Vec<OfferedScope>, fields: &Fields) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let (across, of_types): (Vec<_>, Vec<_>) =
        offered.into_iter().partition(|offered| offered.scope.as_str().starts_with("coder:"));
    for offered in of_types {
        let title = capitalized(&plural(offered.scope.as_str().split(':').next().unwrap_or_default()));
        let scope = scope_box(&offered, fields);
        match groups.last_mut().filter(|group| group.title == title) {
            Some(group) => group.scopes.push(scope),
            None => groups.push(Group { title, scopes: vec![scope] }),
        }
    }
    let across = across.iter().map(|offered| scope_box(offered, fields)).collect();
    groups.push(Group { title: "Across types".to_owned(), scopes: across });
    groups
}

fn scope_box(offered: &OfferedScope, fields: &Fields) -> ScopeBox {
    let name = offered.scope.to_string();
    ScopeBox {
        sentence: sentence(&name),
        effect: badge(offered.effect),
        is_ticked: offered.is_held && fields.has_scope(&name),
        lacks: (!offered.is_held).then_some("Your session does not have it, so it cannot give it."),
        remark: (offered.is_held && !offered.is_of_use)
            .then_some("Your roles permit none of it now: it would work only where you are given access to an object."),
        name,
    }
}
