//! The rules of single fields (`docs/compatibility.md`).
use uuid::Uuid;

/// How many names or ids a list in a request may have.
pub const MAX_LIST: usize = 1_000;

/// How many characters a text has at most for which there is no other rule.
pub const MAX_TEXT: usize = 1_024;

/// The rule that a name must not read as an id.
pub const NOT_AN_ID: &str = "not_an_id";

/// The rule that a name has none of the characters of [`has_control_characters`].
pub const NO_CONTROL_CHARACTERS: &str = "no_control_characters";

/// Gathers the fields of a request that break a rule, so that one answer names all of them.
#[derive(Debug, Default)]
pub struct Fields(Vec<WrongField>);

/// A field that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongField {
    /// The field's name on the wire.
    pub field: String,
    /// The rule's name, as clients of Coder know it; [`NOT_AN_ID`] and [`NO_CONTROL_CHARACTERS`] are Keyfob's own.
    pub rule: &'static str,
    /// What the field held.
    pub value: String,
}

/// All fields of a request that break a rule; at least one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} fields break their rules", .0.len())]
pub struct WrongFields(pub Vec<WrongField>);

impl Fields {
    /// The field must not be empty.
    #[must_use]
    pub fn required(self, field: &str, value: &str) -> Self {
        self.required_by(field, "required", value)
    }

    /// The same, where the rule that requires it has a name of its own.
    #[must_use]
    pub fn required_by(mut self, field: &str, tag: &'static str, value: &str) -> Self {
        self.rule(field, tag, value, !value.is_empty());
        self
    }

    /// The field must hold an e-mail address.
    #[must_use]
    pub fn email(self, field: &str, value: &str) -> Self {
        self.email_required_by(field, "required", value)
    }

    /// The same, where the rule that requires it has a name of its own.
    #[must_use]
    pub fn email_required_by(mut self, field: &str, tag: &'static str, value: &str) -> Self {
        if self.rule(field, tag, value, !value.is_empty()) {
            self.rule(field, "email", value, is_email(value));
        }
        self
    }

    /// The field must hold a username.
    #[must_use]
    pub fn username(mut self, field: &str, value: &str) -> Self {
        if self.name_rules(field, value) {
            self.rule(field, "username", value, is_username(value));
        }
        self
    }

    /// The field must hold a name of words with single hyphens between.
    #[must_use]
    pub fn slug(mut self, field: &str, tag: &'static str, value: &str) -> Self {
        if self.name_rules(field, value) {
            self.rule(field, tag, value, slug_problem(value).is_none());
        }
        self
    }

    /// The field must hold a group's name.
    #[must_use]
    pub fn group_name(mut self, field: &str, value: &str) -> Self {
        if self.name_rules(field, value) {
            self.rule(field, "group_name", value, is_group_name(value));
        }
        self
    }

    /// The field may hold a display name.
    #[must_use]
    pub fn display_name(mut self, field: &str, tag: &'static str, value: &str) -> Self {
        self.rule(field, tag, value, value.chars().count() <= 64 && value.trim() == value);
        self.without_control_characters(field, value)
    }

    /// The field may hold a person's name.
    #[must_use]
    pub fn real_name(mut self, field: &str, value: &str) -> Self {
        self.rule(field, "user_real_name", value, value.len() <= 128 && value.trim() == value);
        self.without_control_characters(field, value)
    }

    /// The field must not control how the text around it is shown.
    #[must_use]
    pub fn without_control_characters(mut self, field: &str, value: &str) -> Self {
        self.rule(field, NO_CONTROL_CHARACTERS, value, !has_control_characters(value));
        self
    }

    /// The field must not hold a text that reads as an id.
    #[must_use]
    pub fn not_an_id(mut self, field: &str, value: &str) -> Self {
        self.rule(field, NOT_AN_ID, value, !reads_as_id(value));
        self
    }

    /// The field must not hold the id of a key.
    #[must_use]
    pub fn not_a_key_id(mut self, field: &str, value: &str, is_one: bool) -> Self {
        self.rule(field, NOT_AN_ID, value, !is_one);
        self
    }

    /// The field may hold a text of any kind, of [`MAX_TEXT`] characters.
    #[must_use]
    pub fn text(mut self, field: &str, value: &str) -> Self {
        self.rule(field, "max", value, value.chars().count() <= MAX_TEXT);
        self
    }

    /// The field may have so many bytes.
    #[must_use]
    pub fn at_most_bytes(mut self, field: &str, value: &str, most: usize) -> Self {
        self.rule(field, "max", value, value.len() <= most);
        self
    }

    /// The list may have so many entries.
    #[must_use]
    pub fn at_most_entries(mut self, field: &str, count: usize, most: usize) -> Self {
        self.rule(field, "max", &count.to_string(), count <= most);
        self
    }

    /// The field must be empty or hold one of these.
    #[must_use]
    pub fn one_of(mut self, field: &str, value: &str, of: &[&str]) -> Self {
        self.rule(field, "oneof", value, value.is_empty() || of.contains(&value));
        self
    }

