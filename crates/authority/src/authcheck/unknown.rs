//! Names in checks that the catalogue does not have.
use keyfob_rbac::Catalogue;

use super::Check;
use crate::nearest_name;

/// A name that the catalogue does not have, with the known one that is most like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// What it would name.
    pub kind: NameKind,
    /// The name.
    pub name: String,
    /// The nearest known name, if one is like it.
    pub nearest: Option<String>,
}

/// What a name in a check stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A type of objects.
    ResourceType,
    /// An action on the objects of the type.
    Action,
}

/// The unknown names of a check: its type, or the action on it.
pub(super) fn names(catalogue: &Catalogue, check: &Check) -> Vec<UnknownName> {
    let Some(of) = catalogue.resource_type(&check.resource_type) else {
        let known = catalogue.resource_types().map(|of| catalogue.type_name(of));
        return vec![unknown(NameKind::ResourceType, &check.resource_type, known)];
    };
    let mut known = catalogue.actions_of(of).map(|action| catalogue.action_name(action));
    if known.any(|action| action == check.action) {
        return Vec::new();
    }
    let known = catalogue.actions_of(of).map(|action| catalogue.action_name(action));
    vec![unknown(NameKind::Action, &check.action, known)]
}

fn unknown<'a>(kind: NameKind, name: &str, known: impl Iterator<Item = &'a str>) -> UnknownName {
    UnknownName { kind, name: name.to_owned(), nearest: nearest_name(name, known).map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(resource_type: &str, action: &str) -> Vec<UnknownName> {
        let check = Check { resource_type: resource_type.to_owned(), action: action.to_owned(), ..Check::default() };
        names(&Catalogue::built_in(), &check)
    }

    #[test]
    fn an_unknown_type_or_action_is_named_with_the_nearest_known_one() {
        assert_eq!(of("workspace", "read"), []);
        let nearest = |kind, name: &str, nearest: &str| {
            vec![UnknownName { kind, name: name.to_owned(), nearest: Some(nearest.to_owned()) }]
        };
        assert_eq!(of("workspce", "read"), nearest(NameKind::ResourceType, "workspce", "workspace"));
        assert_eq!(of("workspace", "raed"), nearest(NameKind::Action, "raed", "read"));
        assert_eq!(of("workspace", "frobnicate").first().map(|name| name.nearest.clone()), Some(None));
        // Known elsewhere, but not for objects of this type.
        assert_eq!(of("template", "ssh").len(), 1);
    }
}
