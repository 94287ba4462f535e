//! Paths with placeholders.
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters that are escaped in a path segment: all but letters, digits and these, so above all `/`.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':').remove(b'@');

/// A path below the base path, with `{placeholders}`. Errors show it in place of the real path, which may hold anything
/// that a person typed, even a whole key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route(pub(crate) &'static str);

impl Route {
    /// The path with its placeholders replaced in order, each value one segment.
    pub(crate) fn fill(self, values: &[&str]) -> String {
        let mut values = values.iter();
        let segments = self.0.split('/').map(|segment| {
            if segment.starts_with('{') {
                escape(values.next().copied().unwrap_or_default())
            } else {
                segment.to_owned()
            }
        });
        segments.collect::<Vec<_>>().join("/")
    }
}

/// Escapes a value as one segment. `.` and `..` would be read as steps in the path, so their dots are escaped, too.
fn escape(value: &str) -> String {
    match value {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => utf8_percent_encode(value, SEGMENT).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_one_segment_whatever_it_holds() {
        let route = Route("/users/{user}/keys/tokens/{keyname}");
        let cases = [
            ("ci", "/users/me/keys/tokens/ci"),
            ("a/b", "/users/me/keys/tokens/a%2Fb"),
            ("a b?c#d%", "/users/me/keys/tokens/a%20b%3Fc%23d%25"),
            ("é", "/users/me/keys/tokens/%C3%A9"),
            ("..", "/users/me/keys/tokens/%2E%2E"),
        ];
        for (name, path) in cases {
            assert_eq!(route.fill(&["me", name]), path);
        }
    }

    #[test]
    fn a_route_without_placeholders_is_the_path() {
        assert_eq!(Route("/auth/scopes").fill(&[]), "/auth/scopes");
    }
}
