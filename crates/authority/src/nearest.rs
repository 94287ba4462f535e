//! The known name that was probably meant.

/// How much alike two names must be at least: from 0, not at all, to 1, equal.
const ALIKE: f64 = 0.5;

/// The one of the known names that a misspelt one is most like; none if it is like none of them.
pub fn nearest_name<'a>(misspelt: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let alike = known.into_iter().map(|name| (strsim::normalized_damerau_levenshtein(misspelt, name), name));
    let nearest = alike.filter(|(likeness, _)| *likeness >= ALIKE).max_by(|(one, _), (other, _)| one.total_cmp(other));
    nearest.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_is_most_alike_is_the_nearest() {
        let known = ["session-duration", "session-absolute-timeout", "log"];
        assert_eq!(nearest_name("sesion-duration", known), Some("session-duration"));
        assert_eq!(nearest_name("session-timeout", known), Some("session-absolute-timeout"));
        assert_eq!(nearest_name("lgo", known), Some("log"));
        assert_eq!(nearest_name("http", known), None);
    }
}
