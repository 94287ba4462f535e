//! How long a token may live, as a choice.
use std::time::Duration;

use crate::{
    config::parse_duration,
    pages::{parts::Choice, wording::in_words},
};

/// What is offered, as far as it is not too long.
const OFFERED: [&str; 4] = ["7d", "30d", "60d", "90d"];

/// How long a token lives unless the person says otherwise.
pub(super) const USUAL: &str = "30d";

/// The lifetime that is chosen where this one is asked for.
pub(super) fn chosen(longest: Duration, wanted: &str) -> String {
    let chosen = lifetimes(longest, wanted).into_iter().find(|lifetime| lifetime.is_chosen);
    chosen.map(|lifetime| lifetime.value).unwrap_or_default()
}

/// Why a lifetime that a link asks for is not the one that is chosen; none if it is.
pub(super) fn lifetime_in_vain(longest: Duration, wanted: &str) -> Option<String> {
    match parse_duration(wanted) {
        Ok(length) if length > longest => Some(format!(
            "The lifetime {wanted} is longer than {}, which is the most that there is.",
            in_words(longest)
        )),
        Ok(length) if !length.is_zero() => None,
        Ok(_) => Some(format!("A lifetime of {wanted} would be over at once.")),
        Err(_) => {
            Some(format!("The lifetime {wanted} cannot be read, or is longer than 100 years. Write for example 30d."))
        }
    }
}

/// The lifetimes that are offered to someone whose tokens live as long as this at most, with the one that is chosen.
pub(super) fn lifetimes(longest: Duration, chosen: &str) -> Vec<Choice> {
    let read = |text: &str| parse_duration(text).ok().filter(|length| *length <= longest && !length.is_zero());
    let mut offered: Vec<(String, Duration)> =
        OFFERED.into_iter().filter_map(|text| Some((text.to_owned(), read(text)?))).collect();
    if let Some(length) = read(chosen).filter(|length| offered.iter().all(|(_, known)| known != length)) {
        offered.push((chosen.to_owned(), length));
    }
    if offered.is_empty() {
        offered.push((format!("{}s", longest.as_secs()), longest));
    }
    offered.sort_by_key(|(_, length)| *length);
    // The one that was asked for, or else the longest.
    let index = offered.iter().position(|(_, length)| read(chosen) == Some(*length)).unwrap_or(offered.len() - 1);
    let lifetime =
        |(place, (value, length)): (usize, (String, Duration))| Choice::new(value, in_words(length), place == index);
    offered.into_iter().enumerate().map(lifetime).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_not_offered_and_what_was_asked_for_is() {
        const DAY: Duration = Duration::from_hours(24);
        let shown = |longest, chosen| {
            let all = lifetimes(longest, chosen).into_iter();
            all.map(|each| format!("{}{}", each.value, if each.is_chosen { "*" } else { "" }))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(shown(100 * DAY, "30d"), "7d 30d* 60d 90d");
        assert_eq!(shown(45 * DAY, "60d"), "7d 30d*");
        assert_eq!(shown(100 * DAY, "12h"), "12h* 7d 30d 60d 90d");
        assert_eq!(shown(DAY / 2, "30d"), "43200s*");
        assert_eq!(shown(100 * DAY, "nonsense"), "7d 30d 60d 90d*");
    }
}
