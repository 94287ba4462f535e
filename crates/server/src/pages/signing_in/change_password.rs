//! Replacing a forgotten password, with the link of a mail.
use askama::Template;
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    RequestContext, System,
    passwords::{ReplacePassword, ReplacePasswordError},
};

use super::reset::email_in;
use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
    pages::{failure::Failure, form::Form, frame::Frame, notice::Notice, page, see_other},
};

#[derive(Template)]
#[template(path = "pages/signing_in/change_password.html")]
struct ChangePassword<'a> {
    frame: Frame,
    email: &'a str,
    passcode: &'a str,
    sends_mail: bool,
}

pub(super) async fn show(State(app): State<App>, frame: Frame, query: ApiQuery) -> Result<Response, ApiError> {
    let (email, passcode) = (email_in(&query), query.text("otp").unwrap_or_default());
    page(StatusCode::OK, &ChangePassword { frame, email, passcode, sends_mail: app.rules().sends_mail })
}

pub(super) async fn submit(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    frame: Frame,
    form: Form,
) -> Result<Response, ApiError> {
    let (email, passcode) = (form.text("email"), form.text("otp"));
    let again = |failure: Failure| {
        let (status, frame) = failure.on(frame, &["password", "confirmation"]);
        page(status, &ChangePassword { frame, email, passcode, sends_mail: app.rules().sends_mail })
    };
    let password = match form.new_password() {
        Ok(password) => password,
        Err(failure) => return again(failure),
    };
    let new = ReplacePassword { email: email.to_owned(), password, passcode: form.secret("otp") };
    match System::SignIn.store(app.authority(), context).replace_password(&new).await {
        Ok(()) => see_other(&Notice::PasswordReset.on("/login")),
        Err(error) => again(error.into()),
    }
}

impl From<ReplacePasswordError> for Failure {
    fn from(error: ReplacePasswordError) -> Self {
        match error {
            ReplacePasswordError::PasswordsDisabled => Self::passwords_disabled(),
            ReplacePasswordError::Invalid(wrong) => wrong.into(),
            ReplacePasswordError::WeakPassword(weakness) => Self::weak_password(&weakness),
            ReplacePasswordError::Incorrect => Self::bad_request("This link does not work any more.")
                .detail("A link works once, and for 20 minutes. Have another one mailed to you."),
            ReplacePasswordError::SamePassword => Self::bad_request("New password cannot match old password."),
            ReplacePasswordError::Hash(error) => error.into(),
            ReplacePasswordError::Refused(refused) => refused.into(),
        }
    }
}
