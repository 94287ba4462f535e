//! An instant as people speak of it, with the exact one behind it.
use askama::{Template, filters::HtmlSafe};
use jiff::Timestamp;

/// An instant, seen from another: "3 hours ago". The exact one shows on hover.
#[derive(Clone, Debug, Template)]
#[template(path = "pages/parts/moment.html", escape = "html")]
pub(crate) struct Moment {
    exact: String,
    shown: String,
    words: String,
}

impl Moment {
    /// This instant, seen from now.
    pub(crate) fn new(at: Timestamp, now: Timestamp) -> Self {
        Self {
            exact: at.to_string(),
            shown: at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
            words: in_words(at.duration_since(now).as_secs()),
        }
    }
}

/// Only escaped text is in it.
impl HtmlSafe for Moment {}

/// So many seconds from now, in the largest unit that fits, rounded: a week that has just begun is 7 days.
fn in_words(seconds: i64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(365 * 86_400, "year"), (30 * 86_400, "month"), (86_400, "day"), (3600, "hour"), (60, "minute")];
    let length = seconds.unsigned_abs();
    let Some((unit, name)) = UNITS.into_iter().find(|(unit, _)| length >= *unit) else {
        return if seconds > 0 { "in less than a minute".to_owned() } else { "just now".to_owned() };
    };
    let count = (length + unit / 2) / unit;
    let plural = if count == 1 { "" } else { "s" };
    if seconds > 0 { format!("in {count} {name}{plural}") } else { format!("{count} {name}{plural} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_in_the_largest_unit_that_fits_and_exactly_beside() {
        let now: Timestamp = "2026-07-09T10:00:00Z".parse().unwrap();
        for (at, words) in [
            ("2026-07-09T10:00:00Z", "just now"),
            ("2026-07-09T10:00:59Z", "in less than a minute"),
            ("2026-07-09T09:59:00Z", "1 minute ago"),
            ("2026-07-09T07:00:00Z", "3 hours ago"),
            ("2026-08-08T10:00:00Z", "in 1 month"),
            ("2026-07-16T09:59:00Z", "in 7 days"),
            ("2026-07-10T09:00:00Z", "in 23 hours"),
            ("2020-07-09T10:00:00Z", "6 years ago"),
        ] {
            let html = Moment::new(at.parse().unwrap(), now).to_string();
            assert!(html.contains(&format!(">{words}<")), "{html}");
            assert!(html.contains(&format!("datetime=\"{at}\"")), "{html}");
        }
    }
}
