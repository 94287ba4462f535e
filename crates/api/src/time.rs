//! Instants and durations as JSON has them (`docs/compatibility.md#requests`).
use std::{fmt, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An instant: RFC 3339 in UTC, with as many fractional digits as it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
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

/// A length of time in whole nanoseconds. It may be negative, because requests may be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
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
