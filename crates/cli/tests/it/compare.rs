//! Compares recorded texts and answers with received ones: placeholders, saved names, kinds of changing values.
use std::collections::BTreeMap;

use serde_json::{Map, Value};

const KINDS: [&str; 5] = ["<time>", "<uuid>", "<key>", "<id10>", "<any>"];

/// Values saved on the way, by name.
pub(crate) type Names = BTreeMap<String, Value>;

/// How strictly lists and single places are compared.
#[derive(Clone, Copy, Default)]
pub(crate) struct Leniency<'a> {
    /// Places that are not compared.
    pub(crate) loose: &'a [String],
    /// Whether lists are compared as sets.
    pub(crate) is_unordered: bool,
}

/// A saved value as text.
pub(crate) fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// The text with every `{name}` that is known replaced.
pub(crate) fn fill(text: &str, names: &Names) -> String {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some(start) = rest.find('{') {
        let (before, after) = rest.split_at(start);
        filled += before;
        let name = after[1..].split('}').next().unwrap_or_default();
        if let Some(value) = names.get(name).filter(|_| after[1 + name.len()..].starts_with('}')) {
            filled += &shown(value);
            rest = &after[name.len() + 2..];
        } else {
            filled.push('{');
            rest = &after[1..];
        }
    }
    filled + rest
}

/// Every text in the value filled, keys too.
pub(crate) fn fill_value(value: &Value, names: &Names) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text, names)),
        Value::Array(items) => items.iter().map(|item| fill_value(item, names)).collect(),
        Value::Object(fields) => {
            let filled = fields.iter().map(|(key, value)| (fill(key, names), fill_value(value, names)));
            Value::Object(filled.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// Whether a received text matches a recorded one with its placeholders.
pub(crate) fn same_text(want: &str, got: &str, names: &Names) -> bool {
    matches(&fill(want, names), got)
}

fn matches(want: &str, got: &str) -> bool {
    let next = KINDS.iter().filter_map(|kind| Some((want.find(kind)?, *kind))).min();
    let Some((at, kind)) = next else { return want == got };
    let Some(rest) = got.strip_prefix(&want[..at]) else { return false };
    let ends = rest.char_indices().map(|(end, _)| end).chain([rest.len()]);
    ends.into_iter().any(|end| is_kind(kind, &rest[..end]) && matches(&want[at + kind.len()..], &rest[end..]))
}

fn is_kind(kind: &str, text: &str) -> bool {
    match kind {
        "<any>" => true,
        "<key>" => is_key(text),
        "<id10>" => is_alphanumeric(text, 10),
        "<uuid>" => has_shape(text, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"),
        _ => is_time(text),
    }
}

/// A whole key.
pub(crate) fn is_key(text: &str) -> bool {
    text.split_once('-').is_some_and(|(id, secret)| is_alphanumeric(id, 10) && is_alphanumeric(secret, 22))
}

fn is_alphanumeric(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_time(text: &str) -> bool {
    let Some((seconds, rest)) = text.split_at_checked(19) else { return false };
    let zone =
        rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches(|c: char| c.is_ascii_digit()));
    let has_digits = rest == zone || rest.len() > zone.len() + 1;
    let has_zone = zone == "Z" || zone.strip_prefix(['+', '-']).is_some_and(|zone| has_shape(zone, "dd:dd"));
    has_shape(seconds, "dddd-dd-ddTdd:dd:dd") && has_digits && has_zone
}

/// `d` is a digit, `h` a hexadecimal one in lower case.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            b'h' => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            other => byte == other,
        })
}

/// The parts of the recorded answer that the received one lacks; it may have more.
pub(crate) fn differences(want: &Value, got: &Value, names: &Names, at: &str, how: Leniency<'_>) -> Vec<String> {
    if how.loose.iter().any(|loose| loose == at) {
        return Vec::new();
    }
    let place = if at.is_empty() { "answer" } else { at };
    match (want, got) {
        (Value::Object(want), Value::Object(got)) => {
            let mut found = Vec::new();
            for (key, want) in want {
                let key = fill(key, names);
                let below = format!("{at}.{key}").trim_start_matches('.').to_owned();
                match got.get(&key) {
                    Some(got) => found.extend(differences(want, got, names, &below, how)),
                    None if how.loose.contains(&below) => {}
                    None => found.push(format!("{below} is missing")),
                }
            }
            found
        }
        (Value::Array(want), Value::Array(got)) if want.len() != got.len() => {
            vec![format!("{place} has {} entries, not {}", got.len(), want.len())]
        }
        (Value::Array(want), Value::Array(got)) if how.is_unordered => differences_of_sets(want, got, names, at, how),
        (Value::Array(want), Value::Array(got)) => {
            let pairs = want.iter().zip(got).enumerate();
            pairs.flat_map(|(i, (want, got))| differences(want, got, names, &format!("{at}[{i}]"), how)).collect()
        }
        (Value::String(want), Value::String(got)) if same_text(want, got, names) => Vec::new(),
        (Value::Number(want), Value::Number(got)) if want == got || want.as_f64() == got.as_f64() => Vec::new(),
        (want, got) if want == got => Vec::new(),
        (want, got) => vec![format!("{place} is {got}, not {}", fill_value(want, names))],
    }
}

