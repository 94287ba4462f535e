//! The first user of a deployment.
use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::Response,
};
use keyfob_authority::{
    RequestContext, System,
    fields::is_username,
    sessions::{Login, SignIn},
    users::{FirstUser, SetUpError},
};

use crate::{
    app::App,
    http::error::ApiError,
    pages::{failure::Failure, form::Form, frame::Frame, page, see_other},
};

#[derive(Template)]
#[template(path = "pages/signing_in/set_up.html")]
struct SetUpPage<'a> {
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
    let password = match form.new_password() {
        Ok(password) => password,
        Err(failure) => {
            let (status, frame) = failure.on(frame, &["confirmation"]);
            return render(&app, frame, status, email);
        }
    };
    let first = FirstUser { username: username(email), email: email.to_owned(), name: String::new(), password };
    if let Err(error) = System::SetUp.store(app.authority(), context.clone()).set_up(first).await {
        let (status, frame) = Failure::from(error).on(frame, &["email", "password"]);
        return render(&app, frame, status, email);
    }
    let with = SignIn { who: Login::Email(email.to_owned()), password: form.secret("password") };
    let signed_in = System::SignIn.store(app.authority(), context).sign_in(&with).await;
    let minted = signed_in.map_err(Failure::from)?;
    let mut response = see_other("/")?;
    response.headers_mut().append(header::SET_COOKIE, app.settings().cookies.session(&minted.text)?);
    Ok(response)
}

impl From<SetUpError> for Failure {
    fn from(error: SetUpError) -> Self {
        match error {
            SetUpError::Invalid(wrong) => wrong.into(),
            SetUpError::AlreadyDone => Self::new(StatusCode::CONFLICT, "There is a first user already.")
                .detail("Sign in, or ask an owner for an account."),
            SetUpError::WeakPassword(weakness) => Self::weak_password(&weakness),
            SetUpError::Hash(error) => error.into(),
            SetUpError::Refused(refused) => refused.into(),
        }
    }
}

/// The part before the at sign, in small letters, with hyphens for characters that usernames cannot have.
fn username(email: &str) -> String {
    let begin = email.split('@').next().unwrap_or_default().to_lowercase();
    let name: String = begin.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    if is_username(&name) { name } else { "admin".to_owned() }
}

fn render(app: &App, frame: Frame, status: StatusCode, email: &str) -> Result<Response, ApiError> {
    page(status, &SetUpPage { frame, email, has_github: app.providers().github.is_some() })
}
