//! Signing in with a password, and the ways to providers.
use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::Response,
};
use keyfob_authority::{
    RequestContext, System,
    data::LoginType,
    sessions::{Login, SignIn, SignInError},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        notice::Notice,
        page,
        problem::Problem,
        redirect::redirect_page,
        see_other,
        session::{PageError, SignedIn},
    },
    ways::local,
};

#[derive(Template)]
#[template(path = "pages/signing_in/sign_in.html")]
struct SignInPage<'a> {
    frame: Frame,
    email: &'a str,
    redirect: &'a str,
    has_agreed: bool,
    terms: Option<&'a str>,
    has_passwords: bool,
    sends_mail: bool,
    ways: Vec<Way>,
}

/// A way to sign in without a password.
struct Way {
    name: &'static str,
    text: String,
    icon: Option<String>,
    url: String,
}

/// The fields as they are filled in already.
#[derive(Clone, Copy, Default)]
struct Fields<'a> {
    email: &'a str,
    redirect: &'a str,
    has_agreed: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    frame: Frame,
    session: Result<SignedIn, PageError>,
    query: ApiQuery,
) -> Result<Response, ApiError> {
    let redirect = local(query.text("redirect").unwrap_or_default());
    if session.is_ok() {
        return see_other(destination(&redirect));
    }
    if !System::SetUp.store(app.authority(), context).is_set_up().await? {
        return see_other("/setup");
    }
    let frame = frame.with_notice(query.text("message").and_then(Notice::named));
    render(&app, frame, StatusCode::OK, Fields { redirect: &redirect, ..Fields::default() })
}

pub(super) async fn submit(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    frame: Frame,
    form: Form,
) -> Result<Response, ApiError> {
    let (email, redirect) = (form.text("email").trim(), local(form.text("redirect")));
    let fields = Fields { email, redirect: &redirect, has_agreed: !form.text("terms").is_empty() };
    if app.settings().terms_of_service_url.is_some() && !fields.has_agreed {
        let frame = frame.with_problem(Problem::message("Agree to the terms of service first."));
        return render(&app, frame, StatusCode::BAD_REQUEST, fields);
    }
    // With terms to agree to, the ways to providers are buttons of the form.
    if let Some(way) = ways(&app, &redirect).into_iter().find(|way| way.name == form.text("way")) {
        return redirect_page(&way.text, &way.url);
    }
    let with = SignIn { who: Login::EmailOrUsername(email.to_owned()), password: form.secret("password") };
    match System::SignIn.store(app.authority(), context).sign_in(&with).await {
        Ok(minted) => {
            let mut response = see_other(destination(&redirect))?;
            response.headers_mut().append(header::SET_COOKIE, app.settings().cookies.session(&minted.text)?);
            Ok(response)
        }
        Err(error) => {
            let (status, frame) = Failure::from(error).on(frame, &[]);
            render(&app, frame, status, fields)
        }
    }
}

impl From<SignInError> for Failure {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Invalid(wrong) => wrong.into(),
            SignInError::NotChecked(error) => error.into(),
            // It repeats nothing that was typed: people type passwords into the wrong field.
            SignInError::Incorrect => Self::new(StatusCode::UNAUTHORIZED, "Incorrect email or password."),
            SignInError::PasswordsDisabled => Self::passwords_disabled(),
            SignInError::OtherLoginType(own) => {
                Self::new(StatusCode::FORBIDDEN, "This account does not sign in with a password.").detail(match own {
                    LoginType::Github => "It signs in by GitHub.",
                    LoginType::Oidc => "It signs in by OpenID Connect.",
                    LoginType::Password | LoginType::None => "",
                })
            }
            SignInError::Suspended => Self::new(StatusCode::UNAUTHORIZED, "Your account is suspended.")
                .detail("Ask an administrator to activate it."),
            SignInError::Hash(error) => error.into(),
            SignInError::Mint(error) => error.into(),
            SignInError::Refused(refused) => refused.into(),
        }
    }
}

fn destination(redirect: &str) -> &str {
    if redirect.is_empty() { "/" } else { redirect }
}

fn render(app: &App, frame: Frame, status: StatusCode, fields: Fields<'_>) -> Result<Response, ApiError> {
    let Fields { email, redirect, has_agreed } = fields;
    let sign_in = SignInPage {
        frame,
        email,
        redirect,
        has_agreed,
        terms: app.settings().terms_of_service_url.as_deref(),
        has_passwords: !app.rules().is_password_auth_disabled(),
        sends_mail: app.rules().sends_mail,
        ways: ways(app, redirect),
    };
    page(status, &sign_in)
}

fn ways(app: &App, redirect: &str) -> Vec<Way> {
    let query = match redirect {
        "" => String::new(),
        path => format!("?redirect={}", utf8_percent_encode(path, NON_ALPHANUMERIC)),
    };
    let github = app.providers().github.as_ref().map(|_| Way {
        name: "github",
        text: "GitHub".to_owned(),
        icon: None,
        url: format!("/api/v2/users/oauth2/github/callback{query}"),
    });
    let oidc = app.providers().oidc.as_ref().map(|way| Way {
        name: "oidc",
        text: way.args.oidc_sign_in_text.clone(),
        icon: way.args.oidc_icon_url.as_ref().map(ToString::to_string),
        url: format!("/api/v2/users/oidc/callback{query}"),
    });
    github.into_iter().chain(oidc).collect()
}
