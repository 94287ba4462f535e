//! Instants, as people read them.
use clap::ValueEnum;
use jiff::Timestamp;
use keyfob_api::time::{Time, distance};

/// How tables show times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimeStyle {
    /// RFC 3339
    Absolute,
    /// As the distance from now, such as `in 3 days`
    Relative,
}

/// The instant as text; "never" for one that stands for no time.
pub(crate) fn shown(at: Time, style: TimeStyle, now: Timestamp) -> String {
    match style {
        _ if is_never(at) => "never".to_owned(),
        TimeStyle::Absolute => at.to_string(),
        TimeStyle::Relative => distance(at.0, now),
    }
}

/// Whether the instant stands for no time: servers write the first of January of year 1 or of 1970 for it.
pub(crate) fn is_never(at: Time) -> bool {
    at.0 <= Timestamp::UNIX_EPOCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_never_was_is_never() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        for at in [Time::UNSET, Time(Timestamp::UNIX_EPOCH)] {
            assert_eq!(shown(at, TimeStyle::Absolute, now), "never");
            assert_eq!(shown(at, TimeStyle::Relative, now), "never");
        }
        assert_eq!(shown(Time(now), TimeStyle::Absolute, now), "2026-01-02T03:04:05Z");
        assert_eq!(shown(Time(now), TimeStyle::Relative, now), "just now");
    }
}
