//! Why a form was not done, in the words of the pages. An error that only one page meets is turned into words beside
//! that page.
use std::fmt::Display;

use axum::http::StatusCode;
use keyfob_api::error::Validation;
use keyfob_authority::{
    Denied, Lapsed, Refused, Unauthenticated,
    data::StoreError,
    fields::{NO_CONTROL_CHARACTERS, NOT_AN_ID, WrongField, WrongFields},
    passwords::{CheckPasswordError, HashError, Weakness},
    tokens::MintError,
};

use super::{
    frame::Frame,
    problem::{Problem, field_in_words},
    scopes::capitalized,
};
use crate::http::{damaged, error::ApiError};

/// What is said of a denial where the key lacks nothing that could be named.
pub(super) const NO_ROLE: &str =
    "Neither your roles nor an access list let you, as you are signed in. Ask an administrator.";

/// What is said of a failure of the server.
pub(super) const SERVER_FAILED: &str = "Try again. If it lasts, tell an administrator: the server's log has the cause.";

/// Why a form was not done: the page is shown again with this status and this problem.
#[derive(Debug)]
pub(super) struct Failure {
    /// The status of the page.
    pub(super) status: StatusCode,
    /// What the page says.
    pub(super) problem: Problem,
    /// The decision that it was refused by, if it was.
    pub(super) denied: Option<Box<Denied>>,
}

impl Failure {
    /// A failure that a message says all about.
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, problem: Problem::message(message), denied: None }
    }

    /// 400 with a message.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 400 for a new password that is not strong enough.
    pub(super) fn weak_password(weakness: &Weakness) -> Self {
        Self::bad_request("Choose another password.").field("password", advice(&weakness.to_string()))
    }

    /// 403 where users do not sign in with passwords.
    pub(super) fn passwords_disabled() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Only owners sign in with a password here.")
    }

    /// The same with another message.
    pub(super) fn saying(mut self, message: impl Into<String>) -> Self {
        self.problem.message = message.into();
        self
    }

    /// The same with a cause, or with advice.
    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.problem.detail = detail.into();
        self
    }

    /// The same with a problem of a field.
    pub(super) fn field(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        self.problem.elsewhere.push(Validation::new(field, detail));
        self
    }

    /// The same where the form has another name for a field.
    pub(super) fn renamed(mut self, field: &str, name: &str) -> Self {
        for wrong in self.problem.elsewhere.iter_mut().filter(|wrong| wrong.field == field) {
            name.clone_into(&mut wrong.field);
        }
        self
    }

    /// The status and the frame of the page that is shown again, whose form has these fields.
    pub(super) fn on(self, frame: Frame, fields: &[&str]) -> (StatusCode, Frame) {
        (self.status, frame.with_problem(self.problem.in_form(fields)))
    }

    /// All of it in sentences, for a place that is no form.
    pub(super) fn in_words(self) -> Vec<String> {
        let Problem { message, detail, elsewhere, .. } = self.problem;
        if elsewhere.is_empty() {
            return [message, detail].into_iter().filter(|text| !text.is_empty()).collect();
        }
        elsewhere.into_iter().map(|wrong| format!("{}: {}", field_in_words(&wrong.field), wrong.detail)).collect()
    }

    /// 500; the cause goes to the log, because its text is not for people.
    pub(super) fn internal(cause: &dyn Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong in the server.").detail(SERVER_FAILED)
    }

    /// 503; the cause goes to the log.
    fn unavailable(cause: &StoreError, message: &str, advice: &str) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message).detail(advice)
    }

    fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "It does not exist, or you have no access to it.")
    }

    /// 403 for a decision.
    pub(super) fn denied(denied: Denied) -> Self {
        let detail = denied.explanation().map_or_else(|| NO_ROLE.to_owned(), |text| of_session(&text));
        Self {
            denied: Some(Box::new(denied)),
            ..Self::new(StatusCode::FORBIDDEN, "You may not do that.").detail(detail)
        }
    }

    fn signed_out(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Your session has expired. Sign in again.").detail(detail)
    }
}

