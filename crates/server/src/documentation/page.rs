//! The document as a page: readable without JavaScript, and without any other host.
use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use keyfob_api::{SESSION_TOKEN_COOKIE, SESSION_TOKEN_HEADER};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::examples;

/// What stands before the theme of the person who looks at it.
const BEGINNING: &str = "<!doctype html><html lang=\"en\"";
const BRAND: &str = include_str!("../../templates/pages/parts/brand.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The page, and the policy that lets it have its own style and script and nothing else.
pub(super) struct Page {
    html: String,
    pub(super) policy: String,
}

impl Page {
    /// All of it, in a theme; without one, the system decides.
    pub(super) fn themed(&self, theme: Option<&'static str>) -> String {
        let theme = theme.map(|name| format!(" data-theme=\"{name}\"")).unwrap_or_default();
        [BEGINNING, &theme, &self.html].concat()
    }
}

/// Renders a document.
pub(super) fn render(document: &Value) -> Page {
    let mut body = String::new();
    let operations = operations(document);
    contents(&mut body, &operations);
    for (tag, operations) in &operations {
        let _infallible =
            write!(body, "<section aria-labelledby=\"{0}\"><h2 id=\"{0}\">{1}</h2>", slug(tag), text(tag));
        for operation in operations {
            article(&mut body, document, operation);
        }
        body.push_str("</section>");
    }
    schemas(&mut body, document);
    let about = document.pointer("/info/description").and_then(Value::as_str).unwrap_or_default();
    let version = document.pointer("/info/version").and_then(Value::as_str).unwrap_or_default();
    let html = format!(
        "><head><meta charset=\"utf-8\"><title>Keyfob API</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><style>{STYLE}</style></head><body>\
         <a class=\"skip\" href=\"#main\">Skip to the operations</a>\
         <header><a class=\"brand\" href=\"/\">{BRAND}</a><h1>Keyfob API</h1><p>{}</p><p>Version {}. The same for programs: \
         <a href=\"/api/v2/openapi.json\">openapi.json</a>. How it is used is told in the \
         <a href=\"/docs/guides\">guides</a>.</p></header>\
         <main id=\"main\">{}{body}</main><script>{SCRIPT}</script></body></html>",
        prose(about),
        text(version),
        authentication(),
    );
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    Page { html, policy }
}

/// The three ways to present a key, each as `curl` does it.
fn authentication() -> String {
    let way = |name: &str, about: &str, lines: &str| {
        format!("<h3>{}</h3><p>{}</p><pre><code>{}</code></pre>", text(name), prose(about), text(lines))
    };
    let ways = [
        way(
            &format!("The header {SESSION_TOKEN_HEADER}"),
            "For programs.",
            &format!("curl -H \"{SESSION_TOKEN_HEADER}: $KEYFOB_SESSION_TOKEN\" \"$KEYFOB_URL/api/v2/users/me\""),
        ),
        way(
            "The header Authorization: Bearer",
            "The same, for programs and libraries that know this one (RFC 6750).",
            "curl -H \"Authorization: Bearer $KEYFOB_SESSION_TOKEN\" \"$KEYFOB_URL/api/v2/users/me\"",
        ),
        way(
            &format!("The cookie {SESSION_TOKEN_COOKIE}"),
            "For browsers, which get it by signing in. A change with it must prove that a page of this server sent it: \
             with the value of the cookie `csrf_token` in the header `X-CSRF-TOKEN`.",
            &format!("curl -b \"{SESSION_TOKEN_COOKIE}=$KEYFOB_SESSION_TOKEN\" \"$KEYFOB_URL/api/v2/users/me\""),
        ),
    ];
    format!(
        "<section aria-labelledby=\"authenticate\"><h2 id=\"authenticate\">Three ways to authenticate</h2><p>{}</p>\
         <div class=\"ways\">{}</div></section>",
        prose(
            "A key is presented in one of them; two different keys in one request are refused. In the examples \
             `KEYFOB_URL` is the address of the server and `KEYFOB_SESSION_TOKEN` the key; ids and names are made up."
        ),
        ways.concat()
    )
}

fn hash(source: &str) -> String {
    format!("sha256-{}", BASE64.encode(Sha256::digest(source)))
}

/// One call.
pub(super) struct Operation<'a> {
    pub(super) path: &'a str,
    pub(super) method: &'a str,
    pub(super) spec: &'a Value,
}

