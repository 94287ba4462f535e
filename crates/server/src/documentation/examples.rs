//! Examples for people who read the document: a call as `curl` makes it, and an answer as it could be.
use serde_json::{Map, Value, json};

use super::page::Operation;

/// An id in examples.
const ID: &str = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
/// The id of a key in examples.
const KEY_ID: &str = "aBcDeFgHiJ";
/// How many levels of an answer are shown.
const DEEPEST: usize = 6;

/// A call with `curl`, in lines.
pub(super) fn curl(operation: &Operation<'_>) -> String {
    let Operation { path, method, spec } = operation;
    let mut lines = vec![match *method {
        "get" => format!("curl \"$KEYFOB_URL{}\"", filled(path)),
        _ => format!("curl -X {} \"$KEYFOB_URL{}\"", method.to_uppercase(), filled(path)),
    }];
    if spec.get("security").is_none() {
        lines.push("-H \"Coder-Session-Token: $KEYFOB_SESSION_TOKEN\"".to_owned());
    }
    if spec.get("requestBody").is_some() {
        lines.push("-H 'Content-Type: application/json'".to_owned());
        let id = spec.get("operationId").and_then(Value::as_str).unwrap_or_default();
        // In single quotes a shell takes everything but these.
        lines.push(format!("-d '{}'", body(id).to_string().replace('\'', "'\\''")));
    }
    lines.join(" \\\n  ")
}

/// A path with values for its parameters.
fn filled(path: &str) -> String {
    let value = |name: &str| match name {
        "user" => "me",
        "organization" | "organizationname" => "default",
        "keyid" => KEY_ID,
        "keyname" => "ci",
        "rolename" => "deployer",
        "groupname" => "ops",
        "type" => "workspace",
        "workspacename" | "templatename" => "web",
        _ => ID,
    };
    // The id of a session is that of its key.
    let path = path.replace("/sessions/{id}", "/sessions/{keyid}");
    let (mut filled, mut rest) = (String::new(), path.as_str());
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        filled.extend([before, value(name)]);
        rest = after;
    }
    filled + rest
}

/// A body of this operation.
pub(super) fn body(operation: &str) -> Value {
    match operation {
        "check_authorization" => json!({"checks": {"read": {
            "action": "read", "object": {"resource_type": "workspace", "resource_id": ID},
        }}}),
        "start_device_sign_in" => json!({"client_id": "backup", "scope": "workspace:read"}),
        "redeem_device_code" => json!({
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code", "client_id": "backup", "device_code": "…",
        }),
        "update_group" => json!({"add_users": [ID]}),
        "create_organization" => json!({"name": "acme", "display_name": "Acme"}),
        "update_organization" => json!({"display_name": "Acme Europe"}),
        "create_group" => json!({"name": "ops"}),
        "create_organization_role" | "update_organization_role" => json!({
            "name": "deployer",
            "organization_permissions": [{"resource_type": "workspace", "action": "read"}],
        }),
        "update_roles_of_member" => json!({"roles": ["organization-auditor"]}),
        "update_roles_of_user" => json!({"roles": ["auditor"]}),
        "register_resource" => json!({"resource_type": "workspace", "name": "web", "organization_id": ID}),
        "update_resource" => json!({"name": "web-2"}),
        "update_access_list" => json!({"user_roles": {ID: "use"}, "group_roles": {}}),
        "create_user" => json!({
            "username": "ben", "email": "ben@example.com", "password": "correct horse battery",
            "organization_ids": [ID],
        }),
        "set_up" => json!({
            "username": "amy", "email": "amy@example.com", "password": "correct horse battery",
        }),
        "sign_in" => json!({"email": "amy@example.com", "password": "correct horse battery"}),
        "change_password_with_passcode" => json!({
            "email": "amy@example.com", "one_time_passcode": ID, "password": "correct horse battery",
        }),
        "request_passcode" => json!({"email": "amy@example.com"}),
        "validate_password" => json!({"password": "correct horse battery"}),
        "update_appearance" => json!({"theme_preference": "dark", "terminal_font": "geist-mono"}),
        "convert_login" => json!({"to_type": "github", "password": "correct horse battery"}),
        "create_token" => json!({
            "token_name": "ci", "scopes": ["workspace:read"], "allow_list": [format!("workspace:{ID}")],
            "lifetime": 604_800_000_000_000_u64,
        }),
        "update_notice_choices" => json!({"token_minted": true}),
        "change_password" => json!({"old_password": "correct horse battery", "password": "battery horse correct"}),
        "update_preferences" => json!({"code_diff_display_mode": "auto"}),
        "update_profile" => json!({"username": "amy", "name": "Amy Adams"}),
        _ => json!({}),
    }
}

