//! Everything that a request can make big has a bound, which the document says and the server holds.
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::support::{Answer, Identity, TestApp};

/// A place of requests that has a bound, and a value there that is beyond it.
struct Place {
    /// As an answer names it: `allow_list[0].id`.
    name: String,
    /// The whole body with that value.
    body: Value,
}

/// Looks for the places of a schema.
struct Walker<'a> {
    document: &'a Value,
    places: Vec<Place>,
    unbounded: Vec<String>,
}

impl Walker<'_> {
    fn resolve(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        while let Some(path) = schema["$ref"].as_str() {
            let found = self.document.pointer(path.trim_start_matches('#'));
            schema = found.unwrap_or_else(|| panic!("there is no {path}")).clone();
        }
        schema
    }

    /// `around` makes the whole body of a value at this place.
    fn walk(&mut self, schema: &Value, name: &str, around: &dyn Fn(Value) -> Value) {
        let schema = self.resolve(schema);
        for choice in ["oneOf", "anyOf", "allOf"] {
            for part in schema[choice].as_array().cloned().into_iter().flatten() {
                self.walk(&part, name, around);
            }
        }
        for kind in kinds(&schema) {
            match kind.as_str() {
                "string" if schema["enum"].is_array() => {}
                "string" => self.bound(&schema["maxLength"], name, |most| around(json!("a".repeat(most)))),
                "array" => {
                    self.bound(&schema["maxItems"], name, |most| around(Value::Array(vec![json!("a"); most])));
                    self.walk(&schema["items"], &format!("{name}[0]"), &|item| around(json!([item])));
                }
                "object" => self.walk_object(&schema, name, around),
                _ => {}
            }
        }
    }

    fn walk_object(&mut self, schema: &Value, name: &str, around: &dyn Fn(Value) -> Value) {
        for (field, of_field) in schema["properties"].as_object().cloned().into_iter().flatten() {
            let inner = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
            self.walk(&of_field, &inner, &|value| around(json!({ &field: value })));
        }
        let each = self.resolve(&schema["additionalProperties"]);
        if each.as_object().is_some_and(|each| !each.is_empty()) && is_described(&each) {
            let many = |most: usize| (0..most).map(|number| (number.to_string(), json!({}))).collect::<Map<_, _>>();
            self.bound(&schema["maxProperties"], name, |most| around(Value::Object(many(most))));
            self.walk(&each, &format!("{name}.x"), &|value| around(json!({ "x": value })));
        } else if schema["properties"].is_null() {
            // What a platform stores: bounded as a whole, in bytes and in depth.
            let deep = (0..40).fold(json!(0), |inner, _| json!([inner]));
            for value in [json!({"a": "a".repeat(16 * 1024)}), json!({ "a": deep })] {
                self.places.push(Place { name: name.to_owned(), body: around(value) });
            }
        }
    }

    fn bound(&mut self, most: &Value, name: &str, beyond: impl Fn(usize) -> Value) {
        match most.as_u64().and_then(|most| usize::try_from(most).ok()) {
            Some(most) => self.places.push(Place { name: name.to_owned(), body: beyond(most + 1) }),
            None => self.unbounded.push(name.to_owned()),
        }
    }
}

fn kinds(schema: &Value) -> Vec<String> {
    let one = schema["type"].as_str().map(str::to_owned);
    let several = schema["type"].as_array().into_iter().flatten().filter_map(|kind| kind.as_str().map(str::to_owned));
    one.into_iter().chain(several).collect()
}

fn is_described(schema: &Value) -> bool {
    !kinds(schema).is_empty() || ["oneOf", "anyOf", "allOf"].iter().any(|choice| schema[choice].is_array())
}

/// An operation of the document.
struct Operation<'a> {
    method: Method,
    path: &'a str,
    described: &'a Value,
    /// The id of the group of all members.
    everyone: &'a str,
}

impl Operation<'_> {
    fn title(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Its path, in which each parameter has a value that can be read, but for one.
    fn path_with(&self, other: Option<(&str, &str)>) -> String {
        let id = "aaaaaaaa-0000-4000-8000-000000000001";
        let value = |name: &str| match name {
            "user" => "me",
            "type" => "workspace",
            "organization" | "organizationname" => "default",
            "keyid" => "abcdefghij",
            "group" => self.everyone,
            "groupname" => "Everyone",
            "rolename" | "keyname" | "workspacename" | "templatename" => "x",
            _ => id,
        };
        let mut path = String::new();
        for segment in self.path.split('/').filter(|segment| !segment.is_empty()) {
            let name = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}'));
            let instead = other.filter(|(other, _)| Some(*other) == name).map(|(_, value)| value);
            path.push('/');
            path.push_str(instead.unwrap_or_else(|| name.map_or(segment, value)));
        }
        path
    }

    fn parameters(&self) -> impl Iterator<Item = &Value> {
        self.described["parameters"].as_array().into_iter().flatten()
    }
}

