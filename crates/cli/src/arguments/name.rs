//! Names and ids, as people type them.

/// Takes a text that can name something. The variable of a script may be empty, and must not reach everything then; `.`
/// and `..` are steps in the path of a URL.
pub(crate) fn parse_name(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("a name or an id cannot be empty"),
        "." | ".." => Err("it cannot be a name or an id"),
        _ => Ok(text.to_owned()),
    }
}
