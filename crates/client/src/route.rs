//! Paths with placeholders.
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::Error;

/// The characters that are escaped in a path segment: all but letters, digits and these, so above all `/`.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':').remove(b'@');

/// A path below the base path, with `{placeholders}`. Errors show it in place of the real path, which may hold anything
/// that a person typed, even a whole key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route(pub(crate) &'static str);

impl Route {
    /// The path with its placeholders replaced in order, each value one segment.
    ///
    /// # Errors
    /// [`Error::NotAName`] for a value that cannot be one segment. URL parsers take `.` and `..` as steps in the path,
    /// escaped or not, and an empty segment leads to the route above.
    pub(crate) fn fill(self, values: &[&str]) -> Result<String, Error> {
        let mut values = values.iter();
        let segments = self.0.split('/').map(|segment| {
            if segment.starts_with('{') {
                escape(values.next().copied().unwrap_or_default())
            } else {
                Ok(segment.to_owned())
            }
        });
        Ok(segments.collect::<Result<Vec<_>, _>>()?.join("/"))
    }
}

fn escape(value: &str) -> Result<String, Error> {
    match value {
        "" | "." | ".." => Err(Error::NotAName(value.to_owned())),
        _ => Ok(utf8_percent_encode(value, SEGMENT).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn a_value_stays_one_segment_whatever_it_holds() {
        let route = Route("/users/{user}/keys/tokens/{keyname}");
        let cases = [
            ("ci", "/users/me/keys/tokens/ci"),
            ("a/b", "/users/me/keys/tokens/a%2Fb"),
            ("a b?c#d%", "/users/me/keys/tokens/a%20b%3Fc%23d%25"),
            ("é", "/users/me/keys/tokens/%C3%A9"),
            ("...", "/users/me/keys/tokens/..."),
        ];
        for (name, path) in cases {
            assert_eq!(route.fill(&["me", name]).unwrap(), path);
        }
    }

    #[test]
    fn what_a_url_parser_takes_as_a_step_is_refused() {
        let route = Route("/users/{user}/sessions/{id}");
        for value in ["", ".", ".."] {
            for values in [["amy", value], [value, "x"]] {
                assert!(matches!(route.fill(&values), Err(Error::NotAName(refused)) if refused == value), "{value:?}");
            }
        }
    }

    /// Texts with much of what means something in a URL.
    fn texts() -> impl Strategy<Value = String> {
        let parts = prop_oneof![
            4 => proptest::sample::select(vec![
                ".", "..", "/", "\\", "%2e", "%2E", "%", "?", "#", ";", ":", "@", " ", "\t", "\n", "\r", "\0", "",
            ])
            .prop_map(str::to_owned),
            1 => ".{0,3}",
        ];
        proptest::collection::vec(parts, 0..5).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn a_url_has_the_segments_of_its_route(user in texts(), id in texts()) {
            let route = Route("/users/{user}/sessions/{id}");
            match route.fill(&[&user, &id]) {
                Ok(path) => {
                    let url = Url::parse(&format!("http://localhost/api/v2{path}")).unwrap();
                    prop_assert_eq!((url.query(), url.fragment()), (None, None));
                    let segments = url.path_segments().unwrap().map(|segment| {
                        percent_decode_str(segment).decode_utf8().unwrap().into_owned()
                    });
                    let wanted = ["api", "v2", "users", &user, "sessions", &id].map(str::to_owned);
                    prop_assert_eq!(segments.collect::<Vec<_>>(), wanted);
                }
                Err(_) => prop_assert!([user, id].iter().any(|value| ["", ".", ".."].contains(&value.as_str()))),
            }
        }
    }

    #[test]
    fn a_route_without_placeholders_is_the_path() {
        assert_eq!(Route("/auth/scopes").fill(&[]).unwrap(), "/auth/scopes");
    }
}
