//! The first user of a deployment.
use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::Response,
};
use keyfob_api::users::CreateFirstUserRequest;
use keyfob_authority::{RequestContext, System, fields::is_username};

use super::{form::Form, frame::Frame, page, problem::Problem, see_other};
use crate::{
    api::{sessions, users},
    app::App,
    http::error::ApiError,
};

#[derive(Template)]
#[template(path = "pages/set_up.html")]
struct SetUp<'a> {
    frame: Frame,
    email: &'a str,
    has_github: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    frame: Frame,
) -> Result<Response, ApiError> {
    if System::SetUp.store(app.authority(), context).is_set_up().await? {
        return see_other("/login");
    }
    render(&app, frame, StatusCode::OK, "")
}

pub(super) async fn submit(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    frame: Frame,
    form: Form,
) -> Result<Response, ApiError> {
    let email = form.text("email").trim();
    let request = CreateFirstUserRequest {
        email: email.to_owned(),
        username: username(email),
        password: form.secret("password"),
        ..CreateFirstUserRequest::default()
    };
    if let Err(error) = users::make_first(&app, context.clone(), request).await {
        let (status, problem) = (error.status(), Problem::of_form(error.into_body(), &["email", "password"]));
        return render(&app, frame.with_problem(problem), status, email);
    }
    let store = System::SignIn.store(app.authority(), context);
    let minted = sessions::sign_in(&app, &store, email, &form.secret("password")).await?;
    let mut response = see_other("/")?;
    response.headers_mut().append(header::SET_COOKIE, app.settings().cookies.session(&minted.text)?);
    Ok(response)
}

/// The part before the at sign, in small letters, with hyphens for characters that usernames cannot have.
fn username(email: &str) -> String {
    let begin = email.split('@').next().unwrap_or_default().to_lowercase();
    let name: String = begin.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if is_username(&name) { name } else { "admin".to_owned() }
}

fn render(app: &App, frame: Frame, status: StatusCode, email: &str) -> Result<Response, ApiError> {
    page(status, &SetUp { frame, email, has_github: app.providers().github.is_some() })
}
