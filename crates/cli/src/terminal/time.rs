//! Instants, as people read them.
use clap::ValueEnum;
use jiff::Timestamp;
use keyfob_api::time::Time;

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
        TimeStyle::Relative => when(at, now),
    }
}

/// Whether the instant stands for no time: servers write the first of January of year 1 or of 1970 for it.
pub(crate) fn is_never(at: Time) -> bool {
    at.0 <= Timestamp::UNIX_EPOCH
}

/// The distance of an instant from now, in its largest whole unit: `in 3 days`, `5 minutes ago`.
pub(crate) fn when(at: Time, now: Timestamp) -> String {
    let seconds = at.0.duration_since(now).as_secs();
    let (length, unit) = in_units(seconds.unsigned_abs());
    let plural = if length == 1 { "" } else { "s" };
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("in {length} {unit}{plural}"),
        _ => format!("{length} {unit}{plural} ago"),
    }
}

/// A length in the largest unit of which it has two, or that it has exactly once.
fn in_units(seconds: u64) -> (u64, &'static str) {
    const UNITS: [(u64, &str); 5] =
        [(31_536_000, "year"), (2_592_000, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute")];
    let fits = |(length, _): &&(u64, &str)| seconds >= 2 * length || seconds == *length;
    UNITS.iter().find(fits).map_or((seconds, "second"), |(length, unit)| (seconds / length, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_by_their_distance() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let cases = [
            ("2026-01-02T03:04:05Z", "now"),
            ("2026-01-02T03:04:06Z", "in 1 second"),
            ("2026-01-02T03:03:00Z", "65 seconds ago"),
            ("2026-01-02T02:04:05Z", "1 hour ago"),
            ("2026-01-01T14:04:05Z", "13 hours ago"),
            ("2026-01-05T03:04:05Z", "in 3 days"),
            ("2026-03-10T03:04:05Z", "in 2 months"),
            ("2126-01-02T03:04:05Z", "in 100 years"),
        ];
        for (at, words) in cases {
            assert_eq!(when(Time(at.parse().unwrap()), now), words, "{at}");
        }
    }

    #[test]
    fn a_time_that_never_was_is_never() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        for at in [Time::UNSET, Time(Timestamp::UNIX_EPOCH)] {
            assert_eq!(shown(at, TimeStyle::Absolute, now), "never");
            assert_eq!(shown(at, TimeStyle::Relative, now), "never");
        }
        assert_eq!(shown(Time(now), TimeStyle::Absolute, now), "2026-01-02T03:04:05Z");
    }
}
