//! Replacing a forgotten password, with the link of a mail.
use askama::Template;
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use keyfob_api::users::ChangePasswordWithPasscodeRequest;
use keyfob_authority::{RequestContext, System};

use super::{form::Form, frame::Frame, page, problem::Problem, see_other};
use crate::{
    api::users,
    app::App,
    http::{error::ApiError, extract::ApiQuery},
};

#[derive(Template)]
#[template(path = "pages/change_password.html")]
struct ChangePassword<'a> {
    frame: Frame,
    email: &'a str,
    passcode: &'a str,
}

pub(super) async fn show(frame: Frame, query: ApiQuery) -> Result<Response, ApiError> {
    let (email, passcode) = (query.text("email").unwrap_or_default(), query.text("otp").unwrap_or_default());
    page(StatusCode::OK, &ChangePassword { frame, email, passcode })
}

pub(super) async fn submit(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    frame: Frame,
    form: Form,
) -> Result<Response, ApiError> {
    let (email, passcode) = (form.text("email"), form.text("otp"));
    let again = |status, problem| page(status, &ChangePassword { frame: frame.with_problem(problem), email, passcode });
    if form.text("password") != form.text("confirmation") {
        return again(StatusCode::BAD_REQUEST, Problem::message("Passwords do not match."));
    }
    let request = ChangePasswordWithPasscodeRequest {
        email: email.to_owned(),
        password: form.secret("password"),
        one_time_passcode: form.secret("otp"),
    };
    let replaced = async {
        users::require_passwords(&app)?;
        users::replace_password(&app, &System::SignIn.store(app.authority(), context), &request).await
    };
    match replaced.await {
        Ok(()) => see_other("/login?message=Password%20reset%20successfully."),
        Err(error) => again(error.status(), Problem::of_form(error.into_body(), &["password"])),
    }
}
