//! What a token could be given: the scopes that there are, what each of them does, and the sets that are offered by a
//! name.
use keyfob_api::scopes::Effect;
use keyfob_rbac::{Action, Catalogue, Id, Permission, ResourceType, Scope, ScopeName, scopes_exceeding};
use keyfob_store::User;

use super::key_object;
use crate::AuthorizedStore;

/// A scope, as the caller could give it to a token.
#[derive(Clone, Debug)]
pub struct OfferedScope {
    /// Its name.
    pub scope: ScopeName,
    /// What it permits.
    pub permissions: Vec<Permission>,
    /// The worst of it.
    pub effect: Effect,
    /// Whether the caller's own key has it: no key gives what it lacks.
    pub is_held: bool,
    /// Whether the caller's roles permit any of it. Without that, it does nothing but what access lists grant.
    pub is_of_use: bool,
}

/// A set of scopes that is offered by a name.
#[derive(Clone, Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// For what, in a sentence.
    pub about: &'static str,
    /// The scopes.
    pub scopes: Vec<ScopeName>,
    /// Whether it is meant for few objects, which an allow list names.
    pub is_for_few_objects: bool,
}

const CI: [&str; 9] = [
    "file:create",
    "file:read",
    "template:read",
    "template:use",
    "workspace:create",
    "workspace:read",
    "workspace:start",
    "workspace:stop",
    "workspace:update",
];

const ONE_WORKSPACE: [&str; 5] =
    ["workspace:application_connect", "workspace:read", "workspace:ssh", "workspace:start", "workspace:stop"];

/// The sets that are offered, the narrowest first.
pub fn presets(catalogue: &Catalogue) -> [Preset; 3] {
    let named = |names: &[&str]| names.iter().filter_map(|name| catalogue.requestable_scope(name).ok()).collect();
    let requestable = catalogue.requestable_scopes();
    let reading: Vec<&str> = requestable.iter().map(String::as_str).filter(|name| name.ends_with(":read")).collect();
    [
        Preset {
            name: "One workspace",
            about: "Reads, starts, stops and enters workspaces. Name the one below.",
            scopes: named(&ONE_WORKSPACE),
            is_for_few_objects: true,
        },
        Preset {
            name: "CI",
            about: "Makes and updates workspaces of templates that there are, and uploads files. Deletes nothing.",
            scopes: named(&CI),
            is_for_few_objects: false,
        },
        Preset {
            name: "Read only",
            about: "Sees all that you see, and changes nothing.",
            scopes: named(&reading),
            is_for_few_objects: false,
        },
    ]
}

/// The first set that has all of these scopes, and those of its scopes that go beyond them; none where no set has all.
pub fn nearest_preset(catalogue: &Catalogue, scopes: &[ScopeName]) -> Option<(Preset, Vec<ScopeName>)> {
    let has_all = |preset: &Preset| scopes_exceeding(catalogue, &preset.scopes, scopes).is_empty();
    let preset = presets(catalogue).into_iter().find(has_all)?;
    let beyond = scopes_exceeding(catalogue, scopes, &preset.scopes);
    Some((preset, beyond))
}

/// Those of these scopes that permit an action on objects of a type.
pub fn scopes_permitting<'a>(
    catalogue: &Catalogue,
    scopes: &'a [String],
    action: Action,
    of: ResourceType,
) -> Vec<&'a str> {
    let is_it = |permission: &Permission| {
        !permission.negate
            && permission.resource_type.is_none_or(|known| known == of)
            && permission.action.is_none_or(|known| known == action)
    };
    let permits = |name: &&str| {
        let scope = catalogue.scope(name).ok();
        let expanded = scope.and_then(|scope| Scope::expand(catalogue, std::slice::from_ref(&scope)).ok());
        expanded.is_some_and(|scope| scope.site.iter().any(is_it))
    };
    scopes.iter().map(String::as_str).filter(permits).collect()
}

impl AuthorizedStore {
    /// All scopes that tokens may ask for, sorted by name. It requires nothing.
    pub fn offered_scopes(&self) -> Vec<OfferedScope> {
        let catalogue = self.catalogue();
        let held = self.caller.presented().map(|own| own.rights.scopes.as_slice());
        let offered = |name: String| {
            let scope = catalogue.requestable_scope(&name).ok()?;
            let permissions = Scope::expand(catalogue, std::slice::from_ref(&scope)).ok()?.site;
            let one = std::slice::from_ref(&scope);
            Some(OfferedScope {
                effect: Effect::of_scope(scope.as_str()),
                is_held: held.is_none_or(|held| scopes_exceeding(catalogue, held, one).is_empty()),
                is_of_use: permissions.iter().any(|permission| self.is_of_use(permission)),
                permissions,
                scope,
            })
        };
        catalogue.requestable_scopes().into_iter().filter_map(offered).collect()
    }

    fn is_of_use(&self, permission: &Permission) -> bool {
        let Some(of) = permission.resource_type else { return true };
        let permits = |action| self.caller.subject().roles_could_permit(action, of);
        match permission.action {
            Some(action) => permits(action),
            None => self.catalogue().actions_of(of).any(permits),
        }
    }

    /// Whether the caller may mint tokens for this user at all. It requires nothing.
    pub fn may_mint_for(&self, owner: &User) -> bool {
        self.caller.is_permitted(Action::CREATE, &key_object(Id::None, owner.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_set_has_all_of_the_scopes_and_is_the_first_that_does() {
        let catalogue = Catalogue::built_in();
        let scopes = |names: &[&str]| -> Vec<ScopeName> {
            names.iter().map(|name| catalogue.requestable_scope(name).unwrap()).collect()
        };
        let near = |names: &[&str]| {
            nearest_preset(&catalogue, &scopes(names)).map(|(preset, beyond)| (preset.name, beyond.len()))
        };
        assert_eq!(near(&["workspace:read"]), Some(("One workspace", 4)));
        assert_eq!(near(&["workspace:read", "template:read"]), Some(("CI", 7)));
        assert_eq!(near(&["user:read"]).map(|(name, _)| name), Some("Read only"));
        assert_eq!(near(&["workspace:delete"]), None);
        assert_eq!(near(&["coder:all"]), None);
    }

    /// The words of composite scopes are kept by hand.
    #[test]
    fn the_worst_of_a_scope_is_that_of_its_permissions() {
        let catalogue = Catalogue::built_in();
        for name in catalogue.requestable_scopes() {
            let scope = catalogue.requestable_scope(&name).unwrap();
            let expanded = Scope::expand(&catalogue, &[scope]).unwrap().site;
            let worst = expanded.iter().map(|permission| match (permission.resource_type, permission.action) {
                (None, _) => Effect::Unrestricted,
                (Some(_), action) => Effect::of_action(action.map_or("*", |action| catalogue.action_name(action))),
            });
            assert_eq!(Some(Effect::of_scope(&name)), worst.max(), "{name}");
        }
    }
}
