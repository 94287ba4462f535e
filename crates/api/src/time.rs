//! Instants and durations as JSON has them (`docs/compatibility.md#requests`).
use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;

/// An instant: RFC 3339 in UTC, with as many fractional digits as it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(transparent)]
pub struct Time(pub Timestamp);

impl Time {
    /// The value for an unset time: `0001-01-01T00:00:00Z`.
    pub const UNSET: Self = Self(Timestamp::constant(-62_135_596_800, 0));

    /// Whether this is [`Time::UNSET`].
    pub fn is_unset(self) -> bool {
        self == Self::UNSET
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

/// An instant seen from another, in the largest unit that fits, rounded: `in 3 days`, `5 minutes ago`. A week that has
/// just begun is 7 days.
///
/// # Examples
/// ```
/// use keyfob_api::time::distance;
///
/// let now: jiff::Timestamp = "2026-01-02T03:04:05Z".parse()?;
/// assert_eq!(distance("2026-01-05T03:04:05Z".parse()?, now), "in 3 days");
/// # Ok::<(), jiff::Error>(())
/// ```
pub fn distance(at: Timestamp, now: Timestamp) -> String {
    const UNITS: [(u64, &str); 5] =
        [(365 * 86_400, "year"), (30 * 86_400, "month"), (86_400, "day"), (3600, "hour"), (60, "minute")];
    let seconds = at.duration_since(now).as_secs();
    let length = seconds.unsigned_abs();
    let Some((unit, name)) = UNITS.into_iter().find(|(unit, _)| length >= *unit) else {
        return if seconds > 0 { "in less than a minute".to_owned() } else { "just now".to_owned() };
    };
    let count = (length + unit / 2) / unit;
    let plural = if count == 1 { "" } else { "s" };
    if seconds > 0 { format!("in {count} {name}{plural}") } else { format!("{count} {name}{plural} ago") }
}

/// A length of time in whole nanoseconds. It may be negative, because requests may be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(transparent)]
pub struct Nanoseconds(pub i64);

impl Nanoseconds {
    /// The length as a duration; none if it is negative.
    pub fn to_duration(self) -> Option<Duration> {
        u64::try_from(self.0).ok().map(Duration::from_nanos)
    }
}

impl From<Duration> for Nanoseconds {
    /// Lengths of more than 292 years, the maximum in JSON, become that maximum.
    fn from(length: Duration) -> Self {
        Self(i64::try_from(length.as_nanos()).unwrap_or(i64::MAX))
    }
}

/// A duration in the notation of Coder's messages: `876600h0m0s`, `1.5s`, `2m0s`.
pub fn notation(length: Duration) -> String {
    let seconds = length.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = length.subsec_nanos();
    if seconds == 0 {
        return small_notation(fraction);
    }
    let rest = if fraction == 0 {
        format!("{rest}s")
    } else {
        format!("{}s", format!("{rest}.{fraction:09}").trim_end_matches('0'))
    };
    match (hours, minutes) {
        (0, 0) => rest,
        (0, minutes) => format!("{minutes}m{rest}"),
        (hours, minutes) => format!("{hours}h{minutes}m{rest}"),
    }
}

/// The notation of lengths under a second, which has smaller units.
fn small_notation(nanoseconds: u32) -> String {
    let with_unit = |scale: u32, unit: &str| {
        let digits = scale.ilog10() as usize;
        let text = format!("{}.{:0digits$}", nanoseconds / scale, nanoseconds % scale);
        format!("{}{unit}", text.trim_end_matches('0').trim_end_matches('.'))
    };
    match nanoseconds {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanoseconds}ns"),
        1_000..1_000_000 => with_unit(1_000, "µs"),
        _ => with_unit(1_000_000, "ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_in_the_largest_unit_that_fits() {
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
            assert_eq!(distance(at.parse().unwrap(), now), words, "{at}");
        }
    }

    #[test]
    fn durations_read_like_the_contract_spells_them() {
        let cases = [
            (Duration::ZERO, "0s"),
            (Duration::from_nanos(1), "1ns"),
            (Duration::from_nanos(1_100), "1.1µs"),
            (Duration::from_millis(2_200), "2.2s"),
            (Duration::from_millis(500), "500ms"),
            (Duration::from_mins(1), "1m0s"),
            (Duration::from_hours(168), "168h0m0s"),
            (Duration::from_hours(876_600), "876600h0m0s"),
            (Duration::from_millis(90_061_500), "25h1m1.5s"),
        ];
        for (length, text) in cases {
            assert_eq!(notation(length), text);
        }
    }

    #[test]
    fn the_unset_time_is_the_first_of_january_of_year_one() {
        assert_eq!(Time::UNSET.to_string(), "0001-01-01T00:00:00Z");
    }
}