fn differences_of_sets(want: &[Value], got: &[Value], names: &Names, at: &str, how: Leniency<'_>) -> Vec<String> {
    let mut left: Vec<&Value> = got.iter().collect();
    for want in want {
        match left.iter().position(|got| differences(want, got, names, at, how).is_empty()) {
            Some(i) => drop(left.remove(i)),
            None => return vec![format!("{at} has no entry like {}", fill_value(want, names))],
        }
    }
    Vec::new()
}

/// The value at `path.to[0].value`.
pub(crate) fn pick<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    let parts = path.split(['.', '[', ']']).filter(|part| !part.is_empty());
    parts.into_iter().try_fold(value, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })
}

/// Keeps a value; a whole key also under the name of its id.
pub(crate) fn save(names: &mut Names, name: &str, value: Value) {
    if let Some(id) = value.as_str().filter(|text| is_key(text)).and_then(|text| text.get(..10)) {
        names.insert(format!("{name}_keyid"), Value::from(id));
    }
    names.insert(name.to_owned(), value);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names() -> Names {
        Names::from([("me".to_owned(), json!("amy")), ("n".to_owned(), json!(7))])
    }

    #[test]
    fn names_are_filled_and_unknown_ones_stay() {
        assert_eq!(fill("/{me}/{n}/{other}/{", &names()), "/amy/7/{other}/{");
        assert_eq!(fill_value(&json!({"{me}": ["{n}"]}), &names()), json!({"amy": ["7"]}));
    }

    #[test]
    fn kinds_stand_for_what_they_are_and_nothing_else() {
        let uuid = "0190f5a2-1111-7222-8333-444455556666";
        let key = "abcdefghij-abcdefghijabcdefghijab";
        let cases = [
            ("<time>", "2026-07-09T10:00:00Z", true),
            ("<time>", "2026-07-09T10:00:00.123456+02:00", true),
            ("<time>", "2026-07-09T10:00:00.Z", false),
            ("<time>", "2026-07-09", false),
            ("id <uuid>!", &format!("id {uuid}!"), true),
            ("<uuid>", &uuid.to_uppercase(), false),
            ("<key>", key, true),
            ("<id10>", key, false),
            ("a<any>b<any>", "a--b--", true),
            ("{me} <any>", "bob x", false),
        ];
        for (want, got, is_same) in cases {
            assert_eq!(same_text(want, got, &names()), is_same, "{want} {got}");
        }
    }

    #[test]
    fn an_answer_may_have_more_fields_but_not_fewer() {
        let how = Leniency::default();
        assert!(differences(&json!({"a": 1}), &json!({"a": 1.0, "b": 2}), &names(), "", how).is_empty());
        assert_eq!(differences(&json!({"a": {"b": 1}}), &json!({"a": {}}), &names(), "", how), ["a.b is missing"]);
        assert_eq!(differences(&json!([1]), &json!([1, 2]), &names(), "", how), ["answer has 2 entries, not 1"]);
        assert_eq!(differences(&json!(true), &json!(1), &names(), "", how), ["answer is 1, not true"]);
    }

    #[test]
    fn loose_places_and_unordered_lists_are_not_compared_to_the_letter() {
        let loose = ["a".to_owned()];
        let how = Leniency { loose: &loose, is_unordered: true };
        assert!(differences(&json!({"a": 1}), &json!({"a": 2}), &names(), "", how).is_empty());
        assert!(differences(&json!([1, 2]), &json!([2, 1]), &names(), "", how).is_empty());
        assert_eq!(differences(&json!([1, 1]), &json!([2, 1]), &names(), "", how).len(), 1);
    }
}
