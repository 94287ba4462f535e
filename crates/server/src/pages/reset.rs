//! Replacing a forgotten password (contract, section 7, `/reset-password`).
use askama::Template;
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use keyfob_api::users::ChangePasswordWithPasscodeRequest;

use super::{form::Form, page, see_other};
use crate::{
    api::users,
    app::App,
    http::{csrf::CsrfToken, error::ApiError, extract::ApiQuery},
};
use keyfob_authority::fields::Fields;
use keyfob_authority::{RequestContext, System};

#[derive(Template)]
#[template(path = "pages/reset.html")]
struct Reset<'a> {
    csrf: String,
    email: &'a str,
    is_sent: bool,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/change.html")]
struct Change<'a> {
    csrf: String,
    email: &'a str,
    passcode: &'a str,
    error: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    Extension(csrf): Extension<CsrfToken>,
    query: ApiQuery,
) -> Result<Response, ApiError> {
    let email = query.text("email").unwrap_or_default();
    page(StatusCode::OK, &Reset { csrf: csrf.masked(&app), email, is_sent: false, error: None })
}

pub(super) async fn submit(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    Extension(csrf): Extension<CsrfToken>,
    form: Form,
) -> Result<Response, ApiError> {
    let email = form.text("email").trim();
    let asked = async {
        users::require_passwords(&app)?;
        Fields::default().email("email", email).check()?;
        users::ask_passcode(&System::SignIn.store(app.authority(), context), email).await
    };
    let (status, error) = match asked.await {
        Ok(()) => (StatusCode::OK, None),
        Err(refusal) => (refusal.status(), Some(refusal.words())),
    };
    page(status, &Reset { csrf: csrf.masked(&app), email, is_sent: error.is_none(), error })
}

pub(super) async fn show_change(
    State(app): State<App>,
    Extension(csrf): Extension<CsrfToken>,
    query: ApiQuery,
) -> Result<Response, ApiError> {
    let (email, passcode) = (query.text("email").unwrap_or_default(), query.text("otp").unwrap_or_default());
    page(StatusCode::OK, &Change { csrf: csrf.masked(&app), email, passcode, error: None })
}

pub(super) async fn submit_change(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    Extension(csrf): Extension<CsrfToken>,
    form: Form,
) -> Result<Response, ApiError> {
    let (email, passcode) = (form.text("email"), form.text("otp"));
    let again =
        |status, error: String| page(status, &Change { csrf: csrf.masked(&app), email, passcode, error: Some(error) });
    if form.text("password") != form.text("confirmation") {
        return again(StatusCode::BAD_REQUEST, "Passwords do not match.".to_owned());
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
        Err(refusal) => again(refusal.status(), refusal.words()),
    }
}
