//! Durations in words.
use std::time::Duration;

use keyfob_api::SERVER_VERSION;

use crate::app::App;

/// Keyfob's own version: clients of Coder are told another one before it.
pub(super) fn own_version() -> &'static str {
    SERVER_VERSION.split_once("keyfob.").map_or(SERVER_VERSION, |(_, own)| own)
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