fn name_rule(value: &str, most: usize) -> String {
    format!(
        "\"{value}\" cannot be a name. A name has at most {most} letters and digits, with single hyphens between them, \
         and is neither \"new\" nor \"create\"."
    )
}

/// What is said of the key of a request, for a person whose session it is.
pub(super) fn of_session(detail: &str) -> String {
    match detail.strip_prefix("the key's ") {
        Some(lack) => format!("Your session's {lack}."),
        None => detail.to_owned(),
    }
}

/// What would make a weak password stronger, without what the API puts before it.
fn advice(weakness: &str) -> String {
    format!("{}.", capitalized(weakness.strip_prefix("insecure password, ").unwrap_or(weakness)))
}

/// An error page where there is no form to show again.
impl From<Failure> for ApiError {
    fn from(Failure { status, problem, denied }: Failure) -> Self {
        let Problem { message, detail, elsewhere, .. } = problem;
        let error = Self::new(status, message).detail(detail);
        let error = match denied.filter(|_| status == StatusCode::FORBIDDEN) {
            Some(denied) => error.insufficient_scope(&denied),
            None => error,
        };
        elsewhere.into_iter().fold(error, |error, Validation { field, detail }| error.validation(field, detail))
    }
}

impl From<WrongFields> for Failure {
    fn from(WrongFields(wrong): WrongFields) -> Self {
        let failure = Self::bad_request("Some fields are not filled in as they must be.");
        wrong.into_iter().fold(failure, |failure, wrong| {
            let words = rule_in_words(&wrong);
            failure.field(wrong.field, words)
        })
    }
}

fn rule_in_words(WrongField { rule, value, .. }: &WrongField) -> String {
    match *rule {
        "required" => "This must be filled in.".to_owned(),
        "email" => "This is not an e-mail address.".to_owned(),
        "username" => format!("\"{value}\" cannot be a username."),
        NOT_AN_ID => format!("\"{value}\" reads as an id. Choose another name."),
        NO_CONTROL_CHARACTERS => {
            "This has control characters, such as change the direction of text. Leave them out.".to_owned()
        }
        "max" => "This is too long.".to_owned(),
        "oneof" => format!("\"{value}\" cannot be chosen here."),
        "organization_name" => name_rule(value, 32),
        "group_name" => name_rule(value, 255),
        "organization_display_name" | "group_display_name" => {
            "A display name has at most 64 characters, and no space at its beginning or end.".to_owned()
        }
        "user_real_name" => "A name has at most 128 bytes, and no space at its beginning or end.".to_owned(),
        rule => format!("\"{value}\" does not fit here ({rule})."),
    }
}

impl From<MintError> for Failure {
    fn from(error: MintError) -> Self {
        match error {
            MintError::Refused(refused) => refused.into(),
            MintError::Exceeds { scopes, entries } => {
                let scopes = scopes.iter().map(|scope| format!("scope {scope} exceeds the scopes of your session"));
                let entries =
                    entries.iter().map(|entry| format!("entry {entry} exceeds the allow list of your session"));
                let detail = scopes.chain(entries).collect::<Vec<_>>().join("; ");
                Self::new(StatusCode::FORBIDDEN, "Your session may not give that away.").detail(detail)
            }
            MintError::ChainTooLong => {
                Self::new(StatusCode::FORBIDDEN, "Your session was made by a chain of too many others. Sign in anew.")
            }
            MintError::NameTaken(name) => {
                Self::new(StatusCode::CONFLICT, format!("There is a token with the name \"{name}\" already."))
            }
            MintError::Overtaken => {
                Self::new(StatusCode::NOT_FOUND, "What you asked for has changed meanwhile. Try again.")
            }
        }
    }
}

impl From<CheckPasswordError> for Failure {
    fn from(error: CheckPasswordError) -> Self {
        match error {
            CheckPasswordError::Paused { until, now } => {
                let minutes = (until.duration_since(now).as_secs().max(1) + 59) / 60;
                Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many wrong passwords.").detail(format!(
                    "Sign-in with this account's password pauses for {minutes} min. Try again then, reset the \
                     password, or ask an administrator."
                ))
            }
            CheckPasswordError::Hash(error) => error.into(),
            CheckPasswordError::Refused(refused) => refused.into(),
        }
    }
}

