//! The rules of fields, which the server names by a tag alone: clients of Coder read it so.

/// What a field must be, by the tags of answers.
const RULES: [(&str, &str); 15] = [
    ("required", "must not be empty"),
    ("required_unless", "must not be empty"),
    ("required_if", "must not be empty"),
    ("email", "must be an e-mail address"),
    ("username", "must be 1 to 32 letters and digits, with single hyphens between them"),
    ("organization_name", "must be 1 to 32 letters and digits, with single hyphens between them"),
    ("group_name", "must be 1 to 255 letters and digits, with single hyphens between them"),
    ("template_name", "must be 1 to 32 letters and digits, with single hyphens between them"),
    ("organization_display_name", "must be at most 64 characters, without spaces around them"),
    ("group_display_name", "must be at most 64 characters, without spaces around them"),
    ("user_real_name", "must be at most 128 bytes, without spaces around them"),
    ("max", "is too long"),
    ("oneof", "is none of the values that it can have"),
    ("uuid", "must be a UUID"),
    ("url", "must be a URL"),
];

/// A detail such as `Validation failed for tag "username" with value: "a b"` in words; none for other details.
pub(super) fn in_words(detail: &str) -> Option<String> {
    let (tag, value) = detail.strip_prefix("Validation failed for tag \"")?.split_once("\" with value: ")?;
    let (_, rule) = RULES.iter().find(|(known, _)| *known == tag)?;
    Some(if value == "\"\"" { (*rule).to_owned() } else { format!("{value} {rule}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_said_as_the_rule_that_it_stands_for() {
        let detail = "Validation failed for tag \"username\" with value: \"a b\"";
        let words = "\"a b\" must be 1 to 32 letters and digits, with single hyphens between them";
        assert_eq!(in_words(detail).as_deref(), Some(words));
        assert_eq!(
            in_words("Validation failed for tag \"required\" with value: \"\"").as_deref(),
            Some("must not be empty")
        );
        assert_eq!(in_words("Validation failed for tag \"nope\" with value: \"x\""), None);
        assert_eq!(in_words("This value is already in use and should be unique."), None);
    }
}
