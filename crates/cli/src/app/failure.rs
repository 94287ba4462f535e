//! The texts of errors: one line for what failed and why, and one for what to do next.
use std::fmt::Write as _;

use keyfob_api::error::ErrorBody;
use keyfob_client::{ApiError, Error, StatusCode};

use super::rules;
use crate::{
    invocation::{Invocation, KeyInUse, UsedKey},
    terminal::{
        output::Output,
        problem::{CHECK_SPELLING, Problem, Step},
        text::text_of_server,
    },
};

/// The detail of a refusal that says nothing of its cause.
const NO_CAUSE: &str = "You don't have permission to view this content.";

/// What is known of the run that failed.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) is_verbose: bool,
    /// None where it failed before it began.
    pub(crate) invocation: Option<&'a Invocation>,
}

/// What is said of an error.
struct Said {
    what: String,
    next: Option<String>,
}

/// The text of an error.
pub(crate) fn describe(error: &anyhow::Error, run: Run<'_>, out: Output) -> String {
    let Said { what, next } = said(error, run);
    let mut text = format!("{} {what}", out.red("error:"));
    if let Some(next) = next {
        let _infallible = write!(text, "\n{} {next}", out.bold("Suggestion:"));
    }
    if run.is_verbose
        && let Some(Error::Api(answer)) = error.downcast_ref::<Error>()
    {
        text += &details(answer);
    }
    text
}

/// The error of a command line that has no such arguments.
pub(crate) fn describe_usage(problem: &str, command: &str, out: Output) -> String {
    format!("{} {problem}\n{} see '{command} --help'", out.red("error:"), out.bold("Suggestion:"))
}

fn said(error: &anyhow::Error, run: Run<'_>) -> Said {
    match error.downcast_ref::<Error>() {
        Some(Error::Api(answer)) if answer.status == StatusCode::UNAUTHORIZED => unauthenticated(error, answer, run),
        Some(Error::Api(answer)) => refusal(error, answer, run),
        Some(unexpected @ Error::UnexpectedContentType { body, .. }) => {
            let what = step(error).map_or_else(|| unexpected.to_string(), |step| format!("{step}: {unexpected}"));
            Said {
                what: format!("{what}: {}", text_of_server(body.trim())),
                next: Some("the answer comes from something before the server, such as a proxy: check the URL".into()),
            }
        }
        Some(Error::MissingBuildVersion) => {
            Said { what: format!("{error:#}"), next: Some("is the URL right? Something else answers there".into()) }
        }
        Some(Error::Transport(_)) => {
            let client = run.invocation.and_then(Invocation::used_client);
            let another = match client {
                Some(client) => format!(" at {}? --url names another one", client.url()),
                None => format!("? {}", another_host(run)),
            };
            Said { what: format!("{error:#}"), next: Some(format!("is the server running{another}")) }
        }
        _ => {
            let next =
                error.chain().find_map(|cause| cause.downcast_ref::<Problem>()).map(|problem| problem.next.clone());
            Said { what: format!("{error:#}"), next }
        }
    }
}

/// How commands for the host, which have no such client, ask another server.
fn another_host(run: Run<'_>) -> String {
    let name = run.invocation.and_then(|invocation| invocation.command().rsplit(' ').next());
    format!("'keyfob server --http-address <ADDRESS> {}' asks another one", name.unwrap_or("status"))
}

