//! What claims are made of.
use serde_json::{Map, Value};

/// A claim that lists texts, such as groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListClaim {
    /// The texts that it lists.
    Listed {
        /// None of them is empty.
        texts: Vec<String>,
        /// How many other values it has: numbers, objects and the like.
        ignored: usize,
    },
    /// The provider left it out, and says so: it may be too long for a token.
    LeftOut,
}

impl ListClaim {
    /// Reads a claim that is a list of texts, or a single one. `_claim_names` names claims that are elsewhere (`OpenID`
    /// Connect Core 1.0, section 5.6.2); `hasgroups` stands for a list of groups.
    pub fn read(claims: &Map<String, Value>, name: &str, lists_groups: bool) -> Self {
        match claims.get(name) {
            Some(Value::Array(values)) => listed(values),
            None | Some(Value::Null) if is_left_out(claims, name, lists_groups) => Self::LeftOut,
            None | Some(Value::Null) => listed(&[]),
            Some(value) => listed(std::slice::from_ref(value)),
        }
    }
}

fn listed(values: &[Value]) -> ListClaim {
    let texts = values.iter().filter_map(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned).collect();
    ListClaim::Listed { texts, ignored: values.iter().filter(|value| !value.is_string()).count() }
}

fn is_left_out(claims: &Map<String, Value>, name: &str, lists_groups: bool) -> bool {
    let is_elsewhere = claims.get("_claim_names").is_some_and(|names| names.get(name).is_some());
    is_elsewhere || lists_groups && claims.get("hasgroups").is_some_and(is_truthy)
}

/// Whether a value stands for yes. Some providers send booleans as numbers or texts.
pub(super) fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64().is_some_and(|number| number != 0.0),
        Value::String(text) => matches!(text.to_ascii_lowercase().as_str(), "1" | "t" | "true"),
        _ => false,
    }
}

/// The type of a value, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value, name: &str) -> ListClaim {
        ListClaim::read(claims.as_object().unwrap(), name, name == "groups")
    }

    fn texts(texts: &[&str], ignored: usize) -> ListClaim {
        ListClaim::Listed { texts: texts.iter().map(|text| (*text).to_owned()).collect(), ignored }
    }

    #[test]
    fn lists_of_texts_may_be_single_texts() {
        let claims = json!({"many": ["a", "", 3, "b", {"name": "c"}], "one": "c", "none": 3, "null": null});
        assert_eq!(read(&claims, "many"), texts(&["a", "b"], 2));
        assert_eq!(read(&claims, "one"), texts(&["c"], 0));
        assert_eq!(read(&claims, "none"), texts(&[], 1));
        assert_eq!(read(&claims, "null"), texts(&[], 0));
        assert_eq!(read(&claims, "else"), texts(&[], 0));
    }

    #[test]
    fn a_list_that_is_elsewhere_is_left_out() {
        let elsewhere = json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {}}});
        assert_eq!(read(&elsewhere, "groups"), ListClaim::LeftOut);
        assert_eq!(read(&elsewhere, "roles"), texts(&[], 0));
        for has in [json!(true), json!("true")] {
            assert_eq!(read(&json!({"hasgroups": has}), "groups"), ListClaim::LeftOut);
            assert_eq!(read(&json!({"hasgroups": has}), "roles"), texts(&[], 0));
        }
        assert_eq!(read(&json!({"hasgroups": false}), "groups"), texts(&[], 0));
        // One that is there all the same counts.
        let both = json!({"groups": ["a"], "_claim_names": {"groups": "src1"}, "hasgroups": true});
        assert_eq!(read(&both, "groups"), texts(&["a"], 0));
    }
}