impl From<HashError> for Failure {
    fn from(error: HashError) -> Self {
        Self::internal(&error)
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Hidden(denied) => {
                let lack = denied.as_ref().and_then(Denied::scopes_lack).unwrap_or_default();
                Self { denied: denied.map(Box::new), ..Self::not_found().detail(of_session(&lack)) }
            }
            Refused::Denied(denied) => Self::denied(denied),
            Refused::Unauthenticated(reason) => Self::from(&*reason),
            Refused::Store(error) => Self::from(&error),
        }
    }
}

impl From<&Unauthenticated> for Failure {
    fn from(reason: &Unauthenticated) -> Self {
        match reason {
            Unauthenticated::Malformed(_) | Unauthenticated::UnknownKey | Unauthenticated::WrongSecret => {
                Self::signed_out("It was deleted, or signed out.")
            }
            Unauthenticated::Expired(_) => Self::signed_out(""),
            Unauthenticated::NotActive(status) => {
                Self::new(StatusCode::UNAUTHORIZED, format!("Your account is {}.", status.as_str()))
                    .detail("Ask an administrator to activate it.")
            }
            Unauthenticated::Lapsed(lapsed) => lapsed.into(),
            Unauthenticated::Unreadable(_) => Self::internal(reason),
            Unauthenticated::Store(error) => match damaged::of_caller(error) {
                Some(damage) => Self::internal(error).detail(damage),
                None => error.into(),
            },
        }
    }
}

impl From<&Lapsed> for Failure {
    fn from(lapsed: &Lapsed) -> Self {
        match lapsed {
            Lapsed::NoLink => Self::signed_out("Your account has no provider to sign in by any more."),
            Lapsed::Ended { provider, .. } => Self::signed_out(format!("Your session at {provider} has expired.")),
            Lapsed::NotRenewed { provider, cause } => {
                Self::signed_out(format!("{provider} does not renew your session: {cause}"))
            }
            Lapsed::NotConfigured(_) => Self::internal(lapsed),
            Lapsed::Store(error) => error.into(),
        }
    }
}

impl From<&StoreError> for Failure {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Full(_) => Self::unavailable(
                error,
                "The database is full.",
                "Nothing was changed. Tell an administrator, and try again later.",
            ),
            StoreError::Unavailable(_) => Self::unavailable(
                error,
                "The database is not available.",
                "Nothing was changed. Try again; if it lasts, tell an administrator.",
            ),
            StoreError::Interrupted => Self::unavailable(
                error,
                "The database did not confirm the change.",
                "It is not known whether it was made: look before you try again.",
            ),
            StoreError::TooLong => Self::new(StatusCode::BAD_REQUEST, "There is too much to show on one page.")
                .detail("Search for a part of it."),
            StoreError::Gone => Self::not_found(),
            // The store may have more causes some day; people can do nothing about any of them.
            other => Self::internal(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    #[test]
    fn each_field_has_its_problem_in_plain_words() {
        let wrong = |field: &str, rule| WrongField { field: field.to_owned(), rule, value: String::new() };
        let failure = Failure::from(WrongFields(vec![wrong("email", "email"), wrong("password", "required")]));
        let (status, problem) = (failure.status, failure.problem.in_form(&["email"]));
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(problem.of_field("email").collect::<Vec<_>>(), ["This is not an e-mail address."]);
        assert_eq!(problem.elsewhere, [Validation::new("password", "This must be filled in.")]);
    }

    #[test]
    fn a_pause_is_told_in_whole_minutes() {
        for (seconds, minutes) in [(0, "1 min"), (60, "1 min"), (61, "2 min")] {
            let (now, pause) = (Timestamp::UNIX_EPOCH, SignedDuration::from_secs(seconds));
            let Failure { status, problem, .. } = CheckPasswordError::Paused { until: now + pause, now }.into();
            assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
            assert!(problem.detail.contains(minutes), "{}", problem.detail);
        }
    }
}
