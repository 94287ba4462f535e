//! Lifetimes as people type them: `90m`, `1d12h`, `1y`.
use keyfob_api::time::Nanoseconds;

const HOUR: i64 = 3_600_000_000_000;

/// Why a text is not a lifetime.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LifetimeError {
    /// Something other than whole numbers with units.
    #[error(
        "invalid duration format: {0:?}: write whole numbers with the units s, m, h, d (24 hours) and y (365 days), such as \
         90m or 7d"
    )]
    Format(String),
    /// More than 292 years.
    #[error("invalid duration: {0:?}")]
    Overflow(String),
    /// A number alone: readers disagree about its unit.
    #[error("missing unit in duration {text:?}: write {number}d for days or {number}h for hours")]
    Unit { text: String, number: String },
}

/// Reads an optional `-`, then whole numbers with the units `ns us µs ms s m h d y`.
pub(crate) fn parse(text: &str) -> Result<Nanoseconds, LifetimeError> {
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    if rest.is_empty() {
        return Err(LifetimeError::Overflow(text.to_owned()));
    }
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let (number, tail) = split_while(rest, |c| c.is_ascii_digit());
        let (unit, tail) = split_while(tail, |c| !c.is_ascii_digit());
        let overflow = || LifetimeError::Overflow(text.to_owned());
        if number.is_empty() {
            return Err(LifetimeError::Format(text.to_owned()));
        }
        if unit.is_empty() {
            return Err(LifetimeError::Unit { text: text.to_owned(), number: number.to_owned() });
        }
        let unit = unit_length(unit).ok_or_else(|| LifetimeError::Format(text.to_owned()))?;
        let piece = number.parse::<i64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(overflow)?;
        total = total.checked_add(piece).ok_or_else(overflow)?;
        rest = tail;
    }
    Ok(Nanoseconds(sign * total))
}

fn split_while(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

fn unit_length(unit: &str) -> Option<i64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => HOUR,
        "d" => 24 * HOUR,
        "y" => 8760 * HOUR,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_with_units_add_up() {
        let cases = [
            ("1ns", 1),
            ("1us", 1_000),
            ("1µs", 1_000),
            ("5ms", 5_000_000),
            ("90m", 5_400_000_000_000),
            ("1d12h", 129_600_000_000_000),
            ("7d", 604_800_000_000_000),
            ("1y", 31_536_000_000_000_000),
            ("-5m", -300_000_000_000),
            ("0s", 0),
        ];
        for (text, nanoseconds) in cases {
            assert_eq!(parse(text), Ok(Nanoseconds(nanoseconds)), "{text}");
        }
    }

    #[test]
    fn a_number_without_a_unit_is_refused_with_a_suggestion() {
        for text in ["30", "1h30", "0"] {
            assert!(matches!(parse(text), Err(LifetimeError::Unit { .. })), "{text}");
        }
        assert_eq!(
            parse("30").unwrap_err().to_string(),
            "missing unit in duration \"30\": write 30d for days or 30h for hours"
        );
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["soon", "1.5h", "1 h", "h", "1h-2m", "1w", "--1h"] {
            assert_eq!(parse(text), Err(LifetimeError::Format(text.to_owned())));
        }
        for text in ["", "-", "99999999999999999999h", "300y"] {
            assert_eq!(parse(text).unwrap_err().to_string(), format!("invalid duration: {text:?}"));
        }
    }
}
