//! The first user of a deployment (contract, section 7, `/setup`).
use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::Response,
};
use keyfob_api::users::CreateFirstUserRequest;

use super::{form::Form, page, see_other};
use crate::{
    api::{sessions, users},
    app::App,
    http::{csrf::CsrfToken, error::ApiError},
};
use keyfob_authority::fields::is_username;
use keyfob_authority::{RequestContext, System};

#[derive(Template)]
#[template(path = "pages/set_up.html")]
struct SetUp<'a> {
    csrf: String,
    email: &'a str,
    error: Option<String>,
    has_github: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    Extension(csrf): Extension<CsrfToken>,
) -> Result<Response, ApiError> {
    if System::SetUp.store(app.authority(), context).is_set_up().await? {
        return see_other("/login");
    }
    render(&app, &csrf, StatusCode::OK, "", None)
}

pub(super) async fn submit(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    Extension(csrf): Extension<CsrfToken>,
    form: Form,
) -> Result<Response, ApiError> {
    let email = form.text("email").trim();
    let request = CreateFirstUserRequest {
        email: email.to_owned(),
        username: username(email),
        password: form.secret("password"),
        ..CreateFirstUserRequest::default()
    };
    if let Err(refusal) = users::make_first(&app, context.clone(), request).await {
        return render(&app, &csrf, refusal.status(), email, Some(refusal.words()));
    }
    let store = System::SignIn.store(app.authority(), context);
    let minted = sessions::sign_in(&app, &store, email, &form.secret("password")).await?;
    let mut response = see_other("/")?;
    response.headers_mut().append(header::SET_COOKIE, app.settings().cookies.session(&minted.text)?);
    Ok(response)
}

/// The part before the at sign, in small letters, with hyphens for what usernames cannot hold.
fn username(email: &str) -> String {
    let begin = email.split('@').next().unwrap_or_default().to_lowercase();
    let name: String = begin.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if is_username(&name) { name } else { "admin".to_owned() }
}

fn render(
    app: &App,
    csrf: &CsrfToken,
    status: StatusCode,
    email: &str,
    error: Option<String>,
) -> Result<Response, ApiError> {
    let has_github = app.providers().github.is_some();
    page(status, &SetUp { csrf: csrf.masked(app), email, error, has_github })
}