/// All operations by their tags, in the order of the alphabet.
fn operations(document: &Value) -> Vec<(&str, Vec<Operation<'_>>)> {
    let mut groups: std::collections::BTreeMap<&str, Vec<Operation<'_>>> = std::collections::BTreeMap::new();
    for (path, methods) in members(document.get("paths")) {
        for (method, spec) in methods.as_object().into_iter().flatten() {
            let tag = spec.pointer("/tags/0").and_then(Value::as_str).unwrap_or("Other");
            groups.entry(tag).or_default().push(Operation { path, method, spec });
        }
    }
    groups.into_iter().collect()
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value.and_then(Value::as_object).into_iter().flat_map(Map::iter).map(|(name, value)| (name.as_str(), value))
}

fn contents(out: &mut String, groups: &[(&str, Vec<Operation<'_>>)]) {
    out.push_str(
        "<nav aria-label=\"Contents\"><p class=\"filter\" hidden><label for=\"filter\">Filter</label> \
         <input id=\"filter\" type=\"search\" placeholder=\"tokens, POST, /users…\"></p><ul>",
    );
    out.push_str("<li><a href=\"#authenticate\">Three ways to authenticate</a></li>");
    for (tag, operations) in groups {
        let _infallible =
            write!(out, "<li><a href=\"#{}\">{}</a> <small>{}</small></li>", slug(tag), text(tag), operations.len());
    }
    out.push_str("<li><a href=\"#schemas\">Schemas</a></li></ul></nav>");
}

fn article(out: &mut String, document: &Value, operation: &Operation<'_>) {
    let Operation { path, method, spec } = operation;
    let field = |name: &str| spec.get(name).and_then(Value::as_str).unwrap_or_default();
    let _infallible = write!(
        out,
        "<article id=\"{id}\" data-words=\"{words}\"><h3><a href=\"#{id}\"><span class=\"method {method}\">{upper}</span> \
         <code>{path}</code></a></h3><p>{summary}</p>",
        id = text(field("operationId")),
        words = text(&format!("{method} {path} {}", field("summary")).to_lowercase()),
        upper = method.to_uppercase(),
        path = text(path),
        summary = prose(field("summary")),
    );
    if spec.get("security").is_some() {
        out.push_str("<p class=\"note\">Takes no key.</p>");
    }
    parameters(out, spec);
    if let Some(schema) = spec.get("requestBody").and_then(content) {
        let _infallible = write!(out, "<p>Body: {}</p>", type_of(schema));
    }
    out.push_str("<table><caption>Answers</caption><thead><tr><th>Status<th>Body<th>When</thead><tbody>");
    for (status, response) in members(spec.get("responses")) {
        let body = content(response).map(type_of).unwrap_or_default();
        let about = response.get("description").and_then(Value::as_str).unwrap_or_default();
        let _infallible = write!(out, "<tr><td>{}<td>{body}<td>{}", text(status), prose(about));
    }
    out.push_str("</tbody></table>");
    example(out, document, operation);
    out.push_str("</article>");
}

/// The call as `curl` makes it, and an answer to it where that has a body.
fn example(out: &mut String, document: &Value, operation: &Operation<'_>) {
    let _infallible = write!(out, "<pre class=\"curl\"><code>{}</code></pre>", text(&examples::curl(operation)));
    let done = members(operation.spec.get("responses")).find(|(status, _)| status.starts_with('2'));
    let media = done.and_then(|(_, response)| members(response.get("content")).next());
    let Some((_, media)) = media.filter(|(kind, _)| *kind == "application/json") else { return };
    let answer = examples::answer(document, media.get("schema").unwrap_or(&Value::Null));
    let answer = serde_json::to_string_pretty(&answer).unwrap_or_default();
    let _infallible = write!(
        out,
        "<details><summary>Example of an answer</summary><pre><code>{}</code></pre></details>",
        text(&answer)
    );
}

fn parameters(out: &mut String, spec: &Value) {
    let Some(parameters) = spec.get("parameters").and_then(Value::as_array) else { return };
    out.push_str("<table><caption>Parameters</caption><thead><tr><th>Name<th>In<th>Type<th>Meaning</thead><tbody>");
    for parameter in parameters {
        let field = |name: &str| parameter.get(name).and_then(Value::as_str).unwrap_or_default();
        let _infallible = write!(
            out,
            "<tr><td><code>{}</code><td>{}<td>{}<td>{}",
            text(field("name")),
            text(field("in")),
            parameter.get("schema").map(type_of).unwrap_or_default(),
            prose(field("description")),
        );
    }
    out.push_str("</tbody></table>");
}

/// The schema of a body or an answer.
fn content(of: &Value) -> Option<&Value> {
    members(of.get("content")).next().and_then(|(_, media)| media.get("schema"))
}

/// A type in a few words, with links to what has a name.
fn type_of(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#schema-{0}\">{0}</a>", text(name));
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema.get(choice).and_then(Value::as_array) {
            let joint = if choice == "allOf" { " and " } else { " or " };
            return parts.iter().map(type_of).collect::<Vec<_>>().join(joint);
        }
    }
    let name = match schema.get("type") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    };
    if let Some(items) = schema.get("items") {
        return format!("list of {}", type_of(items));
    }
    if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
        return format!("map to {}", type_of(values));
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values = values.iter().filter_map(Value::as_str).map(|value| format!("<code>{}</code>", text(value)));
        return values.collect::<Vec<_>>().join(", ");
    }
    match schema.get("format").and_then(Value::as_str) {
        Some(format) => format!("{} ({})", text(&name), text(format)),
        None => text(&name),
    }
}

