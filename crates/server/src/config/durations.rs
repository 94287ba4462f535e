//! Parses durations such as `1h30m`.
use std::time::Duration;

/// The longest duration of a setting: 100 years. What begins now and takes longer may end after the last instant that
/// can be written.
const LONGEST: Duration = Duration::from_hours(876_600);

/// [`LONGEST`] in seconds.
pub(super) const LONGEST_SECONDS: u64 = LONGEST.as_secs();

/// Parses `36h`, `1h30m`, `1.5h`, `7d`, `2w`.
///
/// # Errors
/// A message with examples of durations, or with the longest one.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let bad = || format!("`{text}` is not a duration; write for example 90m, 36h, 1h30m or 7d");
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let number_ends = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
        let (number, tail) = rest.split_at(number_ends);
        let unit_ends = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_ends);
        let piece = piece(number, unit).ok_or_else(bad)?;
        total = total.checked_add(piece).ok_or_else(bad)?;
        rest = tail;
    }
    match total {
        _ if text.is_empty() => Err(bad()),
        total if total > LONGEST => Err("longer than 876600h, which is 100 years".to_owned()),
        total => Ok(total),
    }
}

/// Parses a duration that is longer than 0.
pub(super) fn parse_lifetime(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("must be longer than 0".to_owned()),
        lifetime => Ok(lifetime),
    }
}

fn piece(number: &str, unit: &str) -> Option<Duration> {
    let unit = Duration::from_nanos(match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        "w" => 604_800_000_000_000,
        _ => return None,
    });
    match number.parse::<u32>() {
        Ok(whole) => unit.checked_mul(whole),
        Err(_) => Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit.as_secs_f64()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_days_and_weeks() {
        let cases = [
            ("0", 0),
            ("90s", 90),
            ("1h30m", 5400),
            ("1.5h", 5400),
            ("7d", 604_800),
            ("2w", 1_209_600),
            ("876600h", 3_155_760_000),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn no_duration_is_longer_than_a_hundred_years() {
        assert_eq!(parse_duration("36525d"), Ok(LONGEST));
        for text in ["876600h1ns", "80000000h", "4294967295w4294967295w"] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.contains("876600h"), "{text}: {error}");
        }
    }

    #[test]
    fn nothing_may_live_for_no_time() {
        assert_eq!(parse_lifetime("1s"), Ok(Duration::from_secs(1)));
        for text in ["0", "0h", "-1h"] {
            assert!(parse_lifetime(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_without_a_unit_is_refused_with_an_example() {
        for text in ["", "30", "h", "1x", "-5m", "1h 30m", "99999999999999999999d"] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.contains("write for example"), "{text}: {error}");
        }
    }
}