/// What was being done when the server was asked, such as "cannot delete the user".
fn step(error: &anyhow::Error) -> Option<String> {
    let is_own = |cause: &&(dyn std::error::Error + 'static)| !cause.is::<Error>();
    let steps: Vec<String> = error.chain().take_while(is_own).map(ToString::to_string).collect();
    (!steps.is_empty()).then(|| steps.join(": "))
}

fn refusal(error: &anyhow::Error, answer: &ApiError, run: Run<'_>) -> Said {
    let ApiError { status, body, required, .. } = answer;
    let message = text_of_server(&body.message);
    let mut parts: Vec<String> = step(error).into_iter().collect();
    parts.push(message);
    parts.push(problems(body));
    let detail = text_of_server(&body.detail);
    let is_said = parts.iter().any(|part| part.contains(&detail));
    if !is_said && !detail.starts_with(NO_CAUSE) {
        parts.push(detail.clone());
    }
    // Where the server says why, it is something else.
    let is_unexplained = detail.is_empty() || detail.starts_with(NO_CAUSE);
    let asked = required.last().filter(|_| *status == StatusCode::FORBIDDEN && is_unexplained);
    if let Some(permission) = asked.filter(|asked| !parts.iter().any(|part| part.contains(asked.as_str()))) {
        let it = if joined(&parts).ends_with('.') { "It" } else { "it" };
        parts.push(format!("{it} takes {permission}"));
    }
    let explained = || {
        let same = run.invocation.map_or("", Invocation::with_the_same_key);
        let object = |permission| error.downcast_ref().and_then(|step: &Step| step.object_of(permission));
        asked.map(|permission| {
            let at = object(permission).map(|id| format!("@{id}")).unwrap_or_default();
            format!("{same}'keyfob authcheck {permission}{at} --explain' says what is missing")
        })
    };
    let known = error.downcast_ref().map(|problem: &Problem| problem.next.clone());
    let next = known.or_else(|| missing_scope(answer)).or_else(explained).or_else(|| next_step(answer));
    Said { what: joined(&parts), next }
}

/// What is wrong with the fields of a request, each said once.
fn problems(body: &ErrorBody) -> String {
    let mut problems: Vec<String> = Vec::new();
    for problem in &body.validations {
        let (field, detail) = (text_of_server(&problem.field), text_of_server(&problem.detail));
        let detail = rules::in_words(&detail).unwrap_or(detail);
        // The text often names the field already.
        let text = if detail.starts_with(&field) { detail } else { format!("{field}: {detail}") };
        if !problems.contains(&text) {
            problems.push(text);
        }
    }
    problems.join("; ")
}

/// What to do where only the scopes of the key are too narrow.
fn missing_scope(answer: &ApiError) -> Option<String> {
    let scope = answer.body.detail.strip_prefix("the key's scopes lack ")?;
    Some(format!("use a key with the scope {}", text_of_server(scope)))
}

/// What to do next, for some answers.
fn next_step(answer: &ApiError) -> Option<String> {
    let detail = answer.body.detail.as_str();
    if let Some((_, rest)) = detail.split_once("unsupported API key scope: \"") {
        let name = rest.trim_end_matches('"');
        let known = keyfob_rbac::Catalogue::built_in().requestable_scopes();
        let nearest = keyfob_server::nearest_name(name, known.iter().map(String::as_str));
        let nearest = nearest.map(|nearest| format!("the nearest scope is {nearest}; ")).unwrap_or_default();
        return Some(format!("{nearest}'keyfob scopes' lists all scopes"));
    }
    match answer.status {
        StatusCode::TOO_MANY_REQUESTS => Some("wait a minute, and try again".into()),
        StatusCode::NOT_FOUND => Some(CHECK_SPELLING.into()),
        _ => None,
    }
}

/// Why the server takes no key, or does not take this one.
fn unauthenticated(error: &anyhow::Error, answer: &ApiError, run: Run<'_>) -> Said {
    let url = run.invocation.and_then(Invocation::used_client).map(|client| client.url().to_owned());
    let server = url.as_deref().unwrap_or("the server");
    let key = match (error.downcast_ref::<UsedKey>(), run.invocation) {
        (Some(UsedKey(flag)), _) => KeyInUse::Other(flag),
        (None, Some(invocation)) => invocation.key_in_use(),
        (None, None) => KeyInUse::None,
    };
    let detail = text_of_server(&answer.body.detail);
    let what = match (&key, expiry(&detail)) {
        (KeyInUse::None, _) => format!("there is no key for {server}"),
        (KeyInUse::OfAnotherServer(other), _) => {
            format!("there is no key for {server}: the stored one is for {other}")
        }
        (key, Some(at)) => format!("{} expired at {at}", key.in_words()),
        (key, None) => {
            let message = text_of_server(&answer.body.message);
            let reason = if detail.is_empty() { message } else { detail };
            format!("{server} does not accept {}: {reason}", key.in_words())
        }
    };
    let is_login = run.invocation.is_some_and(|invocation| invocation.command() == "keyfob login");
    Said { what, next: Some(another_key(&key, url.as_deref(), is_login)) }
}

/// How to use another key, which depends on where this one came from.
fn another_key(key: &KeyInUse, url: Option<&str>, is_login: bool) -> String {
    let login = "Try logging in using 'keyfob login'.";
    match (key, url) {
        (KeyInUse::Other(flag), _) => {
            format!("give another token with {flag}; without it, the key in use is checked")
        }
        (KeyInUse::Flag, _) if is_login => "give another token with --token, or leave it out to sign in".to_owned(),
        (KeyInUse::Flag, _) => format!("{login} Without --token, the stored session is used."),
        (KeyInUse::Variable(name), _) => format!("{login} Without {name}, the stored session is used."),
        (KeyInUse::None | KeyInUse::OfAnotherServer(_), Some(url)) => {
            format!("{login} For this server: 'keyfob login {url}'.")
        }
        (KeyInUse::None | KeyInUse::OfAnotherServer(_) | KeyInUse::Stored, _) => login.to_owned(),
    }
}

/// When a key expired, if a detail says that.
fn expiry(detail: &str) -> Option<String> {
    let (_, rest) = detail.split_once("API key expired at \"")?;
    let (date, rest) = rest.split_once(' ')?;
    let time = rest.split(['.', ' ']).next()?;
    Some(format!("{date} {time} UTC"))
}

/// More of an answer, for those who want it.
fn details(answer: &ApiError) -> String {
    let ApiError { method, route, status, body, .. } = answer;
    let (message, detail) = (text_of_server(&body.message), text_of_server(&body.detail));
    let head = format!("\nAPI request error to \"{method} {route}\". Status code {}\n{message}", status.as_u16());
    if detail.is_empty() { head } else { format!("{head}\n{detail}") }
}

/// The parts with colons between them, but behind sentences.
fn joined(parts: &[String]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts.fold(String::new(), |text, part| match text.chars().last() {
        None => part.clone(),
        Some('.' | '!' | '?') => format!("{text} {part}"),
        Some(_) => format!("{text}: {part}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expiry_of_a_key_is_read_from_the_answer() {
        let detail = "API key expired at \"2026-01-02 03:04:05.123456 +0000 UTC\".";
        assert_eq!(expiry(detail).as_deref(), Some("2026-01-02 03:04:05 UTC"));
        assert_eq!(expiry("API key is invalid."), None);
    }

    #[test]
    fn a_sentence_of_the_server_stays_as_it_is() {
        let parts = ["Failed to create API key.", "", "no such scope", "x"].map(str::to_owned);
        assert_eq!(joined(&parts), "Failed to create API key. no such scope: x");
    }
}