fn operations<'a>(document: &'a Value, everyone: &'a str) -> Vec<Operation<'a>> {
    let paths = document["paths"].as_object().unwrap();
    let of = |(path, methods): (&'_ String, &'_ Value)| {
        let methods = methods.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        methods.into_iter().map(|method| (path.clone(), method)).collect::<Vec<_>>()
    };
    let all: Vec<(String, String)> = paths.iter().flat_map(of).collect();
    let operation = |(path, method): (String, String)| {
        let (path, methods) = paths.get_key_value(&path).unwrap();
        Operation { method: method.to_uppercase().parse().unwrap(), path, described: &methods[&method], everyone }
    };
    all.into_iter().map(operation).collect()
}

/// Whether a request was refused in the shape of errors, with the name of the place.
fn is_refused(answer: &Answer, name: &str) -> bool {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or(Value::Null);
    let named = |of: &Value| of["field"] == name;
    // Errors of OAuth have no list of fields (RFC 6749, section 5.2).
    let in_words = || body["error_description"].as_str().is_some_and(|words| words.starts_with(&format!("{name}: ")));
    answer.status == StatusCode::BAD_REQUEST
        && (body["validations"].as_array().is_some_and(|all| all.iter().any(named)) || in_words())
}

struct Findings {
    tried: usize,
    wrong: Vec<String>,
}

impl Findings {
    async fn expect(&mut self, owner: &Identity, of: &Operation<'_>, path: &str, body: Option<Value>, name: &str) {
        let answer = owner.send(of.method.clone(), path, body).await;
        self.tried += 1;
        if !is_refused(&answer, name) {
            let said: String = answer.body.chars().take(200).collect();
            self.wrong.push(format!("{}: {name}: {} {said}", of.title(), answer.status));
        }
    }
}

#[tokio::test]
async fn one_more_than_each_bound_of_the_document_is_refused_with_the_name_of_its_field() {
    let (_app, owner) = TestApp::with(&["--oidc-issuer-url", "http://127.0.0.1:9"]).await;
    let document = owner.get("/api/v2/openapi.json").await.expect(StatusCode::OK).json();
    let organization = owner.get("/api/v2/organizations/default").await.expect(StatusCode::OK);
    let mut findings = Findings { tried: 0, wrong: Vec::new() };
    for operation in operations(&document, organization.text("id")) {
        for parameter in operation.parameters() {
            let name = parameter["name"].as_str().unwrap();
            let schema = &parameter["schema"];
            let beyond = match (schema["type"].as_str(), &schema["maxLength"], &schema["maximum"]) {
                (Some("string"), Value::Number(most), _) => {
                    "a".repeat(usize::try_from(most.as_u64().unwrap() + 1).unwrap())
                }
                (Some("integer"), _, Value::Number(most)) => (most.as_u64().unwrap() + 1).to_string(),
                (Some("string" | "integer"), ..) => {
                    findings.wrong.push(format!("{}: {name} has no bound", operation.title()));
                    continue;
                }
                _ => continue,
            };
            let path = if parameter["in"] == "path" {
                operation.path_with(Some((name, &beyond)))
            } else {
                format!("{}?{name}={beyond}", operation.path_with(None))
            };
            findings.expect(&owner, &operation, &path, None, name).await;
        }
        for content in operation.described["requestBody"]["content"].as_object().into_iter().flat_map(Map::values) {
            let mut walker = Walker { document: &document, places: Vec::new(), unbounded: Vec::new() };
            walker.walk(&content["schema"], "", &|value| value);
            let unbounded = walker.unbounded.iter().map(|name| format!("{}: {name} has no bound", operation.title()));
            findings.wrong.extend(unbounded);
            for Place { name, body } in walker.places {
                findings.expect(&owner, &operation, &operation.path_with(None), Some(body), &name).await;
            }
        }
    }
    assert!(findings.wrong.is_empty(), "{}", findings.wrong.join("\n"));
    assert!(findings.tried > 200, "only {} places were tried", findings.tried);
}

#[tokio::test]
async fn a_text_with_the_character_nul_is_refused_wherever_it_stands() {
    let (_app, owner) = TestApp::new().await;
    let answers = [
        ("q", owner.get("/api/v2/users?q=%00").await),
        ("name", owner.post("/api/v2/organizations", json!({"name": "a\0b"})).await),
        (
            "attributes",
            owner.post("/api/v2/resources", json!({"resource_type": "file", "attributes": {"a": "\0"}})).await,
        ),
    ];
    for (field, answer) in answers {
        assert!(is_refused(&answer, field), "{field}: {} {}", answer.status, answer.body);
    }
}

#[tokio::test]
async fn a_query_has_few_values() {
    let (_app, owner) = TestApp::new().await;
    let many = vec!["a=b"; 65].join("&");
    owner.get(&format!("/api/v2/users?{many}")).await.expect(StatusCode::BAD_REQUEST);
}
