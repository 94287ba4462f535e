//! Scopes, permissions and what they do, in words.
use keyfob_authority::tokens::{Ability, Effect, Objects};
use keyfob_rbac::{Action, Catalogue, Permission, Scope, ScopeName};

use super::parts::{Badge, Tone};

/// The composite scopes, in a sentence each.
const COMPOSITE: [(&str, &str); 9] = [
    ("coder:all", "Everything that you may do, now and later."),
    ("coder:apikeys.manage_self", "See, mint, change and delete API keys."),
    ("coder:application_connect", "Connect to applications in workspaces."),
    ("coder:templates.author", "See, make, change and delete templates, and upload files."),
    ("coder:templates.build", "See templates and build jobs, and upload files."),
    ("coder:workspaces.access", "See workspaces, and connect to them."),
    ("coder:workspaces.create", "See, make, change, start and stop workspaces."),
    ("coder:workspaces.delete", "See and delete workspaces."),
    ("coder:workspaces.operate", "See, change, start and stop workspaces."),
];

/// What a scope does, in a sentence.
pub(super) fn sentence(catalogue: &Catalogue, scope: &ScopeName) -> String {
    if let Some((_, sentence)) = COMPOSITE.iter().find(|(name, _)| *name == scope.as_str()) {
        return (*sentence).to_owned();
    }
    let expanded = Scope::expand(catalogue, std::slice::from_ref(scope)).map(|scope| scope.site).unwrap_or_default();
    let parts: Vec<String> = expanded.iter().map(|permission| of_permission(catalogue, permission)).collect();
    format!("{}.", capitalized(&listed(&parts)))
}

fn of_permission(catalogue: &Catalogue, permission: &Permission) -> String {
    let Some(of) = permission.resource_type else { return "do everything to everything".to_owned() };
    let objects = plural(catalogue.type_name(of));
    match permission.action {
        Some(action) => format!("{} {objects}", verb(catalogue, action)),
        None => format!("do everything to {objects}"),
    }
}

/// What a token could do, in a sentence: "See, start and stop 12 workspaces."
pub(super) fn ability(catalogue: &Catalogue, Ability { resource_type, actions, to }: &Ability) -> String {
    let name = catalogue.type_name(*resource_type);
    // The harmless first, as in a list that people read to its end.
    let mut actions = actions.clone();
    actions.sort_by_key(|action| (Effect::of_action(*action), *action != Action::READ));
    let verbs: Vec<String> = actions.iter().map(|action| verb(catalogue, *action)).collect();
    let objects = match to {
        Objects::Now(1) => format!("1 {}", singular(name)),
        Objects::Now(count) => format!("{count} {}", plural(name)),
        Objects::Over(count) => format!("over {count} {}", plural(name)),
        Objects::Uncounted => plural(name),
        Objects::New => format!("new {}", plural(name)),
    };
    capitalized(&format!("{} {objects}", listed(&verbs)))
}

/// An action, as a verb that its objects follow.
pub(super) fn verb(catalogue: &Catalogue, action: Action) -> String {
    let words = match action {
        Action::READ => "see",
        Action::CREATE => "make",
        Action::UPDATE => "change",
        Action::READ_PERSONAL => "see personal data of",
        Action::UPDATE_PERSONAL => "change personal data of",
        Action::SSH => "open a shell in",
        Action::APPLICATION_CONNECT => "connect to applications in",
        Action::VIEW_INSIGHTS => "see the use of",
        Action::CREATE_AGENT => "add agents to",
        Action::UPDATE_AGENT => "change agents of",
        Action::DELETE_AGENT => "remove agents from",
        other => return catalogue.action_name(other).replace('_', " "),
    };
    words.to_owned()
}

/// The name of a type, for one object.
pub(super) fn singular(name: &str) -> String {
    match name {
        "api_key" => "API key".to_owned(),
        "assign_org_role" => "organization role".to_owned(),
        "assign_role" => "role".to_owned(),
        "aibridge_interception" => "AI bridge interception".to_owned(),
        name if name.starts_with("ai_") => name.replacen("ai_", "AI ", 1).replace('_', " "),
        name => name.replace('_', " "),
    }
}

/// The name of a type, for several objects.
pub(super) fn plural(name: &str) -> String {
    match singular(name) {
        one if one.ends_with('s') => one,
        one if one.ends_with("ey") => format!("{one}s"),
        one if one.ends_with('y') => format!("{}ies", one.trim_end_matches('y')),
        one => format!("{one}s"),
    }
}

/// The worst of a scope.
pub(super) fn badge(effect: Effect) -> Badge {
    match effect {
        Effect::Reads => Badge::new(Tone::Quiet, "reads"),
        Effect::Writes => Badge::new(Tone::Warn, "writes"),
        Effect::Destroys => Badge::new(Tone::Bad, "destroys"),
        Effect::Unrestricted => Badge::new(Tone::Bad, "unrestricted"),
    }
}

/// "a, b and c".
pub(super) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [many @ .., last] => format!("{} and {last}", many.join(", ")),
    }
}

/// The same with a capital letter at its beginning.
pub(super) fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use keyfob_rbac::ResourceType;

    use super::*;

    #[test]
    fn every_scope_that_a_token_may_ask_for_has_a_sentence() {
        let catalogue = Catalogue::built_in();
        for name in catalogue.requestable_scopes() {
            let sentence = sentence(&catalogue, &catalogue.requestable_scope(&name).unwrap());
            assert!(sentence.ends_with('.') && sentence.len() > 8 && !sentence.contains('_'), "{name}: {sentence}");
        }
        for (name, _) in COMPOSITE {
            assert!(catalogue.is_requestable(name), "{name}");
        }
        let said = |name: &str| sentence(&catalogue, &catalogue.requestable_scope(name).unwrap());
        assert_eq!(said("workspace:ssh"), "Open a shell in workspaces.");
        assert_eq!(said("api_key:*"), "Do everything to API keys.");
    }

    #[test]
    fn what_a_token_could_do_is_a_sentence_with_a_number() {
        let catalogue = Catalogue::built_in();
        let ability = |actions: &[Action], to| {
            let actions = actions.to_vec();
            super::ability(&catalogue, &Ability { resource_type: ResourceType::WORKSPACE, actions, to })
        };
        let some = [Action::READ, Action::START, Action::SSH];
        assert_eq!(ability(&some, Objects::Now(12)), "See, start and open a shell in 12 workspaces");
        assert_eq!(ability(&[Action::READ], Objects::Now(1)), "See 1 workspace");
        assert_eq!(ability(&[Action::READ], Objects::Over(1000)), "See over 1000 workspaces");
        assert_eq!(ability(&[Action::CREATE], Objects::New), "Make new workspaces");
    }
}
