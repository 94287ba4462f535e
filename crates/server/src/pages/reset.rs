//! Asking for a mail with which a forgotten password is replaced.
use askama::Template;
use axum::{Extension, extract::State, http::StatusCode, response::Response};
use keyfob_authority::{RequestContext, System, fields::Fields};

use super::{form::Form, frame::Frame, page, problem::Problem};
use crate::{
    api::users,
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
    let asked = async {
        users::require_passwords(&app)?;
        Fields::default().email("email", email).check()?;
        users::ask_passcode(&System::SignIn.store(app.authority(), context), email).await
    };
    match asked.await {
        Ok(()) => page(StatusCode::OK, &Reset { frame, email, is_sent: true }),
        Err(error) => {
            let (status, problem) = (error.status(), Problem::of_form(error.into_body(), &["email"]));
            page(status, &Reset { frame: frame.with_problem(problem), email, is_sent: false })
        }
    }
}