    /// The rules of all names that are given where there may also be an id.
    fn name_rules(&mut self, field: &str, value: &str) -> bool {
        self.rule(field, "required", value, !value.is_empty())
            && self.rule(field, NOT_AN_ID, value, !reads_as_id(value))
    }

    fn rule(&mut self, field: &str, tag: &'static str, value: &str, holds: bool) -> bool {
        if !holds {
            self.0.push(WrongField { field: field.to_owned(), rule: tag, value: value.to_owned() });
        }
        holds
    }

    /// Checks that no field broke a rule.
    ///
    /// # Errors
    /// All fields that did.
    pub fn check(self) -> Result<(), WrongFields> {
        if self.0.is_empty() { Ok(()) } else { Err(WrongFields(self.0)) }
    }
}

/// Whether the text is an e-mail address: one `@`, a domain with a dot, no blanks, no display name.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let local_ok = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| c.is_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c));
    local_ok && text.len() <= 254 && domain.contains('.') && domain.split('.').all(label)
}

/// Whether the text can be read as an id, in any spelling of a UUID. Where a path or a command takes a name or an id, a
/// name that reads as an id would be taken for what has that id, so no such name is given.
pub fn reads_as_id(text: &str) -> bool {
    Uuid::try_parse(text).is_ok()
}

/// A name that was given elsewhere, without what no new name may have.
pub(crate) fn without_control_characters(text: &str) -> String {
    text.chars().filter(|c| !controls_text(*c)).collect()
}

/// Whether a text has control characters, or characters that embed, override or isolate the direction of text: a name
/// with these makes the sentences around it read as something else.
pub fn has_control_characters(text: &str) -> bool {
    text.chars().any(controls_text)
}

fn controls_text(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether the text can be a username: 1 to 32 letters and digits with single hyphens between; not a word that paths
/// need for themselves, and no id.
pub fn is_username(text: &str) -> bool {
    slug_problem(text).is_none() && !text.eq_ignore_ascii_case("me") && !reads_as_id(text)
}

/// Whether the text can be a group's name: words as in usernames, 255 bytes at most, and no id.
pub fn is_group_name(text: &str) -> bool {
    name_problem(text, 255).is_none() && !reads_as_id(text)
}

/// The rule that a name in a path breaks, if any: 1 to 32 letters and digits with single hyphens between; not a word
/// that paths need for themselves.
pub fn slug_problem(text: &str) -> Option<String> {
    name_problem(text, 32)
}

fn name_problem(text: &str, most: usize) -> Option<String> {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if text.is_empty() {
        Some("must be >= 1 character".to_owned())
    } else if text.len() > most {
        Some(format!("must be <= {most} characters"))
    } else if ["new", "create"].contains(&text.to_ascii_lowercase().as_str()) {
        Some(format!("cannot use {text:?} as a name"))
    } else if !text.split('-').all(is_word) {
        Some("must be alphanumeric with hyphens".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_mail_addresses_have_one_at_and_a_domain_with_a_dot() {
        for good in ["a@b.co", "first.last+tag@mail.example.com", "o'neill@example.com"] {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["", "a", "root@localhost", "a@b@c.de", " a@b.co", "A <a@b.co>", "a@b.co ", "a@.co", "a@b..co", ".a@b.co"]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn names_of_groups_are_longer() {
        assert!(is_group_name(&"a".repeat(255)) && is_group_name("platform-team"));
        for bad in ["", "a b", "a_b", "new", &"a".repeat(256), &"a".repeat(32)] {
            assert!(!is_group_name(bad), "{bad}");
        }
    }

    #[test]
    fn usernames_are_words_with_single_hyphens() {
        for good in ["a", "Alice", "keys-tok", "a1-b2", "z".repeat(32).as_str()] {
            assert!(is_username(good), "{good}");
        }
        // In paths `me` is the caller, not a name.
        for bad in ["", "-a", "a-", "a--b", "a_b", "a b", "new", "create", "me", "Me", "z".repeat(33).as_str()] {
            assert!(!is_username(bad), "{bad}");
        }
        // Whoever had this name would be taken for the user with this id.
        assert!(!is_username(&"a".repeat(32)));
    }

    #[test]
    fn a_uuid_in_any_spelling_reads_as_an_id() {
        for id in [
            "67e55044-10b1-426f-9247-bb680e5fe0c8",
            "67e5504410b1426f9247bb680e5fe0c8",
            "67E5504410B1426F9247BB680E5FE0C8",
            "{67e55044-10b1-426f-9247-bb680e5fe0c8}",
            "urn:uuid:67e55044-10b1-426f-9247-bb680e5fe0c8",
            "00000000000000000000000000000000",
        ] {
            assert!(reads_as_id(id), "{id}");
        }
        for name in ["", "amy", "67e5504410b1426f9247bb680e5fe0c", "67e55044-10b1-426f-9247-bb680e5fe0cg"] {
            assert!(!reads_as_id(name), "{name}");
        }
    }
}
