//! The `OpenAPI` document, its page, and the reference in `docs/` that is made from it.
use std::{fmt::Write as _, fs, path::Path};

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::TestApp;

async fn document() -> Value {
    let app = TestApp::empty(&[]).await;
    let answer = app.anonymous().get("/api/v2/openapi.json").await.expect(StatusCode::OK);
    assert_eq!(answer.header("Content-Type"), "application/json");
    answer.json()
}

/// Compares a file of the reference with its generated content, or writes it on request.
fn check(name: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    if std::env::var_os("KEYFOB_WRITE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, wanted).unwrap();
        return;
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(kept == wanted, "docs/reference/{name} is not what the handlers say: run `cargo xtask docs`");
}

#[tokio::test]
async fn the_document_reference_is_what_is_served() {
    check("openapi.json", &format!("{}\n", serde_json::to_string_pretty(&document().await).unwrap()));
}

#[tokio::test]
async fn the_api_reference_is_what_is_served() {
    check("api.md", &markdown(&document().await));
}

#[tokio::test]
async fn every_operation_has_a_name_and_a_summary_of_its_own() {
    let document = document().await;
    let mut names: Vec<&str> = Vec::new();
    for (path, method, operation) in operations(&document) {
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(!summary.is_empty() && !summary.ends_with('.'), "{method} {path}: {summary:?}");
        let name = operation["operationId"].as_str().unwrap();
        assert!(!names.contains(&name), "{name} is twice there");
        names.push(name);
        let declared = operation["parameters"].as_array().into_iter().flatten();
        let in_path = declared.filter(|parameter| parameter["in"] == "path").count();
        assert_eq!(in_path, path.matches('{').count(), "{method} {path}: the parameters of its path");
    }
}

#[tokio::test]
async fn the_page_needs_nothing_but_itself() {
    let app = TestApp::empty(&[]).await;
    let page = app.anonymous().get("/docs").await.expect(StatusCode::OK);
    assert!(page.header("Content-Security-Policy").starts_with("default-src 'none'; style-src 'sha256-"));
    assert_eq!(page.header("Content-Type"), "text/html; charset=utf-8");
    let document = document().await;
    for (path, _, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert!(page.body.contains(&format!("<article id=\"{id}\"")), "{path}");
    }
    // Every link within the page has its target.
    for link in page.body.split("href=\"#").skip(1) {
        let id = link.split('"').next().unwrap();
        assert!(page.body.contains(&format!("id=\"{id}\"")), "nothing has the id {id}");
    }
    for other in ["src=", "@import", "url(", "http://", "https://"] {
        assert!(!page.body.contains(other), "{other}");
    }
}

#[tokio::test]
async fn the_page_leads_to_the_console_and_looks_as_the_person_chose() {
    let (app, owner) = TestApp::new().await;
    let theme = json!({"theme_preference": "dark", "terminal_font": "fira-code"});
    owner.put("/api/v2/users/me/appearance", theme).await.expect(StatusCode::OK);
    let page = owner.get("/docs").await.expect(StatusCode::OK);
    assert!(page.body.starts_with("<!doctype html><html lang=\"en\" data-theme=\"dark\">"));
    assert!(page.body.contains("href=\"/\"") && page.body.contains("</svg>Keyfob"));
    let page = app.anonymous().get("/docs").await.expect(StatusCode::OK);
    assert!(page.body.starts_with("<!doctype html><html lang=\"en\">"));
}

/// What `curl` would send: the method, the path and the body.
fn sent(curl: &str) -> (Method, String, Option<Value>) {
    let curl = curl.replace("&quot;", "\"").replace("&amp;", "&").replace(" \\\n ", "");
    let method = curl.split_once("-X ").map_or("GET", |(_, rest)| rest.split(' ').next().unwrap());
    let (_, path) = curl.split_once("\"$KEYFOB_URL").unwrap();
    let body =
        curl.split_once("-d '").map(|(_, rest)| serde_json::from_str(rest.rsplit_once('\'').unwrap().0).unwrap());
    (method.parse().unwrap(), path.split('"').next().unwrap().to_owned(), body)
}

/// The server understands each: what it refuses, it refuses for what is there, and not for how it was asked.
#[tokio::test]
async fn every_operation_has_a_curl_line_that_the_server_understands() {
    let (app, owner) = TestApp::new().await;
    let page = app.anonymous().get("/docs").await.expect(StatusCode::OK);
    for name in ["Coder-Session-Token: $", "Authorization: Bearer $", "coder_session_token=$", "X-CSRF-TOKEN"] {
        assert!(page.body.contains(name), "{name}");
    }
    let document = document().await;
    let mut wrong = Vec::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        let (_, article) = page.body.split_once(&format!("<article id=\"{id}\"")).unwrap();
        let article = article.split("</article>").next().unwrap();
        let (_, curl) = article.split_once("<pre class=\"curl\"><code>").unwrap_or_else(|| panic!("{method} {path}"));
        let curl = curl.split('<').next().unwrap();
        assert_eq!(curl.contains("Coder-Session-Token"), operation.get("security").is_none(), "{id}");
        let (asked, filled, body) = sent(curl);
        assert_eq!(asked.as_str().to_lowercase(), method, "{id}");
        assert!(!filled.contains('{') && filled.split('/').count() == path.split('/').count(), "{id}: {filled}");
        assert_eq!(body.is_some(), operation.get("requestBody").is_some(), "{id}");
        assert!(body != Some(json!({})), "{id} has no example");
        // These end the session, and a callback needs a provider.
        if ["sign_out", "delete_user", "end_all_sessions"].contains(&id) || filled.contains("callback") {
            continue;
        }
        let answer = owner.send(asked, &filled, body).await;
        // The ids are nobody's.
        if answer.body.contains("There is none with this id.") {
            continue;
        }
        // Once the session has ended, answers say nothing.
        let is_unread = [405, 415, 500].contains(&answer.status.as_u16())
            || ["Request body", "Validation failed", "Invalid UUID", "Route not found", "You are signed out"]
                .iter()
                .any(|text| answer.body.contains(text));
        if is_unread {
            wrong.push(format!("{id}: {curl}: {} {}", answer.status, answer.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn markdown(document: &Value) -> String {
    let mut tags: Vec<&str> =
        operations(document).map(|(.., operation)| operation["tags"][0].as_str().unwrap()).collect();
    tags.sort_unstable();
    tags.dedup();
    let mut out = String::from(
        "# API\n\nMade from the handlers by `cargo xtask docs`; [openapi.json](openapi.json) is the same for programs, \
         and a running server shows it at `/docs`. Bodies and answers are JSON. An answer that is not listed is a \
         refusal (4xx) with the body `ErrorBody`, or 503.\n",
    );
    for tag in tags {
        let _infallible = write!(out, "\n## {tag}\n");
        for (path, method, operation) in operations(document).filter(|(.., operation)| operation["tags"][0] == tag) {
            operation_in_words(&mut out, path, method, operation);
        }
    }
    out.push_str("\n## Schemas\n");
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        schema_in_words(&mut out, name, schema);
    }
    out
}

fn operation_in_words(out: &mut String, path: &str, method: &str, operation: &Value) {
    let _infallible = write!(
        out,
        "\n### `{} {path}`\n\n{}.{}\n\n",
        method.to_uppercase(),
        operation["summary"].as_str().unwrap(),
        if operation.get("security").is_some() { " Takes no key." } else { "" }
    );
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let field = |name: &str| parameter[name].as_str().unwrap_or_default();
        let (name, place, about) = (field("name"), field("in"), field("description"));
        let _infallible = writeln!(out, "- `{name}` ({place}, {}): {about}", type_of(&parameter["schema"]));
    }
    if let Some(schema) = schema_of(&operation["requestBody"]) {
        let _infallible = writeln!(out, "- body: {}", type_of(schema));
    }
    for (status, response) in operation["responses"].as_object().unwrap() {
        if status.starts_with('2') {
            let body = schema_of(response).map_or_else(|| "no body".to_owned(), type_of);
            let _infallible = writeln!(out, "- {status}: {body}");
        }
    }
}

fn schema_of(of: &Value) -> Option<&Value> {
    of["content"].as_object()?.values().next()?.get("schema")
}

fn schema_in_words(out: &mut String, name: &str, schema: &Value) {
    let about = schema["description"].as_str().unwrap_or_default();
    let _infallible = write!(out, "\n### {name}\n\n{about}\n\n");
    let parts = schema["allOf"].as_array();
    for part in parts.into_iter().flatten().chain([schema]) {
        if part.get("$ref").is_some() {
            let _infallible = writeln!(out, "- all of {}", type_of(part));
        }
        for (field, schema) in part["properties"].as_object().into_iter().flatten() {
            let about = schema["description"].as_str().unwrap_or_default();
            let _infallible = writeln!(out, "- `{field}` ({}): {about}", type_of(schema));
        }
    }
    if schema.get("properties").is_none() && parts.is_none() {
        let _infallible = writeln!(out, "- {}", type_of(schema));
    }
}

fn type_of(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(parts) = schema[choice].as_array() {
            return parts.iter().map(type_of).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(items) = schema.get("items") {
        return format!("list of {}", type_of(items));
    }
    if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
        return format!("map to {}", type_of(values));
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| format!("`{}`", value.as_str().unwrap())).collect::<Vec<_>>().join(", ");
    }
    match &schema["type"] {
        Value::String(name) => schema["format"].as_str().unwrap_or(name).to_owned(),
        Value::Array(names) => names.iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    }
}

/// All tests that `SECURITY.md` names exist.
#[test]
fn the_tests_that_the_security_policy_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let policy = fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let mut sources = String::new();
    gather(&root.join("crates"), &mut sources);
    // Names of tests are sentences.
    let named: Vec<&str> = policy.split('`').skip(1).step_by(2).filter(|name| name.matches('_').count() > 2).collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        assert!(sources.contains(&format!("fn {name}(")), "there is no test {name}");
    }
}

fn gather(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
