//! The limits of a new key: its scopes and its allow list, checked before a request is sent.
use keyfob_api::keys::AllowListTarget;
use keyfob_rbac::{AllowEntry, AllowEntryError, Catalogue};

/// The options of every command that creates a key.
#[derive(clap::Args)]
pub(crate) struct KeyLimitArgs {
    /// Scope, such as workspace:read; may be repeated or separated by commas
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', value_parser = scope_name)]
    pub(crate) scope: Vec<String>,
    /// Allow-list entry, <type>:<uuid> or <type>:*; may be repeated or separated by commas
    #[arg(long, value_name = "TYPE:ID", value_delimiter = ',', value_parser = parse)]
    allow: Vec<AllowListTarget>,
    /// Allow-list entry for a resource type that the deployment has added
    #[arg(long, value_name = "TYPE:ID", value_delimiter = ',', value_parser = parse_custom)]
    allow_custom: Vec<AllowListTarget>,
}

impl KeyLimitArgs {
    /// The whole allow list.
    pub(crate) fn allow_list(&self) -> Vec<AllowListTarget> {
        self.allow.iter().chain(&self.allow_custom).cloned().collect()
    }

    /// Whether no limit is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.scope.is_empty() && self.allow.is_empty() && self.allow_custom.is_empty()
    }
}

#[expect(clippy::unnecessary_wraps, reason = "clap's signature of a parser")]
fn scope_name(text: &str) -> Result<String, std::convert::Infallible> {
    Ok(field(text).to_owned())
}

/// Reads `<type>:<id>` or `<type>:*`. Errors have the words of the server.
fn parse(text: &str) -> Result<AllowListTarget, String> {
    let text = field(text);
    match AllowEntry::parse(&Catalogue::built_in(), text) {
        _ if text.trim().is_empty() => Err("allow list entry cannot be empty".to_owned()),
        Ok(_) => Ok(AllowListTarget(text.trim().to_owned())),
        Err(error) => Err(error.to_string()),
    }
}

/// The same for types that are known to the server alone.
fn parse_custom(text: &str) -> Result<AllowListTarget, String> {
    let text = field(text);
    let Err(AllowEntryError::UnknownType(_)) = AllowEntry::parse(&Catalogue::built_in(), text) else {
        return parse(text);
    };
    let id = text.split_once(':').map(|(_, id)| id).unwrap_or_default();
    parse(&format!("*:{id}"))?;
    Ok(AllowListTarget(text.trim().to_owned()))
}

/// A field of comma-separated values, without the quotes that some programs write around it.
fn field(text: &str) -> &str {
    text.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-2222-4333-8444-555555555555";

    #[test]
    fn entries_name_a_type_and_an_id_or_a_star() {
        for text in ["*:*", "workspace:*", &format!("workspace:{ID}"), &format!("*:{ID}")] {
            assert_eq!(parse(&format!(" {text} ")), Ok(AllowListTarget(text.to_owned())));
            assert_eq!(parse(&format!("\"{text}\"")), Ok(AllowListTarget(text.to_owned())));
        }
    }

    #[test]
    fn errors_are_those_of_the_server() {
        let cases = [
            ("", "allow list entry cannot be empty"),
            ("workspace", "invalid allow_list entry \"workspace\": want <type>:<id>"),
            ("workspace:", "invalid allow_list entry \"workspace:\": want <type>:<id>"),
            (":*", "invalid allow_list entry \":*\": want <type>:<id>"),
            ("nope:*", "unknown resource type \"nope\""),
            ("workspace:xyz", "invalid workspace ID (must be UUID): \"xyz\""),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(error.to_owned()));
        }
    }

    #[test]
    fn types_of_the_deployment_are_left_to_the_server() {
        assert!(parse_custom("invoice:*").is_ok());
        assert!(parse_custom("invoice:7").is_err());
    }
}
