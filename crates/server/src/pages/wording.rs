//! Durations, programs and names in words.
use std::{borrow::Cow, time::Duration};

use keyfob_api::SERVER_VERSION;
use keyfob_authority::fields::has_control_characters;

use crate::app::App;

/// Keyfob's own version: clients of Coder are told another one before it.
pub(super) fn own_version() -> &'static str {
    SERVER_VERSION.split_once("keyfob.").map_or(SERVER_VERSION, |(_, own)| own)
}

/// A name as it stands in a sentence: one that is written from right to left does not turn the words around it
/// (Unicode Standard Annex 9, isolates).
pub(super) fn isolated(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    // Names that were given when these were not refused.
    let visible = name.chars().filter(|c| !has_control_characters(c.encode_utf8(&mut [0; 4])));
    Cow::Owned(std::iter::once('\u{2068}').chain(visible).chain(['\u{2069}']).collect())
}

/// A program, as it calls itself, in words: browsers say much more than what they are.
pub(super) fn program(user_agent: &str) -> String {
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("HeadlessChrome/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Version/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    if user_agent.is_empty() {
        return "a program without a name".to_owned();
    }
    let browser = BROWSERS.into_iter().find_map(|(mark, name)| {
        let (_, version) = user_agent.split_once(mark).filter(|_| user_agent.starts_with("Mozilla/"))?;
        Some(format!("{name} {}", version.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default()))
    });
    let Some(browser) = browser else { return user_agent.to_owned() };
    match SYSTEMS.into_iter().find(|(mark, _)| user_agent.contains(mark)) {
        Some((_, system)) => format!("{browser} on {system}"),
        None => browser,
    }
}

/// How long a session lives that was not made by signing in.
pub(super) fn session_lifetime(app: &App) -> String {
    let lifetimes = &app.rules().lifetimes;
    let length = in_words(lifetimes.token_default);
    let length = if lifetimes.sessions_slide { format!("{length} after its last use") } else { length };
    match lifetimes.session_absolute {
        Duration::ZERO => length,
        bound => format!("{length}, and {} at most", in_words(bound)),
    }
}

/// A length of time, in the largest unit that fits.
pub(super) fn in_words(length: Duration) -> String {
    let hours = length.as_secs() / 3600;
    match (hours / 24, hours % 24) {
        (days, _) if days >= 2 * 365 => format!("{} years", days / 365),
        (days, 0) if days > 1 => format!("{days} days"),
        (1, 0) => "a day".to_owned(),
        _ if hours > 1 => format!("{hours} hours"),
        _ => format!("{} minutes", length.as_secs().div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_by_their_names_and_other_programs_as_they_call_themselves() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1";
        for (user_agent, words) in [
            (chrome, "Chrome 156 on Linux"),
            (safari, "Safari 26 on iPhone"),
            ("Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox 145 on Windows"),
            ("curl/8.14.1", "curl/8.14.1"),
            ("", "a program without a name"),
        ] {
            assert_eq!(program(user_agent), words);
        }
    }

    #[test]
    fn a_name_of_another_script_is_set_apart_and_controls_nothing() {
        assert_eq!(isolated("web"), "web");
        assert_eq!(isolated("\u{5e9}\u{202e}1\u{2069}"), "\u{2068}\u{5e9}1\u{2069}");
    }

    #[test]
    fn durations_are_in_the_largest_unit_that_fits() {
        for (seconds, words) in [
            (3_155_760_000, "100 years"),
            (7 * 86_400, "7 days"),
            (86_400, "a day"),
            (36 * 3600, "36 hours"),
            (2 * 3600, "2 hours"),
            (3600, "60 minutes"),
            (61, "2 minutes"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
