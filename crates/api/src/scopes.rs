//! Scopes in words: the console and the command line say the same. All is by name, so that it also holds for the types of
//! a deployment's own.
use serde::Serialize;

/// The worst that a permission lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It shows what there is.
    Reads,
    /// It makes or changes something.
    Writes,
    /// It removes something for good.
    Destroys,
    /// Everything, also what there will be later.
    Unrestricted,
}

impl Effect {
    /// The worst of an action. What one of a deployment's own does is not known: it may write.
    #[must_use]
    pub fn of_action(action: &str) -> Self {
        match action {
            "read" | "read_personal" | "view_insights" => Self::Reads,
            // A wildcard is also what there will be later.
            "delete" | "delete_agent" | "*" => Self::Destroys,
            _ => Self::Writes,
        }
    }

    /// The worst of a scope. One that is not known is the worst of all.
    ///
    /// # Examples
    /// ```
    /// use keyfob_api::scopes::Effect;
    ///
    /// assert_eq!(Effect::of_scope("workspace:read"), Effect::Reads);
    /// assert_eq!(Effect::of_scope("coder:all"), Effect::Unrestricted);
    /// ```
    #[must_use]
    pub fn of_scope(scope: &str) -> Self {
        if let Some((.., effect)) = composite(scope) {
            return *effect;
        }
        match scope.split_once(':') {
            None | Some(("coder" | "*", _)) => Self::Unrestricted,
            Some((_, action)) => Self::of_action(action),
        }
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Destroys => "destroys",
            Self::Unrestricted => "unrestricted",
        }
    }
}

/// Scopes that stand for several permissions. Those that they need besides, such as `organization_member:read`, are not
/// told.
const COMPOSITE: [(&str, &str, Effect); 9] = [
    ("coder:all", "Do everything that the owner of the token may do, now and later.", Effect::Unrestricted),
    ("coder:apikeys.manage_self", "See, mint, change and delete API keys.", Effect::Destroys),
    ("coder:application_connect", "Connect to applications in workspaces.", Effect::Writes),
    ("coder:templates.author", "See, make, change and delete templates, and upload files.", Effect::Destroys),
    ("coder:templates.build", "See templates and build jobs, and upload files.", Effect::Writes),
    (
        "coder:workspaces.access",
        "See workspaces, open a shell in them, and connect to applications in them.",
        Effect::Writes,
    ),
    ("coder:workspaces.create", "See, make, change, start and stop workspaces, and use templates.", Effect::Writes),
    ("coder:workspaces.delete", "See and delete workspaces, and use templates.", Effect::Destroys),
    ("coder:workspaces.operate", "See, change, start and stop workspaces.", Effect::Writes),
];

fn composite(scope: &str) -> Option<&'static (&'static str, &'static str, Effect)> {
    COMPOSITE.iter().find(|(name, ..)| *name == scope)
}

/// What a scope permits, in a sentence.
///
/// # Examples
/// ```
/// use keyfob_api::scopes::sentence;
///
/// assert_eq!(sentence("workspace:ssh"), "Open a shell in workspaces.");
/// ```
#[must_use]
pub fn sentence(scope: &str) -> String {
    if let Some((_, sentence, _)) = composite(scope) {
        return (*sentence).to_owned();
    }
    let (of, action) = scope.split_once(':').unwrap_or((scope, "*"));
    format!("{} {}.", capitalized(&verb(action)), plural(of))
}

/// An action, as a verb that its objects follow.
#[must_use]
pub fn verb(action: &str) -> String {
    let words = match action {
        "*" => "do everything to",
        "read" => "see",
        "create" => "make",
        "update" => "change",
        "read_personal" => "see personal data of",
        "update_personal" => "change personal data of",
        "ssh" => "open a shell in",
        "application_connect" => "connect to applications in",
        "view_insights" => "see the use of",
        "create_agent" => "add agents to",
        "update_agent" => "change agents of",
        "delete_agent" => "remove agents from",
        other => return other.replace('_', " "),
    };
    words.to_owned()
}

/// The name of a type, for one object.
#[must_use]
pub fn singular(resource_type: &str) -> String {
    match resource_type {
        "*" => "object of any type".to_owned(),
        "api_key" => "API key".to_owned(),
        "assign_org_role" => "organization role".to_owned(),
        "assign_role" => "role".to_owned(),
        "aibridge_interception" => "AI bridge interception".to_owned(),
        name if name.starts_with("ai_") => name.replacen("ai_", "AI ", 1).replace('_', " "),
        name => name.replace('_', " "),
    }
}

/// The name of a type, for several objects.
#[must_use]
pub fn plural(resource_type: &str) -> String {
    if resource_type == "*" {
        return "everything".to_owned();
    }
    match singular(resource_type) {
        one if one.ends_with('s') => one,
        one => match one.strip_suffix('y') {
            Some(stem) if !stem.ends_with(['a', 'e', 'o']) => format!("{stem}ies"),
            _ => format!("{one}s"),
        },
    }
}

/// `one, two and three`.
#[must_use]
pub fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [many @ .., last] => format!("{} and {last}", many.join(", ")),
    }
}

/// The same text with a capital letter at its beginning.
#[must_use]
pub fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_says_what_is_done_to_what() {
        for (scope, expected) in [
            ("workspace:ssh", "Open a shell in workspaces."),
            ("api_key:*", "Do everything to API keys."),
            ("ai_model:read", "See AI models."),
            ("invoice:pay_out", "Pay out invoices."),
            ("policy:delete", "Delete policies."),
            ("survey:read", "See surveys."),
            ("user:read_personal", "See personal data of users."),
            ("*:*", "Do everything to everything."),
        ] {
            assert_eq!(sentence(scope), expected);
        }
    }

    #[test]
    fn what_is_not_known_is_the_worst() {
        for (scope, expected) in [
            ("group:delete", Effect::Destroys),
            ("file:*", Effect::Destroys),
            ("invoice:pay_out", Effect::Writes),
            ("coder:something.new", Effect::Unrestricted),
            ("*:*", Effect::Unrestricted),
            ("nonsense", Effect::Unrestricted),
        ] {
            assert_eq!(Effect::of_scope(scope), expected, "{scope}");
        }
    }
}