fn schemas(out: &mut String, document: &Value) {
    out.push_str("<section aria-labelledby=\"schemas\"><h2 id=\"schemas\">Schemas</h2>");
    for (name, schema) in members(document.pointer("/components/schemas")) {
        let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let _infallible = write!(
            out,
            "<article id=\"schema-{0}\" data-words=\"{1}\"><h3><a href=\"#schema-{0}\">{0}</a></h3><p>{2}</p>",
            text(name),
            text(&name.to_lowercase()),
            prose(about)
        );
        let mut fields = Vec::new();
        gather(schema, &mut fields);
        if fields.is_empty() {
            let _infallible = write!(out, "<p>{}</p>", type_of(schema));
        } else {
            rows(out, &fields);
        }
        out.push_str("</article>");
    }
    out.push_str("</section>");
}

/// A field of an object.
struct Field<'a> {
    name: &'a str,
    schema: &'a Value,
    is_required: bool,
}

fn gather<'a>(schema: &'a Value, fields: &mut Vec<Field<'a>>) {
    let required = schema.get("required").and_then(Value::as_array);
    for (name, schema) in members(schema.get("properties")) {
        let is_required = required.is_some_and(|names| names.iter().any(|known| known.as_str() == Some(name)));
        fields.push(Field { name, schema, is_required });
    }
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        gather(part, fields);
    }
}

fn rows(out: &mut String, fields: &[Field<'_>]) {
    out.push_str("<table><thead><tr><th>Field<th>Type<th>Meaning</thead><tbody>");
    for Field { name, schema, is_required } in fields {
        let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
        let optional = if *is_required { "" } else { " <small>may be missing</small>" };
        let _infallible =
            write!(out, "<tr><td><code>{}</code>{optional}<td>{}<td>{}", text(name), type_of(schema), prose(about));
    }
    out.push_str("</tbody></table>");
}

fn slug(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

fn text(raw: &str) -> String {
    raw.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Text in which backticks mark code.
fn prose(raw: &str) -> String {
    let parts = raw.split('`').enumerate();
    parts
        .map(|(place, part)| if place % 2 == 1 { format!("<code>{}</code>", text(part)) } else { text(part) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_document_says_is_text_and_never_markup() {
        let document = serde_json::json!({"paths": {"/<x>": {"get": {
            "operationId": "a\"b", "summary": "<script>alert(1)</script> `x<y`", "tags": ["<b>"],
            "responses": {"200": {"description": "&"}},
        }}}});
        let Page { html, .. } = render(&document);
        assert!(!html.contains("<script>alert"));
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; <code>x&lt;y</code>"));
        assert!(html.contains("id=\"a&quot;b\""));
    }
}
