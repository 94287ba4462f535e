//! Scopes in words: those that the command line has, too, and what only pages say.
use keyfob_api::scopes::{Effect, verb};
use keyfob_authority::tokens::{Ability, Objects};
use keyfob_rbac::{Action, Catalogue};

use super::parts::{Badge, Tone};

pub(super) use keyfob_api::scopes::{capitalized, listed, plural, sentence, singular};

/// What a token could do, in a sentence: "See, start and stop 12 workspaces."
pub(super) fn ability(catalogue: &Catalogue, Ability { resource_type, actions, to }: &Ability) -> String {
    let name = catalogue.type_name(*resource_type);
    // The harmless first, as in a list that people read to its end.
    let mut names: Vec<&str> = actions.iter().map(|action| catalogue.action_name(*action)).collect();
    names.sort_by_key(|action| (Effect::of_action(action), *action != catalogue.action_name(Action::READ)));
    let verbs: Vec<String> = names.into_iter().map(verb).collect();
    let objects = match to {
        Objects::Now(1) => format!("1 {}", singular(name)),
        Objects::Now(count) => format!("{count} {}", plural(name)),
        Objects::Over(count) => format!("over {count} {}", plural(name)),
        Objects::Uncounted => plural(name),
        Objects::New => format!("new {}", plural(name)),
    };
    capitalized(&format!("{} {objects}", listed(&verbs)))
}

/// The worst of a scope.
pub(super) fn badge(effect: Effect) -> Badge {
    let tone = match effect {
        Effect::Reads => Tone::Quiet,
        Effect::Writes => Tone::Warn,
        Effect::Destroys | Effect::Unrestricted => Tone::Bad,
    };
    Badge::new(tone, effect.word())
}

#[cfg(test)]
mod tests {
    use keyfob_rbac::ResourceType;

    use super::*;

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
