//! Signing in with a password, and the ways to providers (contract, section 7, `/login`).
use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{StatusCode, header},
    response::Response,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{form::Form, page, see_other};
use crate::{
    api::sessions,
    app::App,
    http::{csrf::CsrfToken, error::ApiError, extract::ApiQuery},
    ways::local,
};
use keyfob_api::SERVER_VERSION;
use keyfob_authority::{AuthorizedStore, RequestContext, System};

#[derive(Template)]
#[template(path = "pages/sign_in.html")]
struct SignIn<'a> {
    csrf: String,
    email: &'a str,
    redirect: &'a str,
    message: &'a str,
    error: Option<String>,
    has_agreed: bool,
    terms: Option<&'a str>,
    has_passwords: bool,
    ways: Vec<Way>,
    version: &'static str,
}

/// A page that leads on by itself.
#[derive(Template)]
#[template(path = "pages/onward.html")]
struct RedirectPage<'a> {
    text: &'a str,
    url: &'a str,
}

/// A way to sign in without a password.
struct Way {
    name: &'static str,
    text: String,
    icon: Option<String>,
    url: String,
}

/// What is typed already, and what to say.
#[derive(Default)]
struct Said<'a> {
    email: &'a str,
    redirect: &'a str,
    message: &'a str,
    error: Option<String>,
    has_agreed: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    Extension(csrf): Extension<CsrfToken>,
    store: Result<AuthorizedStore, ApiError>,
    query: ApiQuery,
) -> Result<Response, ApiError> {
    let redirect = local(query.text("redirect").unwrap_or_default());
    if store.is_ok() {
        return see_other(destination(&redirect));
    }
    if !System::SetUp.store(app.authority(), context).is_set_up().await? {
        return see_other("/setup");
    }
    let message = query.text("message").unwrap_or_default();
    render(&app, &csrf, StatusCode::OK, Said { redirect: &redirect, message, ..Said::default() })
}

pub(super) async fn submit(
    State(app): State<App>,
    Extension(context): Extension<RequestContext>,
    Extension(csrf): Extension<CsrfToken>,
    form: Form,
) -> Result<Response, ApiError> {
    let (email, redirect) = (form.text("email").trim(), local(form.text("redirect")));
    let again = |status, error: String| {
        let has_agreed = !form.text("terms").is_empty();
        render(
            &app,
            &csrf,
            status,
            Said { email, redirect: &redirect, error: Some(error), has_agreed, ..Said::default() },
        )
    };
    if app.settings().terms_of_service_url.is_some() && form.text("terms").is_empty() {
        return again(StatusCode::BAD_REQUEST, "Agree to the terms of service first.".to_owned());
    }
    // With terms to agree to, the ways to providers are buttons of the form.
    if let Some(way) = ways(&app, &redirect).into_iter().find(|way| way.name == form.text("way")) {
        // Browsers follow no form to another site, not even by a redirect (`form-action` of the page's policy).
        return page(StatusCode::OK, &RedirectPage { text: &way.text, url: &way.url });
    }
    let store = System::SignIn.store(app.authority(), context);
    match sessions::sign_in(&app, &store, email, &form.secret("password")).await {
        Ok(minted) => {
            let mut response = see_other(destination(&redirect))?;
            response.headers_mut().append(header::SET_COOKIE, app.settings().cookies.session(&minted.text)?);
            Ok(response)
        }
        Err(refusal) => again(refusal.status(), refusal.words()),
    }
}

fn destination(redirect: &str) -> &str {
    if redirect.is_empty() { "/" } else { redirect }
}

fn render(app: &App, csrf: &CsrfToken, status: StatusCode, said: Said<'_>) -> Result<Response, ApiError> {
    let settings = app.settings();
    page(
        status,
        &SignIn {
            csrf: csrf.masked(app),
            email: said.email,
            redirect: said.redirect,
            message: said.message,
            error: said.error,
            has_agreed: said.has_agreed,
            terms: settings.terms_of_service_url.as_deref(),
            has_passwords: !app.rules().is_password_auth_disabled,
            ways: ways(app, said.redirect),
            version: SERVER_VERSION,
        },
    )
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
