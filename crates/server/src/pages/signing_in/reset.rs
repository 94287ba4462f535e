//! Asking for a mail with which a forgotten password is replaced.
use askama::Template;
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use keyfob_authority::{RequestContext, System, fields::is_email, passwords::RequestPasscodeError};

use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
    pages::{failure::Failure, form::Form, frame::Frame, page},
};

#[derive(Template)]
#[template(path = "pages/signing_in/reset.html")]
struct Reset<'a> {
    frame: Frame,
    email: &'a str,
    stage: Stage,
}

/// How far the person has come.
#[derive(Clone, Copy)]
enum Stage {
    /// The server sends no mails.
    NoMail,
    /// The address is to be given.
    Asked,
    /// A mail is on its way, if there is such an account.
    Sent,
}

impl Stage {
    fn is_without_mail(self) -> bool {
        matches!(self, Self::NoMail)
    }

    fn is_sent(self) -> bool {
        matches!(self, Self::Sent)
    }
}

pub(super) async fn show(State(app): State<App>, frame: Frame, query: ApiQuery) -> Result<Response, ApiError> {
    let stage = if app.rules().sends_mail { Stage::Asked } else { Stage::NoMail };
    page(StatusCode::OK, &Reset { frame, email: email_in(&query), stage })
}

/// The e-mail address in the query of a page; empty if it is none, so that nobody puts other words on the page.
pub(super) fn email_in(query: &ApiQuery) -> &str {
    query.text("email").filter(|text| is_email(text)).unwrap_or_default()
}

pub(super) async fn submit(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    frame: Frame,
    form: Form,
) -> Result<Response, ApiError> {
    let email = form.text("email").trim();
    match System::SignIn.store(app.authority(), context).request_passcode(email).await {
        Ok(()) if app.rules().sends_mail => page(StatusCode::OK, &Reset { frame, email, stage: Stage::Sent }),
        Ok(()) => page(StatusCode::BAD_REQUEST, &Reset { frame, email, stage: Stage::NoMail }),
        Err(error) => {
            let (status, frame) = Failure::from(error).on(frame, &["email"]);
            page(status, &Reset { frame, email, stage: Stage::Asked })
        }
    }
}

impl From<RequestPasscodeError> for Failure {
    fn from(error: RequestPasscodeError) -> Self {
        match error {
            RequestPasscodeError::PasswordsDisabled => Self::passwords_disabled(),
            RequestPasscodeError::Invalid(wrong) => wrong.into(),
            RequestPasscodeError::Refused(refused) => refused.into(),
        }
    }
}
