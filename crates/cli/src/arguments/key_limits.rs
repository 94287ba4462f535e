//! The limits of a new key: its scopes and its allow list, checked as far as they can be before a request is sent.
use anyhow::Context as _;
use keyfob_api::keys::AllowListTarget;
use keyfob_client::Client;
use keyfob_rbac::{AllowEntry, AllowEntryError, Catalogue};
use keyfob_server::nearest_name;

use super::resource::id_of;
use crate::terminal::problem::Problem;

/// The options of every command that creates a key.
#[derive(clap::Args)]
pub(crate) struct KeyLimitArgs {
    /// Scope, such as workspace:read; may be repeated or separated by commas
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', value_parser = scope_name)]
    pub(crate) scope: Vec<String>,
    /// Allow-list entry, as <type>:<name or id> or <type>:*; may be repeated or separated by commas
    #[arg(long, value_name = "TYPE:NAME", value_delimiter = ',', value_parser = parse)]
    allow: Vec<Entry>,
    /// The same as --allow
    #[arg(long, value_name = "TYPE:NAME", value_delimiter = ',', value_parser = parse, hide = true)]
    allow_custom: Vec<Entry>,
}

/// An entry of an allow list, as a person types it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    /// Complete as it is.
    Whole(AllowListTarget),
    /// Of a type that only the server knows, if it is one; or with a name in place of an id.
    Named { resource_type: String, name: String },
}

impl KeyLimitArgs {
    /// The whole allow list, with ids for names: those are looked up among what the caller may read.
    pub(crate) async fn allow_list(&self, client: &Client) -> anyhow::Result<Vec<AllowListTarget>> {
        let mut list = Vec::new();
        for entry in self.entries() {
            list.push(match entry {
                Entry::Whole(entry) => entry.clone(),
                Entry::Named { resource_type, name } => looked_up(client, resource_type, name).await?,
            });
        }
        Ok(list)
    }

    /// The whole allow list where no user is signed in, so that names cannot be looked up.
    pub(crate) fn allow_list_of_ids(&self) -> anyhow::Result<Vec<AllowListTarget>> {
        let entry = |entry: &Entry| match entry {
            Entry::Whole(entry) => Ok(entry.clone()),
            Entry::Named { resource_type, name } if is_id(name) => Ok(target(resource_type, name)),
            Entry::Named { resource_type, name } => {
                let what = format!("--allow {resource_type}:{name}: without a session, an entry is <type>:<id>");
                Err(Problem::new(what, "only a user who is signed in can look up names").into())
            }
        };
        self.entries().map(entry).collect()
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.allow.iter().chain(&self.allow_custom)
    }

    /// Whether no limit is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.scope.is_empty() && self.allow.is_empty() && self.allow_custom.is_empty()
    }
}

fn scope_name(text: &str) -> Result<String, String> {
    let name = field(text).trim();
    if name.is_empty() {
        return Err("a scope cannot be empty".to_owned());
    }
    if name.contains(char::is_whitespace) { Err("separate scopes by commas".to_owned()) } else { Ok(name.to_owned()) }
}

/// Reads `<type>:<id>`, `<type>:<name>` or `<type>:*`. Errors have the words of the server.
fn parse(text: &str) -> Result<Entry, String> {
    let text = field(text).trim();
    match AllowEntry::parse(&Catalogue::built_in(), text) {
        _ if text.is_empty() => Err("allow list entry cannot be empty".to_owned()),
        Ok(_) => Ok(Entry::Whole(AllowListTarget(text.to_owned()))),
        Err(error @ AllowEntryError::NotAUuid { .. }) if text.starts_with("*:") => Err(error.to_string()),
        Err(AllowEntryError::UnknownType(_) | AllowEntryError::NotAUuid { .. }) => {
            let (resource_type, name) = text.split_once(':').unwrap_or_default();
            Ok(Entry::Named { resource_type: resource_type.to_owned(), name: name.to_owned() })
        }
        Err(error @ AllowEntryError::Malformed(_)) => Err(error.to_string()),
    }
}

async fn looked_up(client: &Client, resource_type: &str, name: &str) -> anyhow::Result<AllowListTarget> {
    if Catalogue::built_in().resource_type(resource_type).is_none() {
        let types = client.list_resource_types().await.context("cannot list the resource types")?.resource_types;
        if !types.iter().any(|known| known.name == resource_type) {
            let nearest = nearest_name(resource_type, types.iter().map(|known| known.name.as_str()));
            let nearest = nearest.map(|nearest| format!("the nearest is {nearest}; ")).unwrap_or_default();
            let what = format!("--allow {resource_type}:{name}: unknown resource type {resource_type:?}");
            return Err(Problem::new(what, format!("{nearest}'keyfob resource-types' lists all")).into());
        }
    }
    if is_id(name) {
        return Ok(target(resource_type, name));
    }
    Ok(target(resource_type, &id_of(client, resource_type, name).await?.to_string()))
}

fn is_id(name: &str) -> bool {
    name == "*" || uuid::Uuid::try_parse(name).is_ok()
}

fn target(resource_type: &str, id: &str) -> AllowListTarget {
    AllowListTarget(format!("{resource_type}:{id}"))
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
            let whole = Entry::Whole(AllowListTarget(text.to_owned()));
            assert_eq!(parse(&format!(" {text} ")), Ok(whole.clone()));
            assert_eq!(parse(&format!("\"{text}\"")), Ok(whole));
        }
    }

    #[test]
    fn errors_are_those_of_the_server() {
        let cases = [
            ("", "allow list entry cannot be empty"),
            ("workspace", "invalid allow_list entry \"workspace\": want <type>:<id>"),
            ("workspace:", "invalid allow_list entry \"workspace:\": want <type>:<id>"),
            (":*", "invalid allow_list entry \":*\": want <type>:<id>"),
            ("*:dev", "invalid * ID (must be UUID): \"dev\""),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(error.to_owned()));
        }
    }

    #[test]
    fn names_and_types_of_the_deployment_are_left_to_the_server() {
        for (resource_type, name) in [("workspace", "dev"), ("invoice", "*"), ("invoice", "7")] {
            let named = Entry::Named { resource_type: resource_type.to_owned(), name: name.to_owned() };
            assert_eq!(parse(&format!("{resource_type}:{name}")), Ok(named));
        }
    }
}
