//! Scopes in words.
use serde::Serialize;

/// What a scope permits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Meaning {
    pub(super) sentence: String,
    pub(super) effect: Effect,
}

/// The worst that a scope can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Effect {
    Reads,
    Writes,
    Destroys,
    Unrestricted,
}

impl Effect {
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Destroys => "destroys",
            Self::Unrestricted => "unrestricted",
        }
    }
}

/// Scopes that stand for several permissions.
const COMPOSITE: [(&str, &str, Effect); 9] = [
    ("coder:all", "Do everything that the owner of the token may do.", Effect::Unrestricted),
    ("coder:application_connect", "Open the applications of workspaces.", Effect::Writes),
    ("coder:apikeys.manage_self", "See, create, change and delete the owner's own tokens.", Effect::Destroys),
    ("coder:workspaces.create", "Create workspaces, and read the templates for that.", Effect::Writes),
    ("coder:workspaces.operate", "Read, start, stop and change workspaces.", Effect::Writes),
    ("coder:workspaces.delete", "Read and delete workspaces.", Effect::Destroys),
    ("coder:workspaces.access", "Read workspaces, and connect to them and their applications.", Effect::Writes),
    ("coder:templates.author", "Create, change and delete templates, and upload files for them.", Effect::Destroys),
    ("coder:templates.build", "Read templates and upload files to build them.", Effect::Writes),
];

/// What a scope permits, in a sentence.
pub(super) fn meaning(scope: &str) -> Meaning {
    if let Some((_, sentence, effect)) = COMPOSITE.iter().find(|(name, ..)| *name == scope) {
        return Meaning { sentence: (*sentence).to_owned(), effect: *effect };
    }
    let (of, action) = scope.split_once(':').unwrap_or((scope, "*"));
    let objects = plural(of);
    match action {
        "*" => Meaning { sentence: format!("Do everything with {objects}."), effect: Effect::Destroys },
        action => {
            let (verb, effect) = verb(action);
            Meaning { sentence: format!("{verb} {objects}."), effect }
        }
    }
}

fn verb(action: &str) -> (String, Effect) {
    let known = match action {
        "read" => ("See", Effect::Reads),
        "read_personal" => ("See the personal data of", Effect::Reads),
        "view_insights" => ("See the use of", Effect::Reads),
        "create" => ("Create", Effect::Writes),
        "update" => ("Change", Effect::Writes),
        "update_personal" => ("Change the personal data of", Effect::Writes),
        "delete" => ("Delete", Effect::Destroys),
        "assign" => ("Give", Effect::Unrestricted),
        "unassign" => ("Take away", Effect::Destroys),
        "share" => ("Give others access to", Effect::Writes),
        "use" => ("Use", Effect::Writes),
        "start" => ("Start", Effect::Writes),
        "stop" => ("Stop", Effect::Writes),
        "ssh" => ("Open a shell in", Effect::Writes),
        "application_connect" => ("Open the applications of", Effect::Writes),
        other => return (capital(&other.replace('_', " ")), Effect::Writes),
    };
    (known.0.to_owned(), known.1)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn plural(of: &str) -> String {
    match of {
        "api_key" => return "tokens and sessions".to_owned(),
        "coder" | "*" => return "all objects".to_owned(),
        _ => {}
    }
    let words = of.replace('_', " ");
    match words.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies"),
        _ if words.ends_with('s') => words,
        _ => format!("{words}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_has_a_sentence() {
        for scope in keyfob_rbac::Catalogue::built_in().requestable_scopes() {
            let Meaning { sentence, .. } = meaning(&scope);
            assert!(sentence.ends_with('.') && sentence.starts_with(char::is_uppercase), "{scope}: {sentence}");
            let is_composite = COMPOSITE.iter().any(|(name, ..)| *name == scope);
            assert!(is_composite || !scope.starts_with("coder:"), "{scope} has words of its own");
        }
    }

    #[test]
    fn a_sentence_says_what_is_done_to_what() {
        assert_eq!(meaning("workspace:ssh").sentence, "Open a shell in workspaces.");
        assert_eq!(meaning("api_key:read").sentence, "See tokens and sessions.");
        assert_eq!(meaning("group:delete").effect, Effect::Destroys);
        assert_eq!(meaning("invoice:pay_out").sentence, "Pay out invoices.");
    }
}
