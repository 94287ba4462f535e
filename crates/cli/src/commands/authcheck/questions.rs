//! Checks, from the command line or a file to the API's request.
use std::{fs, io, path::Path};

use anyhow::Context as _;
use keyfob_api::authz::{AuthorizationCheck, AuthorizationObject, AuthorizationRequest};
use uuid::Uuid;

/// One check, as a person types it. Its text is its name in the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    text: String,
    resource_type: String,
    action: String,
    id: Option<Uuid>,
}

/// Reads `<type>:<action>` or `<type>:<action>@<id>`.
pub(super) fn parse(text: &str) -> Result<Question, String> {
    let (check, id) = match text.split_once('@') {
        Some((check, id)) => (check, Some(Uuid::try_parse(id).map_err(|_| format!("the id {id:?} is not a UUID"))?)),
        None => (text, None),
    };
    let halves =
        check.split_once(':').filter(|(resource_type, action)| !resource_type.is_empty() && !action.is_empty());
    let (resource_type, action) = halves.ok_or_else(|| "want <type>:<action>, such as workspace:read".to_owned())?;
    Ok(Question { text: text.to_owned(), resource_type: resource_type.to_owned(), action: action.to_owned(), id })
}

/// The request for all checks, on objects like the template.
pub(super) fn request(questions: &[Question], template: &AuthorizationObject) -> AuthorizationRequest {
    let checks = questions.iter().map(|question| {
        let mut object = AuthorizationObject { resource_type: question.resource_type.clone(), ..template.clone() };
        if let Some(id) = question.id {
            object.resource_id = id.to_string();
        }
        (question.text.clone(), AuthorizationCheck { action: question.action.clone(), object })
    });
    AuthorizationRequest { checks: checks.collect() }
}

/// The checks of a file, in the JSON of the API.
pub(super) fn from_file(path: &Path) -> anyhow::Result<AuthorizationRequest> {
    let text = if path == Path::new("-") {
        io::read_to_string(io::stdin()).context("read standard input")?
    } else {
        fs::read_to_string(path).with_context(|| format!("read `{}`", path.display()))?
    };
    serde_json::from_str(&text)
        .context("the checks are not JSON of the form {\"checks\": {\"<name>\": {\"action\": …, \"object\": …}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-2222-4333-8444-555555555555";

    #[test]
    fn a_check_is_a_type_an_action_and_perhaps_an_id() {
        let template = AuthorizationObject { owner_id: "me".to_owned(), ..AuthorizationObject::default() };
        let checks = [parse("workspace:read").unwrap(), parse(&format!("template:use@{ID}")).unwrap()];
        let request = serde_json::to_value(request(&checks, &template)).unwrap();
        let expected = serde_json::json!({"checks": {
            "workspace:read": {"action": "read", "object": {"resource_type": "workspace", "owner_id": "me"}},
            format!("template:use@{ID}"):
                {"action": "use", "object": {"resource_type": "template", "owner_id": "me", "resource_id": ID}},
        }});
        assert_eq!(request, expected);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "workspace", "workspace:", ":read", "workspace:read@x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
