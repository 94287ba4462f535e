//! The texts of errors.
use std::fmt::Write as _;

use keyfob_client::{ApiError, Error};

use crate::terminal::{output::Output, text::printable};

/// The text of an error: the command, the error, and a suggestion if there is one.
pub(crate) fn describe(error: &anyhow::Error, command: &str, is_verbose: bool, out: Output) -> String {
    let head = format!("Encountered an error running \"{command}\", see \"{command} --help\" for more information");
    format!("{}\n{} {}", out.bold(&head), out.red("error:"), body(error, is_verbose))
}

fn body(error: &anyhow::Error, is_verbose: bool) -> String {
    match error.downcast_ref::<Error>() {
        Some(Error::Api(answer)) => with_trace(error, &refusal(answer, is_verbose)),
        Some(unexpected @ Error::UnexpectedContentType { body, .. }) => {
            with_trace(error, &format!("{unexpected}\n{}", text_of_server(body.trim())))
        }
        _ => format!("{error:#}"),
    }
}

/// The steps that led to the error, before the server's own words.
fn with_trace(error: &anyhow::Error, words: &str) -> String {
    let is_own = |cause: &&(dyn std::error::Error + 'static)| !cause.is::<Error>();
    let steps: String =
        error.chain().take_while(is_own).fold(String::new(), |steps, cause| format!("{steps}{cause}: "));
    if steps.is_empty() { words.to_owned() } else { format!("Trace=[{steps}]\n{words}") }
}

fn refusal(answer: &ApiError, is_verbose: bool) -> String {
    let ApiError { method, route, status, body, helper } = answer;
    let mut text = String::new();
    if is_verbose {
        text = format!("API request error to \"{method} {route}\". Status code {}\n", status.as_u16());
    }
    text.push_str(&text_of_server(&body.message));
    if !body.validations.is_empty() {
        let _infallible = write!(text, "\n{} validation error(s) found", body.validations.len());
    }
    for validation in &body.validations {
        let (field, detail) = (text_of_server(&validation.field), text_of_server(&validation.detail));
        let _infallible = write!(text, "\n\t{field}: {detail}");
    }
    if let Some(helper) = helper {
        let _infallible = write!(text, "\nSuggestion: {helper}");
    }
    if !body.detail.is_empty() && (is_verbose || helper.is_none()) {
        let _infallible = write!(text, "\n{}", text_of_server(&body.detail));
    }
    text
}

/// Line breaks stay, other control characters are escaped.
fn text_of_server(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}
