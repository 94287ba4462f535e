//! Asking for a mail with which a forgotten password is replaced.
use askama::Template;
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use keyfob_authority::{RequestContext, System, passwords::RequestPasscodeError};

use super::{failure::Failure, form::Form, frame::Frame, page};
use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
};

#[derive(Template)]
#[template(path = "pages/reset.html")]
struct Reset<'a> {
    frame: Frame,
    email: &'a str,
    is_sent: bool,
}

pub(super) async fn show(frame: Frame, query: ApiQuery) -> Result<Response, ApiError> {
    let email = query.text("email").unwrap_or_default();
    page(StatusCode::OK, &Reset { frame, email, is_sent: false })
}

pub(super) async fn submit(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    frame: Frame,
    form: Form,
) -> Result<Response, ApiError> {
    let email = form.text("email").trim();
    match System::SignIn.store(app.authority(), context).request_passcode(email).await {
        Ok(()) => page(StatusCode::OK, &Reset { frame, email, is_sent: true }),
        Err(error) => {
            let Failure { status, problem } = Failure::from(error).in_form(&["email"]);
            page(status, &Reset { frame: frame.with_problem(problem), email, is_sent: false })
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