/// An answer with this schema.
pub(super) fn answer(document: &Value, schema: &Value) -> Value {
    value(document, schema, "", DEEPEST)
}

fn value(document: &Value, schema: &Value, field: &str, depth: usize) -> Value {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        let named = document.pointer("/components/schemas").and_then(|schemas| schemas.get(name));
        return named.filter(|_| depth > 0).map_or(Value::Null, |named| value(document, named, field, depth - 1));
    }
    for choice in ["oneOf", "anyOf"] {
        // The last is what is there, where the first is null.
        if let Some(one) = schema.get(choice).and_then(Value::as_array).and_then(|parts| parts.last()) {
            return value(document, one, field, depth);
        }
    }
    let mut object = Map::new();
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        if let Value::Object(fields) = value(document, part, field, depth) {
            object.extend(fields);
        }
    }
    for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        object.insert(name.clone(), value(document, schema, name, depth));
    }
    if !object.is_empty() {
        return Value::Object(object);
    }
    if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
        return first.clone();
    }
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ => "null",
    };
    match kind {
        "string" => text(schema.get("format").and_then(Value::as_str), field).into(),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(1.into()),
        "boolean" => true.into(),
        "array" => {
            Value::Array(schema.get("items").map(|items| value(document, items, field, depth)).into_iter().collect())
        }
        "object" => match schema.get("additionalProperties").filter(|values| values.is_object()) {
            Some(values) => json!({"name": value(document, values, field, depth)}),
            None => json!({}),
        },
        _ => Value::Null,
    }
}

/// A text for a field of this name.
fn text(format: Option<&str>, field: &str) -> &'static str {
    match (format, field) {
        (Some("uuid"), _) => ID,
        (Some("date-time"), _) => "2026-07-09T10:00:00Z",
        (_, "username" | "owner_name" | "created_by_name") => "amy",
        (_, "email") => "amy@example.com",
        (_, "key") => "aBcDeFgHiJ-…",
        (_, "action") => "read",
        (_, "resource_type" | "type") => "workspace",
        (_, "scopes" | "scope" | "external") => "workspace:read",
        (_, "allow_list") => "workspace:*",
        (_, "roles" | "role") => "auditor",
        (_, "name" | "token_name" | "display_name") => "web",
        (_, "status") => "active",
        (_, "login_type") => "password",
        (_, "avatar_url" | "icon") => "",
        _ => "…",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_shape_of_its_schema() {
        let document = json!({"components": {"schemas": {"Loop": {"type": "object", "properties": {
            "id": {"type": "string", "format": "uuid"}, "next": {"oneOf": [{"type": "null"}, {"$ref": "#/x/Loop"}]},
            "names": {"type": "array", "items": {"type": ["string", "null"]}}, "count": {"type": "integer", "minimum": 0},
        }}}}});
        let answer = answer(&document, &json!({"$ref": "#/x/Loop"}));
        assert_eq!(answer["next"]["id"], ID);
        assert_eq!(answer["next"]["names"], json!(["…"]));
        assert_eq!(answer["count"], 0);
        assert!(answer.pointer(&"/next".repeat(DEEPEST)).is_some_and(Value::is_null), "it ends: {answer}");
    }

    #[test]
    fn a_path_is_filled_in() {
        assert_eq!(filled("/users/{user}/keys/{keyid}/expire"), format!("/users/me/keys/{KEY_ID}/expire"));
        assert_eq!(filled("/users/{user}/sessions/{id}"), format!("/users/me/sessions/{KEY_ID}"));
        assert_eq!(filled("/resources/{type}/{id}"), format!("/resources/workspace/{ID}"));
    }
}
