//! Checks, from the command line or a file to the API's request.
use std::{fmt, fs, io, path::Path};

use anyhow::Context as _;
use keyfob_api::authz::{AuthorizationCheck, AuthorizationObject, AuthorizationRequest};
use keyfob_client::Client;
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use crate::arguments::resource::id_of;

/// One check, as a person types it. Its text is its name in the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    text: String,
    resource_type: String,
    action: String,
    /// The name or the id of an object.
    object: Option<String>,
}

/// The checks of a call, and their names in the order in which they are asked.
pub(super) struct Asked {
    pub(super) request: AuthorizationRequest,
    pub(super) names: Vec<String>,
}

/// Reads `<type>:<action>` or `<type>:<action>@<name or id>`.
pub(super) fn parse(text: &str) -> Result<Question, String> {
    let (check, object) = match text.split_once('@') {
        Some((_, "")) => return Err("want a name or an id behind the @".to_owned()),
        Some((check, object)) => (check, Some(object.to_owned())),
        None => (text, None),
    };
    let halves =
        check.split_once(':').filter(|(resource_type, action)| !resource_type.is_empty() && !action.is_empty());
    let (resource_type, action) = halves.ok_or_else(|| "want <type>:<action>, such as workspace:read".to_owned())?;
    Ok(Question { text: text.to_owned(), resource_type: resource_type.to_owned(), action: action.to_owned(), object })
}

/// The request for all checks, on objects like the template. Names are looked up by the client.
pub(super) async fn request(
    client: &Client,
    questions: &[Question],
    template: &AuthorizationObject,
) -> anyhow::Result<Asked> {
    let mut asked = Asked { request: AuthorizationRequest::default(), names: Vec::new() };
    for question in questions {
        let mut object = AuthorizationObject { resource_type: question.resource_type.clone(), ..template.clone() };
        if let Some(named) = &question.object {
            object.resource_id = id_of(client, &question.resource_type, named).await?.to_string();
        }
        let check = AuthorizationCheck { action: question.action.clone(), object };
        if asked.request.checks.insert(question.text.clone(), check).is_none() {
            asked.names.push(question.text.clone());
        }
    }
    Ok(asked)
}

/// The checks of a file, in the JSON of the API.
pub(super) fn from_file(path: &Path) -> anyhow::Result<Asked> {
    let text = if path == Path::new("-") {
        io::read_to_string(io::stdin()).context("cannot read standard input")?
    } else {
        fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?
    };
    let wrong = "the checks are not JSON of the form {\"checks\": {\"<name>\": {\"action\": …, \"object\": …}}}";
    let request: AuthorizationRequest = serde_json::from_str(&text).context(wrong)?;
    let Ordered { checks: Names(names) } = serde_json::from_str(&text).context(wrong)?;
    Ok(Asked { request, names })
}

/// The names of a file's checks, in its order.
#[derive(Deserialize)]
struct Ordered {
    #[serde(default)]
    checks: Names,
}

#[derive(Default)]
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a check under each name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names: Vec<String> = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-2222-4333-8444-555555555555";

    #[tokio::test]
    async fn a_check_is_a_type_an_action_and_perhaps_an_id() {
        let client = Client::builder("http://127.0.0.1:1").build().unwrap();
        let template = AuthorizationObject { owner_id: "me".to_owned(), ..AuthorizationObject::default() };
        let checks = [parse("workspace:read").unwrap(), parse(&format!("template:use@{ID}")).unwrap()];
        let asked = request(&client, &checks, &template).await.unwrap();
        let expected = serde_json::json!({"checks": {
            "workspace:read": {"action": "read", "object": {"resource_type": "workspace", "owner_id": "me"}},
            format!("template:use@{ID}"):
                {"action": "use", "object": {"resource_type": "template", "owner_id": "me", "resource_id": ID}},
        }});
        assert_eq!(serde_json::to_value(asked.request).unwrap(), expected);
        assert_eq!(asked.names, ["workspace:read".to_owned(), format!("template:use@{ID}")]);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "workspace", "workspace:", ":read", "workspace:read@"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_checks_of_a_file_keep_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("checks.json");
        let check = r#"{"action": "read", "object": {"resource_type": "workspace"}}"#;
        fs::write(&file, format!("{{\"checks\": {{\"z\": {check}, \"a\": {check}}}}}")).unwrap();
        assert_eq!(from_file(&file).unwrap().names, ["z", "a"]);
    }
}
