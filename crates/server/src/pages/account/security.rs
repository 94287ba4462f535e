//! How a person signs in: their password, or their provider.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::data::{LoginType, User};

use super::own;
use crate::{
    app::App,
    http::error::ApiError,
    pages::{
        frame::Frame,
        navigation::SECURITY,
        page,
        session::{PageError, SignedIn},
    },
};

#[derive(Template)]
#[template(path = "pages/account/security.html")]
struct Security {
    frame: Frame,
    has_password: bool,
    /// The provider with which the person signs in; none for an account to which nobody signs in.
    way: Option<&'static str>,
    /// The providers that they could sign in by instead: names and words.
    providers: Vec<(&'static str, String)>,
}

pub(super) async fn show(State(app): State<App>, session: SignedIn) -> Result<Response, PageError> {
    let user = own(&session)?;
    Ok(render(&app, session.frame, StatusCode::OK, &user)?)
}

/// The page, for this user.
pub(super) fn render(app: &App, frame: Frame, status: StatusCode, user: &User) -> Result<Response, ApiError> {
    let has_password = user.login_type == LoginType::Password;
    let security = Security {
        frame: frame.at(&SECURITY),
        has_password,
        way: match user.login_type {
            LoginType::Github => Some("GitHub"),
            LoginType::Oidc => Some("OpenID Connect"),
            LoginType::Password | LoginType::None => None,
        },
        providers: if has_password { providers(app) } else { Vec::new() },
    };
    page(status, &security)
}

fn providers(app: &App) -> Vec<(&'static str, String)> {
    let github = app.providers().github.as_ref().map(|_| ("github", "GitHub".to_owned()));
    let oidc = app.providers().oidc.as_ref().map(|way| ("oidc", way.args.oidc_sign_in_text.clone()));
    github.into_iter().chain(oidc).collect()
}
