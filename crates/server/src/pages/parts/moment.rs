//! An instant as people speak of it, with the exact one behind it.
use askama::{Template, filters::HtmlSafe};
use jiff::Timestamp;
use keyfob_api::time::distance;

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
            words: distance(at, now),
        }
    }
}

/// Only escaped text is in it.
impl HtmlSafe for Moment {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_in_words_and_exactly_beside() {
        let now: Timestamp = "2026-07-09T10:00:00Z".parse().unwrap();
        for (at, words) in [("2026-07-09T10:00:00Z", "just now"), ("2026-07-16T09:59:00Z", "in 7 days")] {
            let html = Moment::new(at.parse().unwrap(), now).to_string();
            assert!(html.contains(&format!(">{words}<")), "{html}");
            assert!(html.contains(&format!("datetime=\"{at}\"")), "{html}");
        }
    }
}
